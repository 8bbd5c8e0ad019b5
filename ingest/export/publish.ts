import { mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { flushFolder, publishFolder } from '../../helpers/core/atomic-file.ts'
import { PROGRESS } from './manifest.ts'

// How a finished export gets its name. `<folder>` is a link to a folder of `<folder>.versions`: a rename of a
// new link over the old one changes it at once, so that a reader finds the old export or the new one, never
// none. Windows cannot replace a link to a folder: there two renames do it, and a reader may find none for a
// moment.

/** The export that is being written; a killed one is continued there. */
export const partialOf = (folder: string): string => `${folder}.partial`
const versionsOf = (folder: string): string => `${folder}.versions`
/** Where a folder waits between the two renames of a system without links. */
const formerFolderOf = (folder: string): string => `${folder}.former`
const nextLinkOf = (folder: string): string => `${folder}.next`

/** True when a folder, or a link to one, is there. */
export const isThere = (folder: string): Promise<boolean> =>
  readdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

/** Takes back a replacement that was killed between its two renames, and removes what a kill left. */
export async function recover(folder: string): Promise<void> {
  await rm(nextLinkOf(folder), { force: true })
  const former = formerFolderOf(folder)
  if (await isThere(folder)) return rm(former, { recursive: true, force: true })
  if (await isThere(former)) await rename(former, folder)
}

/**
 * Gives the finished export its name, as the version `version`, and removes all versions but this one and
 * the one before.
 */
export async function publish(folder: string, version: string): Promise<void> {
  const partial = partialOf(folder)
  await rm(join(partial, PROGRESS), { force: true })
  await rm(join(partial, 'spill'), { recursive: true, force: true })
  if (process.platform === 'win32') return replaceByTwoRenames(partial, folder)
  const versions = versionsOf(folder)
  await mkdir(versions, { recursive: true })
  await moveIn(folder, join(versions, 'without-versions'))
  const former = await linkOf(folder)
  await publishFolder(partial, join(versions, version))
  await flushFolder(versions)
  await rm(nextLinkOf(folder), { force: true })
  await symlink(join(basename(versions), version), nextLinkOf(folder))
  await rename(nextLinkOf(folder), folder)
  await flushFolder(dirname(folder))
  // The version before stays until the next export: who reads it may finish.
  for (const name of await readdir(versions))
    if (name !== version && name !== basename(former ?? ''))
      await rm(join(versions, name), { recursive: true })
}

/** An export that is a folder itself, as copies are, becomes a version. */
async function moveIn(folder: string, version: string): Promise<void> {
  if ((await linkOf(folder)) !== undefined || !(await isThere(folder))) return
  await rm(version, { recursive: true, force: true })
  await rename(folder, version)
  await symlink(join(basename(dirname(version)), basename(version)), folder)
}

/** Where a link leads; undefined for what is no link. */
const linkOf = (path: string): Promise<string | undefined> => readlink(path).catch(() => undefined)

/** The export behind a link that somebody else made, which is not replaced. */
export async function nameBehindLinks(folder: string): Promise<string> {
  const link = await linkOf(folder)
  const isOurs = link === undefined || dirname(link) === basename(versionsOf(folder))
  return isOurs ? folder : nameBehindLinks(resolve(dirname(folder), link))
}

async function replaceByTwoRenames(partial: string, folder: string): Promise<void> {
  const replaces = await isThere(folder)
  if (replaces) await rename(folder, formerFolderOf(folder))
  await publishFolder(partial, folder)
  if (replaces) await rm(formerFolderOf(folder), { recursive: true })
}
