import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** Replaces `file` as a whole or not at all: written beside it, flushed to the disk, renamed. */
export function writeAtomically(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}.partial`
  try {
    const handle = openSync(partial, 'w')
    try {
      // All of it or an error; a bare write may take the first half and call that a success.
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
  flushDirectory(dirname(file))
}

/** Makes a rename itself durable. Windows opens no directories; NTFS journals the rename. */
function flushDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * Points `pointer` at `folder`: a symbolic link, a junction on Windows, and where neither is allowed a text
 * file that holds the relative path.
 */
export function pointTo(pointer: string, folder: string, link: typeof symlinkSync = symlinkSync): void {
  const target = relative(dirname(pointer), folder)
  const fresh = `${pointer}.${process.pid}.partial`
  mkdirSync(dirname(pointer), { recursive: true })
  rmSync(fresh, { force: true, recursive: false })
  try {
    if (process.platform === 'win32') link(resolve(folder), fresh, 'junction')
    else link(target, fresh, 'dir')
  } catch {
    writeFileSync(fresh, `${target.replaceAll('\\', '/')}\n`)
  }
  try {
    renameSync(fresh, pointer)
  } catch {
    // Windows does not rename over a junction. The link goes, not its target.
    rmSync(pointer, { force: true, recursive: true })
    renameSync(fresh, pointer)
  }
}

/** The folder that `pointer` points at, whichever kind of pointer it is. */
export function resolvePointer(pointer: string): string {
  try {
    return resolve(dirname(pointer), readFileSync(pointer, 'utf8').trim())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
    return join(pointer)
  }
}
