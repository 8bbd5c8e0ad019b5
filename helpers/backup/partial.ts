import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../core/process.ts'

const SUFFIX = '.dump.partial'
/** Folders of remote copies that are being verified, beside the archives. */
export const REMOTE_COPY_PREFIX = 'remote-copy-'
/** A partial archive of another host, or of nobody, is left alone for so long. */
const ABANDONED_MS = 6 * 3_600_000

interface Owner {
  readonly host: string
  readonly pid: number
}

/**
 * Takes a free `<name>.dump.partial`, and says beside it whose it is. `release` removes what is left of both.
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
 * Removes partial archives of processes that are gone, and old remote copies: who is killed cannot clean up
 * behind himself. Returns their names.
 */
export async function sweepPartials(directory: string): Promise<string[]> {
  const swept: string[] = []
  for (const name of await readdir(directory)) {
    if (name.startsWith(REMOTE_COPY_PREFIX) && (await isOld(join(directory, name)))) {
      await rm(join(directory, name), { recursive: true, force: true }).catch(() => {})
      swept.push(name)
      continue
    }
    const base = name.replace(/\.(owner|json)$/, '')
    if (!base.endsWith(SUFFIX) || !(await isAbandoned(join(directory, base), join(directory, name)))) continue
    // Windows keeps a file that is still open; the next sweep takes it.
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
  } catch {} // No owner, or one that was killed while writing its name: its age decides.
  return isOld(found)
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > ABANDONED_MS
}

const ownerFileOf = (file: string): string => `${file}.owner`
