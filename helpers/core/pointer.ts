import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { partialOf } from './atomic-file.ts'

/**
 * Points `pointer` at `folder`: a symbolic link, a junction on Windows, and where neither is allowed a text
 * file that contains the relative path.
 */
export function pointTo(pointer: string, folder: string, link: typeof symlinkSync = symlinkSync): void {
  const target = relative(dirname(pointer), folder)
  const fresh = partialOf(pointer)
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
