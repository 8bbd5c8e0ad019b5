import { mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAbandoned, ownedName } from './owned-name.ts'

const PREFIX = 'stocks-research-'
const NAME = new RegExp(`^${PREFIX}[0-9]{14}_[0-9a-f]{8}_[0-9a-f]{8}_[0-9]+$`)

/**
 * Runs `work` in a new folder below the temporary folder of the system, and removes the folder whatever
 * happens. Folders that a killed process left there are removed first.
 */
export async function withScratchFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  await sweepScratchFolders()
  const folder = join(tmpdir(), ownedName(PREFIX))
  await mkdir(folder, { mode: 0o700 })
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Removes the folders whose process is gone. One of another account stays, since it may not be removed. */
async function sweepScratchFolders(now = new Date()): Promise<void> {
  for (const name of await readdir(tmpdir()))
    if (NAME.test(name) && isAbandoned(name, now))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
}
