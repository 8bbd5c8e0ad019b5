/**
 * Files that exist complete or not at all. Each is written beside its final name, flushed to the disk and
 * renamed; then its folder is flushed, which makes the new name durable. Every reader and every sweep can
 * rely on one suffix for what is not finished.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { link, mkdir, open, readdir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The end of the name of every file that is still being written. */
export const PARTIAL_SUFFIX = '.partial'

/** A name beside `file` that no other process and no other call uses. */
export const partialOf = (file: string): string =>
  `${file}.${process.pid}.${randomBytes(4).toString('hex')}${PARTIAL_SUFFIX}`

export interface WriteOptions {
  /** Permissions of the new file. */
  readonly mode?: number
  /** Called with the partial file before it is renamed: for another owner, for a last check. */
  readonly prepare?: (partial: string) => Promise<void>
}

/** Replaces `file`, and creates its folder where it is missing. A failure leaves the former content. */
export async function writeAtomically(
  file: string,
  data: string | Uint8Array,
  { mode, prepare }: WriteOptions = {},
): Promise<void> {
  await fillAtomically(file, async (partial) => {
    await writeFile(partial, data, { flag: 'wx', ...(mode !== undefined && { mode }) })
    await prepare?.(partial)
  })
}

/** As `writeAtomically`, for content that `fill` writes to the path that it is given: streams, copies. */
export async function fillAtomically(file: string, fill: (partial: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const partial = partialOf(file)
  try {
    await fill(partial)
    await publishFile(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** As `writeAtomically`, for callers that cannot wait: a process that ends, a reporter. */
export function writeAtomicallySync(file: string, text: string, { mode = 0o666 } = {}): void {
  mkdirSync(dirname(file), { recursive: true })
  const partial = partialOf(file)
  try {
    const handle = openSync(partial, 'wx', mode)
    try {
      // Writes everything or throws; a bare write may write the first half and report success.
      writeFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(partial, file)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
  flushFolderSync(dirname(file))
}

/** Flushes a finished partial file and gives it its name. A file that has this name is replaced. */
export async function publishFile(partial: string, file: string): Promise<void> {
  await flushFile(partial)
  await rename(partial, file)
  await flushFolder(dirname(file))
}

/** As `publishFile`, for a folder: every file and folder in it is flushed before it gets its name. */
export async function publishFolder(partial: string, folder: string): Promise<void> {
  for (const entry of await readdir(partial, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) await flushFile(path)
    else if (entry.isDirectory()) await flushFolder(path)
  }
  await flushFolder(partial)
  await rename(partial, folder)
  await flushFolder(dirname(folder))
}

/**
 * As `publishFile`, but never replaces a file: false, and nothing changed, when the name is taken. Where the
 * file system has no hard links, a file that appears between the look and the rename is replaced.
 */
export async function publishNewFile(partial: string, file: string): Promise<boolean> {
  await flushFile(partial)
  try {
    await link(partial, file) // Fails when the name is taken, where a rename would replace the file.
    await unlink(partial)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === undefined || !NO_HARD_LINKS.has(code)) throw error
    if (await exists(file)) return false
    await rename(partial, file)
  }
  await flushFolder(dirname(file))
  return true
}

const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EINVAL'])

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

/** Returns when the disk has the content. An error of a page that was written late is thrown here. */
export async function flushFile(file: string): Promise<void> {
  const handle = await open(file, 'r+') // Windows flushes only what is open for writing.
  await handle.sync().finally(() => handle.close())
}

/** Makes the names in a folder durable. Windows opens no folders; NTFS journals a rename. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  // Some network file systems cannot flush a folder; the file itself is flushed by then.
  await handle
    .sync()
    .catch(ignoreUnsupported)
    .finally(() => handle.close())
}

function flushFolderSync(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } catch (error) {
    ignoreUnsupported(error)
  } finally {
    closeSync(handle)
  }
}

function ignoreUnsupported(error: unknown): void {
  if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
}
