/** An archive that is still being written: claimed, then published under its name, or swept after a kill. */
import { existsSync } from 'node:fs'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { PARTIAL_SUFFIX, publishFile, publishNewFile, writeAtomically } from '../core/atomic-file.ts'
import { isAlive } from '../core/process.ts'
import { type Manifest, manifestFileOf } from './manifest.ts'

const SUFFIX = `.dump${PARTIAL_SUFFIX}`
/** Folders of remote copies that are being verified, beside the archives. */
export const REMOTE_COPY_PREFIX = 'remote-copy-'
/** A partial archive of another host, or without an owner, is removed when it is older than this. */
const ABANDONED_MS = 6 * 3_600_000

interface Owner {
  readonly host: string
  readonly pid: number
}

/**
 * Creates a free `<name>.dump.partial`, with a file beside it that names the process which owns it. `release`
 * removes both.
 */
export async function claimPartial(
  directory: string,
  name: string,
): Promise<{ file: string; release: () => Promise<void> }> {
  for (let count = 1; ; count += 1) {
    const file = join(directory, `${name}${count === 1 ? '' : `_${count}`}${SUFFIX}`)
    try {
      const handle = await open(ownerFileOf(file), 'wx')
      await handle.writeFile(JSON.stringify({ host: hostname(), pid: process.pid } satisfies Owner))
      await handle.close()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    return {
      file,
      async release() {
        await rm(file, { force: true })
        await rm(ownerFileOf(file), { force: true })
      },
    }
  }
}

/**
 * Gives the archive its final name, or the next free one of that minute, with the manifest beside it. The
 * manifest is on the disk before the archive has its name: a disk that fills up in between leaves no archive
 * without a manifest.
 */
export async function publish(
  partial: string,
  directory: string,
  name: string,
  describe: (file: string) => Manifest,
): Promise<{ archive: string; manifest: Manifest }> {
  const written = `${partial}.json`
  try {
    for (let count = 1; ; count += 1) {
      const archive = join(directory, `${name}${count === 1 ? '' : `_${count}`}.dump`)
      const manifest = describe(basename(archive))
      await writeAtomically(written, `${JSON.stringify(manifest, null, 1)}\n`)
      if (existsSync(manifestFileOf(archive)) || !(await publishNewFile(partial, archive))) continue
      await publishFile(written, manifestFileOf(archive))
      return { archive, manifest }
    }
  } finally {
    await rm(written, { force: true })
  }
}

/**
 * Removes what killed processes left: partial archives of processes that have ended, other partial files and
 * remote copies that are old. Returns their names.
 */
export async function sweepPartials(directory: string): Promise<string[]> {
  const swept: string[] = []
  for (const name of await readdir(directory)) {
    if (name.startsWith(REMOTE_COPY_PREFIX) && (await isOld(join(directory, name)))) {
      await rm(join(directory, name), { recursive: true, force: true }).catch(() => {})
      swept.push(name)
      continue
    }
    const isPartial = name.endsWith(PARTIAL_SUFFIX) && !name.endsWith(SUFFIX)
    if (isPartial && (await isOld(join(directory, name)))) {
      await rm(join(directory, name), { force: true }).catch(() => {})
      swept.push(name)
      continue
    }
    const base = name.replace(/\.(owner|json)$/, '')
    if (!base.endsWith(SUFFIX) || !(await isAbandoned(join(directory, base), join(directory, name)))) continue
    // Windows does not remove a file that is open; the next sweep removes it.
    await rm(join(directory, base), { force: true }).catch(() => {})
    await rm(join(directory, `${base}.json`), { force: true })
    await rm(ownerFileOf(join(directory, base)), { force: true })
    swept.push(base)
  }
  return [...new Set(swept)]
}

async function isAbandoned(file: string, found: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(ownerFileOf(file), 'utf8')) as Owner
    if (owner.host === hostname()) return owner.pid !== process.pid && !isAlive(owner.pid)
  } catch {} // No owner file, or one whose writer was killed: the age decides.
  return isOld(found)
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > ABANDONED_MS
}

const ownerFileOf = (file: string): string => `${file}.owner`
