import { createWriteStream } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { ZipArchive } from 'archiver'
import { fillAtomically, PARTIAL_SUFFIX } from '../core/atomic-file.ts'
import { PreconditionError, VerificationError } from '../core/errors.ts'
import { type FileHashes, hashFile } from '../core/file-hash.ts'
import type { RemoteStore } from '../remote/store.ts'

export interface Bundle extends FileHashes {
  readonly file: string
  /** Names in the archive, in order. */
  readonly entries: readonly string[]
}

/**
 * Entries bear one and the same time, the first that a zip knows: the same folder gives the same bytes, and
 * so the same hash.
 */
const ENTRY_DATE = new Date('1980-01-01T00:00:00Z')

/**
 * Zips the folder of a run into `file`. Symbolic links are left out: a bundle holds what it shows, and
 * nothing from elsewhere.
 *
 * @throws PreconditionError when the folder holds no file.
 */
export async function makeBundle(directory: string, file: string): Promise<Bundle> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const entries = paths
    .map((path) => relative(directory, path).split(sep).join('/'))
    .filter((name) => join(directory, name) !== file && !name.endsWith(PARTIAL_SUFFIX))
  if (entries.length === 0)
    throw new PreconditionError(`${directory} holds no file to bundle. Run the checklist first.`)
  entries.sort()
  const zip = new ZipArchive({ zlib: { level: 9 }, forceLocalTime: false, statConcurrency: 1 })
  for (const name of entries) zip.file(join(directory, name), { name, date: ENTRY_DATE, mode: 0o644 })
  await fillAtomically(file, async (partial) => {
    await Promise.all([zip.finalize(), pipeline(zip, createWriteStream(partial))])
  })
  return { file, entries, ...(await hashFile(file)) }
}

/** The bundle in the folder that it is of, of a run that has ended. */
const BUNDLE_FILE = 'bundle.zip'
/** And of one that has not: its report still reads RUNNING. */
export const INTERIM_BUNDLE_FILE = 'bundle-interim.zip'

export interface PublishedBundle {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly content_hash: string
  readonly entries_count: number
  /** Where it is, for people, and its name in the store. */
  readonly remote: string
  readonly remote_name: string
  readonly remote_rev: string
  /** What the remote store reports. */
  readonly remote_content_hash: string
}

/**
 * Zips the folder of a run, and uploads that as `evidence/<run id>-<hash>.zip`; before the run has its
 * verdict as `evidence/<run id>-interim-<hash>.zip`, so that nobody takes what a killed run left for the last
 * word. The hash stands in the name, so that a second bundle of one run, which has more to tell, lies beside
 * the first. A final bundle takes the place of the interim one here.
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
  if (is_final) await rm(join(directory, INTERIM_BUNDLE_FILE), { force: true })
  const { entries, ...bundle } = await makeBundle(
    directory,
    join(directory, is_final ? BUNDLE_FILE : INTERIM_BUNDLE_FILE),
  )
  const uploaded = await remote.upload(
    bundle.file,
    `evidence/${run_id}${is_final ? '' : '-interim'}-${bundle.sha256.slice(0, 12)}.zip`,
    signal === undefined ? {} : { signal },
  )
  if (uploaded.content_hash !== bundle.content_hash) {
    throw new VerificationError(
      `${remote.describe()} holds ${uploaded.path} with content hash ${uploaded.content_hash}, ` +
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
