import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { PARTIAL_SUFFIX, publishFile } from '../core/atomic-file.ts'
import { messageOf, PreconditionError } from '../core/errors.ts'
import { compareText } from '../core/text.ts'
import type { RemoteStore } from '../remote/store.ts'
import type { Backup } from './dump.ts'
import { findBackups, manifestFileOf, readManifest } from './manifest.ts'

export type Place = 'local' | 'remote'

/** Name of an archive, here and in a remote store. */
export const ARCHIVE = /^full_[0-9]{8}_[0-9]{4}(_[0-9]+)?\.dump$/

export interface ObtainOptions {
  /** Default: the local copy, and if there is none, the remote one. */
  readonly from: Place | undefined
  /** The database of which `latest` is the newest backup. */
  readonly database: string
  readonly say: (text: string) => void
}

/**
 * The backup on this disk. A local copy needs no remote store, which may not answer on the day of a
 * restore.
 *
 * @param name its file name, or `latest`.
 * @throws PreconditionError when there is none; FormatError when its manifest contradicts it.
 */
export async function obtain(
  config: Config,
  remote: RemoteStore,
  name: string,
  options: ObtainOptions,
): Promise<Backup> {
  if (name !== 'latest' && !ARCHIVE.test(name))
    throw new PreconditionError(
      `"${name}" is not a name of a backup; one looks like full_20260131_1830.dump. ` +
        'See: npm run restore -- list',
    )
  const { backups } = config.directories
  const { good, bad } = options.from === 'remote' ? { good: [], bad: [] } : await findBackups(backups)
  const found = good.find(({ manifest }) => manifest.file === name)
  if (found !== undefined) return found
  const damaged = bad.find(({ file }) => file === name)
  const there =
    options.from === 'local' ? [] : await namesIn(remote, options, good.length > 0 && name === 'latest')
  if (name === 'latest') return latest(config, remote, good, there, options)
  if (there.includes(name)) return fetch(config, remote, name, options)
  throw new PreconditionError(
    damaged === undefined
      ? `${name} is neither in ${backups} nor in the remote store. See: npm run restore -- list`
      : `${name} is in ${backups}, but it is not a backup: ${damaged.reason} ` +
          'The remote store does not have it.',
  )
}

/** The newest backup of the database, local or remote; a local copy is not downloaded. */
async function latest(
  config: Config,
  remote: RemoteStore,
  good: readonly Backup[],
  there: readonly string[],
  options: ObtainOptions,
): Promise<Backup> {
  const here = new Map(good.map((backup) => [backup.manifest.file, backup]))
  for (const file of [...new Set([...here.keys(), ...there])].toSorted(byTime).toReversed()) {
    // Only its manifest says of which database a remote archive is.
    const manifest = here.get(file)?.manifest ?? (await fetchManifest(config, remote, file, options))
    if (manifest?.database === options.database) return here.get(file) ?? fetch(config, remote, file, options)
  }
  throw new PreconditionError(
    `There is no backup of ${options.database}, neither here nor in the remote store. ` +
      'Take one first, or name another one: npm run restore -- list',
  )
}

async function namesIn(remote: RemoteStore, { say }: ObtainOptions, mayFail: boolean): Promise<string[]> {
  try {
    return (await remote.list()).map(({ name }) => name).filter((name) => ARCHIVE.test(name))
  } catch (error) {
    if (!mayFail) throw error
    say(`The remote store cannot be reached, so only local backups are considered: ${messageOf(error)}`)
    return []
  }
}

async function fetch(
  config: Config,
  remote: RemoteStore,
  file: string,
  { say }: ObtainOptions,
): Promise<Backup> {
  const archive = join(await fetchedFolder(config), file)
  say(`Fetching ${file} from ${remote.describe()} …`)
  const fetched = `${archive}.fetched${PARTIAL_SUFFIX}`
  await remote.download(file, fetched)
  await remote.download(manifestFileOf(file), manifestFileOf(archive))
  await publishFile(fetched, archive)
  return { archive, manifest: await readManifest(archive) }
}

/** Undefined, with a message, if it is missing or unreadable: an older backup may be intact. */
async function fetchManifest(
  config: Config,
  remote: RemoteStore,
  file: string,
  { say }: ObtainOptions,
): Promise<Backup['manifest'] | undefined> {
  const archive = join(await fetchedFolder(config), file)
  try {
    await remote.download(manifestFileOf(file), manifestFileOf(archive))
    return await readManifest(archive)
  } catch (error) {
    say(`${file} is skipped: ${messageOf(error)}`)
    return undefined
  }
}

async function fetchedFolder({ directories }: Config): Promise<string> {
  const folder = join(directories.data, 'fetched')
  await mkdir(folder, { recursive: true })
  return folder
}

/** By the minute in the name, and by the count within it: _10 comes after _9. */
function byTime(a: string, b: string): number {
  const [, minuteA = '', countA = '1'] = /^full_(\d{8}_\d{4})(?:_(\d+))?/.exec(a) ?? []
  const [, minuteB = '', countB = '1'] = /^full_(\d{8}_\d{4})(?:_(\d+))?/.exec(b) ?? []
  return compareText(minuteA, minuteB) || Number(countA) - Number(countB)
}
