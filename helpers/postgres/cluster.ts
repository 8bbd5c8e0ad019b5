import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { childEnvironment } from '../config/children.ts'
import { flushFolder, writeAtomically } from '../core/atomic-file.ts'
import { messageOf, PreconditionError } from '../core/errors.ts'
import { redact } from '../core/redact.ts'
import { programPath, type ServerProgram } from './binaries.ts'
import { handOver, type SystemUser } from './os-user.ts'

/** A PostgreSQL cluster of ours: one folder that holds its data, its password, its settings and its log. */
export interface Cluster {
  /** Holds `data/`, `password` and `server.log`. Exists, and `user` may enter it. */
  readonly directory: string
  /** Folder of the server's programs: bin, lib, share. */
  readonly binaries: string
  /** The account the server runs under; undefined when it is ours. */
  readonly user: SystemUser | undefined
}

export type Settings = Readonly<Record<string, string | number>>

export const SUPERUSER = 'postgres'
const LOOPBACK = '127.0.0.1'
const START_LIMIT_S = 180 // A killed server replays its log first.
const LOG_MAX_BYTES = 10_000_000
const LOG_TAIL_LINES = 15

export const dataOf = (cluster: Cluster): string => join(cluster.directory, 'data')
export const logOf = (cluster: Cluster): string => join(cluster.directory, 'server.log')
export const passwordFileOf = (cluster: Cluster): string => join(cluster.directory, 'password')
const portFileOf = (cluster: Cluster): string => join(dataOf(cluster), 'port.conf')

/** Whether `initCluster` has finished in this folder once. */
export const isInitialised = async (cluster: Cluster): Promise<boolean> =>
  (await stat(join(dataOf(cluster), 'PG_VERSION')).catch(() => undefined)) !== undefined

/**
 * Makes the data folder: UTF8, locale C (the same order of text on every platform), scram passwords.
 * It gets its name last, so that a killed attempt is never taken for a cluster, nor a cluster for a killed
 * attempt.
 *
 * @throws PreconditionError with what initdb said.
 */
export async function initCluster(
  cluster: Cluster,
  password: string,
  settings: Settings,
  flags: readonly string[] = [],
): Promise<void> {
  const data = `${dataOf(cluster)}.partial`
  await rm(data, { recursive: true, force: true })
  await mkdir(data, { mode: 0o700 })
  await handOver(cluster.user, data)
  const passwordFile = passwordFileOf(cluster)
  await rm(passwordFile, { force: true })
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await handOver(cluster.user, passwordFile)
  const { exitCode, all } = await program(
    cluster,
    'initdb',
    [
      `--pgdata=${data}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      ...flags,
    ],
    data,
  )
  if (exitCode !== 0)
    throw new PreconditionError(`initdb could not make a PostgreSQL cluster in ${data}:\n${redact(all)}`)
  const lines = { unix_socket_directories: '', ...settings, listen_addresses: LOOPBACK }
  const text = Object.entries(lines).map(([name, value]) => `${name} = '${value}'\n`)
  await appendFile(
    join(data, 'postgresql.conf'),
    `\n# stocks-research\n${text.join('')}include_if_exists 'port.conf'\n`,
  )
  await rename(data, dataOf(cluster))
  await flushFolder(cluster.directory) // initdb has flushed what is in it.
}

/**
 * The port that the cluster listens on, or will: the recorded one as long as it is free, else another, which
 * is recorded.
 */
async function choosePort(cluster: Cluster): Promise<number> {
  const text = await readFile(portFileOf(cluster), 'utf8').catch(() => '')
  const recorded = Number(/^port = (\d+)$/m.exec(text)?.[1] ?? '0')
  const port = await freePort(recorded)
  if (port === recorded) return port
  await writeAtomically(portFileOf(cluster), `port = ${port}\n`, {
    mode: 0o600,
    prepare: (partial) => handOver(cluster.user, partial),
  })
  return port
}

/** A port that nobody listens on now; `preferred` when that one is free. */
async function freePort(preferred: number): Promise<number> {
  const server = createServer()
  return new Promise((done, fail) => {
    server.once('error', (error) => (preferred === 0 ? fail(error) : done(freePort(0))))
    server.listen({ port: preferred, host: LOOPBACK, exclusive: true }, () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : preferred))
    })
  })
}

/**
 * Starts the server and waits until it accepts connections; gives its port. Waits at most three minutes. It
 * outlives this process.
 *
 * @throws PreconditionError with the end of the server's own log.
 */
export async function startCluster(cluster: Cluster): Promise<number> {
  const log = logOf(cluster)
  if (((await stat(log).catch(() => undefined))?.size ?? 0) > LOG_MAX_BYTES) await rename(log, `${log}.1`)
  const port = await choosePort(cluster)
  const { exitCode } = await program(cluster, 'pg_ctl', [
    'start',
    '-w',
    '-t',
    String(START_LIMIT_S),
    '-D',
    dataOf(cluster),
    '-l',
    log,
    '-s',
  ])
  if (exitCode === 0) return port
  throw new PreconditionError(
    `The embedded PostgreSQL in ${dataOf(cluster)} did not start. Its log ends with:\n` +
      (await logTail(cluster)),
  )
}

/** Stops the server and waits. Nothing happens when it does not run. */
export async function stopCluster(cluster: Cluster, mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
  if ((await postmaster(cluster)) === undefined) return
  const { exitCode } = await program(cluster, 'pg_ctl', [
    'stop',
    '-w',
    '-t',
    String(START_LIMIT_S),
    '-D',
    dataOf(cluster),
    '-m',
    mode,
    '-s',
  ])
  if (exitCode === 0 || (await postmaster(cluster)) === undefined) return
  throw new PreconditionError(
    `The embedded PostgreSQL in ${dataOf(cluster)} did not stop. Its log ends with:\n` +
      (await logTail(cluster)),
  )
}

/** What postmaster.pid says; undefined when there is none. It may be stale: a killed server leaves it. */
export async function postmaster(
  cluster: Cluster,
): Promise<{ readonly pid: number; readonly port: number } | undefined> {
  const text = await readFile(join(dataOf(cluster), 'postmaster.pid'), 'utf8').catch(() => undefined)
  const [pid, , , port] = text?.split(/\r?\n/) ?? []
  return pid === undefined || pid.trim() === '' ? undefined : { pid: Number(pid), port: Number(port) }
}

/** The last lines of the server's log. */
export async function logTail(cluster: Cluster): Promise<string> {
  const text = await readFile(logOf(cluster), 'utf8').catch((error) => `(no log: ${messageOf(error)})`)
  return redact(text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n'))
}

async function program(
  cluster: Cluster,
  name: ServerProgram,
  args: readonly string[],
  cwd = dataOf(cluster), // Not our own folder: the server's account may not be able to enter that one.
): Promise<{ readonly exitCode: number | undefined; readonly all: string }> {
  // A server that inherits a pipe keeps it open as long as it lives, and we would wait for it: pg_ctl gets
  // none.
  const stdio = name === 'pg_ctl' ? ('ignore' as const) : ('pipe' as const)
  const result = await execa(programPath(cluster.binaries, name), [...args], {
    cwd,
    env: { ...childEnvironment(), LC_ALL: 'C', TZ: 'UTC' },
    extendEnv: false,
    stdin: 'ignore',
    stdout: stdio,
    stderr: stdio,
    all: true,
    reject: false,
    timeout: (START_LIMIT_S + 20) * 1000,
    ...(cluster.user && { uid: cluster.user.uid, gid: cluster.user.gid }),
  })
  return {
    exitCode: result.exitCode,
    all: [result.all ?? '', result.exitCode === undefined ? result.shortMessage : ''].join('\n').trim(),
  }
}
