import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Connection } from '../../config/connection.ts'
import { handOver, serverUser } from '../../postgres/os-user.ts'

/** Where PgBouncer is on PATH, or in the folder where Debian puts it; undefined when it is not installed. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path))
}

/** Starts PgBouncer before a server that trusts its connections. */
export async function startPgBouncer(
  program: string,
  server: Connection,
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'pgbouncer-'))
  const port = await freePort()
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    auth_type: 'any',
    pidfile: join(directory, 'pid'),
    unix_socket_dir: '',
    ...settings,
  }).map(([name, value]) => `${name} = ${value}`)
  const file = join(directory, 'pgbouncer.ini')
  const target = `* = host=${server.host} port=${server.port} user=${server.user}`
  await writeFile(file, `[databases]\n${target}\n[pgbouncer]\n${lines.join('\n')}\n`)
  const user = await serverUser()
  await handOver(user, directory)
  const child = execa(program, ['-q', file], { reject: false, ...(user !== undefined && { uid: user.uid }) })
  await sleep(1_000) // It does not report that it is ready.
  return {
    port,
    async stop() {
      child.kill('SIGKILL')
      await child
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
