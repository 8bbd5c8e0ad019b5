import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipArchive } from 'archiver'
import type { RemoteStore, UploadedFile } from '../dropbox/store.ts'
import { PreconditionError, VerificationError } from '../errors.ts'
import { type FileHashes, hashFile } from './file-hash.ts'

export interface Bundle extends FileHashes {
  readonly file: string
  /** Names in the archive, in order. */
  readonly entries: readonly string[]
}

/** Entries bear one and the same time, the first that a zip knows: the same folder gives the same bytes, and so the same hash. */
const ENTRY_DATE = new Date('1980-01-01T00:00:00Z')

/**
 * Zips the folder of a run into `file`. Symbolic links are left out: a bundle holds what it shows, and nothing from elsewhere.
 *
 * @throws PreconditionError when the folder holds no file.
 */
export async function makeBundle(directory: string, file: string): Promise<Bundle> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const entries = paths.map((path) => relative(directory, path).split(sep).join('/')).filter((name) => join(directory, name) !== file)
  if (entries.length === 0) throw new PreconditionError(`${directory} holds no file to bundle. Run the checklist first.`)
  entries.sort()
  await mkdir(dirname(file), { recursive: true })
  const zip = new ZipArchive({ zlib: { level: 9 }, forceLocalTime: false, statConcurrency: 1 })
  for (const name of entries) zip.file(join(directory, name), { name, date: ENTRY_DATE, mode: 0o644 })
  const written = pipeline(zip, createWriteStream(`${file}.partial`, { flush: true }))
  await Promise.all([zip.finalize(), written])
  await rename(`${file}.partial`, file)
  return { file, entries, ...(await hashFile(file)) }
}

/**
 * Uploads a bundle and holds the hash that the remote store reports against the file.
 *
 * @throws VerificationError when they differ, RemoteError when the upload fails.
 */
export async function uploadBundle(bundle: Bundle, remote: RemoteStore, name: string): Promise<UploadedFile> {
  const uploaded = await remote.upload(bundle.file, name)
  if (uploaded.content_hash !== bundle.content_hash)
    throw new VerificationError(
      `${remote.describe()} holds ${uploaded.path} with content hash ${uploaded.content_hash}, not ${bundle.content_hash}. Upload it again.`,
    )
  return uploaded
}
