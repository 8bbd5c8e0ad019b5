import { createHash } from 'node:crypto'
import type { SourceConfig } from '../../helpers/config/source.ts'
import { VerificationError } from '../../helpers/core/errors.ts'
import { type ArchivedDelivery, archiveDelivery } from './delivery.ts'
import { verifyArchive } from './inspect.ts'

/** What a run has read, kept so that a rebuild makes no requests: `source` reads it again. */
export interface ArchivedSource extends ArchivedDelivery {
  readonly source: SourceConfig
}

/**
 * What the source of a run delivered, from the archive: the copied delivery of files, or the responses,
 * each read to its end and verified.
 *
 * @throws VerificationError that names the first fault.
 */
export async function archivedSource(
  source: SourceConfig,
  archive_directory: string,
): Promise<ArchivedSource> {
  if (source.mode === 'flat-files') {
    const delivery = await archiveDelivery(source.directory, archive_directory)
    return { ...delivery, source: { mode: 'flat-files', directory: delivery.directory } }
  }
  const directory = source.mode === 'replay' ? source.directory : archive_directory
  const { faults, bytes, bodies_sha256: files_sha256 } = await verifyArchive(directory)
  const [first] = faults
  if (first !== undefined)
    throw new VerificationError(
      `The archive of responses has ${faults.length} faults; the first is ${first.file}: ${first.fault}`,
    )
  const sha256 = createHash('sha256').update(files_sha256.join('\n')).digest('hex')
  return {
    directory,
    sha256,
    files_count: files_sha256.length,
    files_sha256,
    bytes,
    was_there: true,
    source: { mode: 'replay', directory },
  }
}
