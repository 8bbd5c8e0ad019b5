import { lchown, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { execa } from 'execa'
import { childEnvironment } from '../config/children.ts'
import { PreconditionError } from '../core/errors.ts'

/** An account of the operating system. */
export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

// PostgreSQL refuses to run as root. `postgres` is there where the system's own package is; `nobody` is there
// everywhere.
const CANDIDATES = ['postgres', '_postgres', 'nobody']

/** The account that a server of ours runs under; undefined when it is simply ours, since we are not root. */
export async function serverUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of CANDIDATES) {
    const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)])
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid }
  }
  throw new PreconditionError(
    'PostgreSQL does not run as root, and this system has none of the accounts ' +
      `${CANDIDATES.join(', ')}. Create one (useradd --system postgres), or run as an ordinary user.`,
  )
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  const { exitCode, stdout } = await execa('id', [flag, name], {
    reject: false,
    env: childEnvironment(),
    extendEnv: false,
  })
  return exitCode === 0 && /^\d+$/.test(stdout.trim()) ? Number(stdout.trim()) : undefined
}

/** Whether `user` may pass through every folder from the root down to `directory`. The folder must exist. */
export async function canEnter(user: SystemUser | undefined, directory: string): Promise<boolean> {
  if (user === undefined) return true
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder)
    let may_enter = 0o001
    if (uid === user.uid) may_enter = 0o100
    else if (gid === user.gid) may_enter = 0o010
    if ((mode & may_enter) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** Makes `user` the owner of `path`. Nothing happens when the server runs as ourselves. */
export async function handOver(user: SystemUser | undefined, path: string): Promise<void> {
  if (user !== undefined) await lchown(path, user.uid, user.gid)
}
