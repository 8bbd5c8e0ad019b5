import { existsSync } from 'node:fs'
import { link, open, rename, rm, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Manifest, manifestFileOf } from './manifest.ts'

/** Waits until the disk has the file. */
export async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  await handle.sync().finally(() => handle.close())
}

/**
 * Gives the archive its final name, or the next free one of that minute, with the manifest beside it. The
 * manifest is on the disk before the archive has its name: a disk that is full by then leaves no archive that
 * nobody can prove.
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
      await writeDurably(written, `${JSON.stringify(manifest, null, 1)}\n`)
      if (!(await renameWithoutOverwriting(partial, archive))) continue
      await rename(written, manifestFileOf(archive))
      await syncDirectory(directory)
      return { archive, manifest }
    }
  } finally {
    await rm(written, { force: true })
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function renameWithoutOverwriting(from: string, to: string): Promise<boolean> {
  if (existsSync(to) || existsSync(manifestFileOf(to))) return false
  try {
    await link(from, to) // Fails when `to` is there, where a rename would overwrite it.
    await unlink(from)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EINVAL'].includes(code ?? '')) throw error
    await rename(from, to) // A file system without hard links: the check above is the best there is.
    return true
  }
}

/** The name itself is durable only when its folder is. Windows has no such call, and does it by itself. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
