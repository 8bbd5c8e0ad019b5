import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT_DIRECTORY } from '../../config/config.ts'

/** The files of the project that git knows, in a folder of their own; the packages are the project's. */
export function copyProject(): { readonly directory: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'mutants-'))
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT_DIRECTORY, encoding: 'utf8' })
  for (const file of files.trim().split('\n')) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    cpSync(join(ROOT_DIRECTORY, file), join(directory, file))
  }
  symlinkSync(join(ROOT_DIRECTORY, 'node_modules'), join(directory, 'node_modules'), 'junction')
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
