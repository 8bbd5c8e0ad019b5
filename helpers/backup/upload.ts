import type { RemoteStore, TransferOptions, UploadedFile } from '../remote/store.ts'
import type { Backup } from './dump.ts'
import { manifestFileOf } from './manifest.ts'

/**
 * Uploads the archive, and then its manifest: a manifest in the remote store says that the archive before it
 * is complete.
 */
export async function uploadBackup(
  { archive, manifest }: Backup,
  remote: RemoteStore,
  options: TransferOptions = {},
): Promise<UploadedFile> {
  const uploaded = await remote.upload(archive, manifest.file, options)
  const { signal } = options
  await remote.upload(
    manifestFileOf(archive),
    manifestFileOf(manifest.file),
    signal === undefined ? {} : { signal },
  )
  return uploaded
}
