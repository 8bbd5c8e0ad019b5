import type { Connection } from '../config/connection.ts'
import type { RemoteStore } from '../remote/store.ts'
import { type Backup, type DumpOptions, dump } from './dump.ts'
import { recordProof } from './proof.ts'
import { uploadBackup } from './upload.ts'
import {
  type RemoteEvidence,
  type RestoreEvidence,
  verifyArchive,
  verifyFile,
  verifyRemote,
  verifyRestore,
} from './verify.ts'

/** A backup that passed all four levels. */
export interface VerifiedBackup extends Backup {
  readonly restored: RestoreEvidence
  readonly copied: RemoteEvidence
}

export interface VerifiedBackupOptions extends DumpOptions {
  /** Before each step, with its name in a few words. */
  readonly onStep?: (step: string) => void
}

/**
 * Dumps a database with the flags of the checklist, copies the archive to the remote store, and verifies it
 * at all four levels: the file, the archive, a restore into a scratch database, and the remote copy. Each
 * level is recorded for the retention.
 *
 * @param maintenance a database of the same server that is always there.
 * @throws ToolError or VerificationError; what was made until then stays, and counts as not proven.
 */
export async function makeVerifiedBackup(
  connection: Connection,
  maintenance: Connection,
  remote: RemoteStore,
  { onStep = () => {}, ...options }: VerifiedBackupOptions,
): Promise<VerifiedBackup> {
  const { signal } = options
  onStep('pg_dump')
  const backup = await dump(connection, options)
  onStep('upload')
  await uploadBackup(backup, remote, signal === undefined ? {} : { signal })
  onStep('level 1, the file')
  await recordProof(backup, [await verifyFile(backup)])
  onStep('level 2, the archive')
  await recordProof(backup, [await verifyArchive(backup, signal)])
  onStep('level 3, a restore into a scratch database')
  const restored = await verifyRestore(backup, maintenance, signal)
  await recordProof(backup, [restored])
  onStep('level 4, the remote copy')
  const copied = await verifyRemote(backup, remote)
  await recordProof(backup, [copied])
  return { ...backup, restored, copied }
}
