import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipArchive } from 'archiver'
import yauzl from 'yauzl'
import { fillAtomically, PARTIAL_SUFFIX, writeAtomically } from '../core/atomic-file.ts'
import { FormatError, PreconditionError, VerificationError } from '../core/errors.ts'
import { type FileHashes, hashFile } from '../core/file-hash.ts'
import type { RemoteStore } from '../remote/store.ts'

/** The name of the bundle in the folder of a run that has ended. */
const BUNDLE_FILE = 'bundle.zip'
/** The name for a run that has not ended: its report still reads RUNNING. */
export const INTERIM_BUNDLE_FILE = 'bundle-interim.zip'
/** Beside a bundle, its SHA-256, as `sha256sum --check` reads it. */
export const sumFileOf = (bundle: string): string => `${bundle}.sha256`
/** Every name of these in the folder of a run. */
export const BUNDLE_FILES: readonly string[] = [BUNDLE_FILE, INTERIM_BUNDLE_FILE].flatMap((name) => [
  name,
  sumFileOf(name),
])

export interface Bundle extends FileHashes {
  readonly file: string
  /** Names in the archive, in order. */
  readonly entries: readonly string[]
}

/**
 * All entries have the same time, the earliest that a zip can state: the same folder gives the same bytes,
 * and therefore the same hash.
 */
const ENTRY_DATE = new Date('1980-01-01T00:00:00Z')

/**
 * Zips the folder of a run into `file`. Symbolic links are left out: a bundle contains only files of the
 * folder.
 *
 * @throws PreconditionError when the folder contains no file.
 */
export async function makeBundle(directory: string, file: string): Promise<Bundle> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const entries = paths
    .map((path) => relative(directory, path).split(sep).join('/'))
    .filter((name) => join(directory, name) !== file && !name.endsWith(PARTIAL_SUFFIX))
    .filter((name) => !BUNDLE_FILES.includes(name))
  if (entries.length === 0)
    throw new PreconditionError(`${directory} contains no file to bundle. Run the checklist first.`)
  entries.sort()
  const zip = new ZipArchive({ zlib: { level: 9 }, forceLocalTime: false, statConcurrency: 1 })
  for (const name of entries) zip.file(join(directory, name), { name, date: ENTRY_DATE, mode: 0o644 })
  await fillAtomically(file, async (partial) => {
    await Promise.all([zip.finalize(), pipeline(zip, createWriteStream(partial))])
  })
  return { file, entries, ...(await hashFile(file)) }
}

/** What a bundle may hold: far above any run, and below what would fill a disk. */
const EXTRACTED_BYTES_MAX = 4_000_000_000

/**
 * Writes the files of a bundle below `directory`. Names that lead out of it are rejected by the reader.
 *
 * @throws FormatError when it holds more than any run, and the error of the reader when it is no zip.
 */
export async function extractBundle(bundle: string, directory: string): Promise<void> {
  const zip = await yauzl.openPromise(bundle, { strictFileNames: true })
  let bytes = 0
  try {
    for await (const entry of zip.eachEntry()) {
      bytes += entry.uncompressedSize
      if (bytes > EXTRACTED_BYTES_MAX)
        throw new FormatError(`${bundle} contains more than ${EXTRACTED_BYTES_MAX} bytes. Do not use it.`)
      const file = join(directory, entry.fileName)
      await mkdir(dirname(file), { recursive: true })
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file, { flags: 'wx' }))
    }
  } finally {
    zip.close()
  }
}

export interface PublishedBundle {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly content_hash: string
  readonly entries_count: number
  /** Where it is, as text for people, and its name in the store. */
  readonly remote: string
  readonly remote_name: string
  readonly remote_rev: string
  /** What the remote store reports. */
  readonly remote_content_hash: string
}

/**
 * Zips the folder of a run, and uploads it as `evidence/<run id>-<hash>.zip`. Before the run has its verdict
 * the name is `evidence/<run id>-interim-<hash>.zip`, so that the bundle of a killed run is not mistaken for
 * a final one. The hash is part of the name, so that a second bundle of a run is stored beside the first. In
 * the folder of the run, the final bundle replaces the interim one.
 *
 * @throws VerificationError when the remote store reports another hash, RemoteError when the upload fails.
 */
export async function publishBundle(
  directory: string,
  remote: RemoteStore,
  {
    run_id,
    is_final,
    signal,
  }: { readonly run_id: string; readonly is_final: boolean; readonly signal?: AbortSignal },
): Promise<PublishedBundle> {
  if (is_final)
    for (const name of [INTERIM_BUNDLE_FILE, sumFileOf(INTERIM_BUNDLE_FILE)])
      await rm(join(directory, name), { force: true })
  const name = is_final ? BUNDLE_FILE : INTERIM_BUNDLE_FILE
  const { entries, ...bundle } = await makeBundle(directory, join(directory, name))
  await writeAtomically(sumFileOf(bundle.file), `${bundle.sha256}  ${name}\n`)
  const uploaded = await remote.upload(
    bundle.file,
    `evidence/${run_id}${is_final ? '' : '-interim'}-${bundle.sha256.slice(0, 12)}.zip`,
    signal === undefined ? {} : { signal },
  )
  if (uploaded.content_hash !== bundle.content_hash) {
    throw new VerificationError(
      `${remote.describe()} has ${uploaded.path} with content hash ${uploaded.content_hash}, ` +
        `not ${bundle.content_hash}. Remove it there, then upload again.`,
    )
  }
  return {
    ...bundle,
    entries_count: entries.length,
    remote: `${remote.describe()} ${uploaded.path}`,
    remote_name: uploaded.name,
    remote_rev: uploaded.rev,
    remote_content_hash: uploaded.content_hash,
  }
}
