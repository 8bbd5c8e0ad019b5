import { readFile } from 'node:fs/promises'
import { platform } from 'node:os'
import { execa } from 'execa'
import { childEnvironment } from '../config/children.ts'
import { isAlive } from '../core/process.ts'

/**
 * Whether process `pid` is the PostgreSQL server of this data folder. A number alone proves nothing: it is
 * given away again after a crash, and a killed child that nobody has waited for still has one.
 */
export async function isServerProcess(pid: number, dataDirectory: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  const command = await commandOf(pid)
  // This system does not say; then the safe guess is that it is the server.
  if (command === undefined) return true
  return platform() === 'win32' ? /postgres/i.test(command) : command.includes(dataDirectory)
}

async function commandOf(pid: number): Promise<string | undefined> {
  if (platform() === 'linux') {
    return readFile(`/proc/${pid}/cmdline`, 'utf8').then(
      (text) => text.replaceAll('\0', ' '),
      () => undefined,
    )
  }
  const [file, args] =
    platform() === 'win32'
      ? ['tasklist', ['/FI', `PID eq ${pid}`, '/NH', '/FO', 'CSV']]
      : ['ps', ['-ww', '-o', 'command=', '-p', `${pid}`]]
  const result = await execa(file, args, { reject: false, env: childEnvironment(), extendEnv: false })
  return result.exitCode === 0 ? result.stdout : undefined
}
