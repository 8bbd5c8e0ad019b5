import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../config/connection.ts'
import { writeAtomically } from '../core/atomic-file.ts'
import { DatabaseError, messageOf, PreconditionError } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import { installedBinaries, reachableBinaries } from './binaries.ts'
import {
  type Cluster,
  dataOf,
  initCluster,
  isInitialised,
  logTail,
  passwordFileOf,
  postmaster,
  SUPERUSER,
  startCluster,
  stopCluster,
} from './cluster.ts'
import { withDatabase } from './database.ts'
import { embeddedSettings } from './embedded-settings.ts'
import { withFileLock } from './file-lock.ts'
import { canEnter, handOver, serverUser } from './os-user.ts'
import { isServerProcess } from './server-process.ts'

/**
 * Where the data goes when the server's account may not enter the project's own folder. Root alone comes
 * here.
 */
const SYSTEM_DIRECTORY = '/var/lib/stocks-research'
const ANSWER_LIMIT_MS = 180_000
const START_ATTEMPTS_MAX = 10

/** The maintenance database of the embedded server. */
const connectionAt = (port: number, password: string): Connection => ({
  host: '127.0.0.1',
  port,
  user: SUPERUSER,
  password,
  database: 'postgres',
  ssl: 'disable',
})

/**
 * The embedded server, started unless it runs already; as a connection to its maintenance database. Its data
 * stays between runs under `<dataDirectory>/postgres`, or under /var/lib/stocks-research when we are root and
 * the server's account cannot enter that folder. It goes on running after this process. Two calls at once
 * give the same server.
 *
 * @throws PreconditionError with the end of the server's log when it does not start within three minutes.
 */
export async function startEmbedded(dataDirectory: string): Promise<Connection> {
  const home = join(dataDirectory, 'postgres')
  await mkdir(home, { recursive: true })
  return withFileLock(join(home, 'start.lock'), async () => {
    const cluster = await placeCluster(home)
    if (!(await isInitialised(cluster))) await initEmbedded(cluster)
    await refuseOtherMajor(cluster)
    const password = await readPassword(cluster)
    const running = await awaitRunning(cluster, password)
    return running ?? (await start(cluster, password))
  })
}

/** Stops the embedded server and waits for it. False when none was running. */
export async function stopEmbedded(dataDirectory: string): Promise<boolean> {
  const cluster = await knownCluster(dataDirectory)
  if (cluster === undefined || (await runningPid(cluster)) === undefined) return false
  await stopCluster(cluster)
  return true
}

/** How the embedded server stands, without starting anything; undefined when none was ever made. */
export async function embeddedStatus(dataDirectory: string): Promise<
  | {
      readonly directory: string
      readonly pid: number | undefined
      readonly connection: Connection | undefined
    }
  | undefined
> {
  const cluster = await knownCluster(dataDirectory)
  if (cluster === undefined) return undefined
  const pid = await runningPid(cluster)
  const port = (await postmaster(cluster))?.port
  const connection =
    pid === undefined || port === undefined ? undefined : connectionAt(port, await readPassword(cluster))
  return { directory: cluster.directory, pid, connection }
}

async function knownCluster(dataDirectory: string): Promise<Cluster | undefined> {
  const home = join(dataDirectory, 'postgres')
  if ((await stat(home).catch(() => undefined)) === undefined) return undefined
  const cluster = await placeCluster(home)
  return (await isInitialised(cluster)) ? cluster : undefined
}

/** Decides where the cluster lies and who runs it, and records the place when it is not `home` itself. */
async function placeCluster(folder: string): Promise<Cluster> {
  // One spelling, since a running server is recognised by the folder in its command line.
  const home = await realpath(folder)
  const record = join(home, 'place.json')
  const recorded = await readFile(record, 'utf8').then(
    (text) => (JSON.parse(text) as { directory: string }).directory,
    () => undefined,
  )
  let user = await serverUser()
  let directory = recorded ?? home
  if (recorded === undefined && !(await canEnter(user, dirname(home)))) {
    const hash = createHash('sha256').update(home).digest('hex').slice(0, 16)
    directory = join(SYSTEM_DIRECTORY, hash)
    await mkdir(directory, { recursive: true })
    await chmod(SYSTEM_DIRECTORY, 0o755) // Whatever our umask is, the account has to pass.
    await writeAtomically(record, `${JSON.stringify({ directory })}\n`)
  }
  const data = await stat(join(directory, 'data')).catch(() => undefined)
  if (data === undefined) await handOver(user, directory)
  else if (user !== undefined && data.uid !== 0)
    user = { name: `uid ${data.uid}`, uid: data.uid, gid: data.gid } // Whoever made it keeps it.
  else if (user === undefined && process.getuid !== undefined && data.uid !== process.getuid()) {
    throw new PreconditionError(
      `The embedded PostgreSQL in ${directory} belongs to uid ${data.uid}, and this process runs as uid ` +
        `${process.getuid()}. Run as that user, or set BOOTSTRAP_STATE to a folder of your own.`,
    )
  }
  return { directory, binaries: await reachableBinaries(user, directory), user }
}

async function initEmbedded(cluster: Cluster): Promise<void> {
  const password = randomBytes(24).toString('base64url')
  registerSecret('embedded PostgreSQL password', password)
  await initCluster(cluster, password, await embeddedSettings(totalmem()), ['--data-checksums'])
}

async function readPassword(cluster: Cluster): Promise<string> {
  const password = (await readFile(passwordFileOf(cluster), 'utf8')).trim()
  registerSecret('embedded PostgreSQL password', password)
  return password
}

async function refuseOtherMajor(cluster: Cluster): Promise<void> {
  const made = (await readFile(join(dataOf(cluster), 'PG_VERSION'), 'utf8')).trim()
  const installed = installedBinaries().version.split('.', 1)[0]
  if (made === installed) return
  throw new PreconditionError(
    `The embedded data in ${dataOf(cluster)} was made by PostgreSQL ${made}; ${installed} is installed now ` +
      'and cannot read it. Dump it with the version of this project that made it, or remove that folder to ' +
      'start without data.',
  )
}

/** The process id of the running server; undefined when postmaster.pid is missing, or stale. */
async function runningPid(cluster: Cluster): Promise<number | undefined> {
  const pid = (await postmaster(cluster))?.pid
  return pid !== undefined && (await isServerProcess(pid, dataOf(cluster))) ? pid : undefined
}

/** The running server, awaited while it starts up or shuts down; undefined when there is none. */
async function awaitRunning(cluster: Cluster, password: string): Promise<Connection | undefined> {
  const deadline = performance.now() + ANSWER_LIMIT_MS
  let reason = ''
  while ((await runningPid(cluster)) !== undefined) {
    const port = (await postmaster(cluster))?.port
    // Nobody but our own cluster accepts this password: SCRAM proves both sides to each other.
    if (port !== undefined && port > 0) {
      const connection = connectionAt(port, password)
      const answer = await withDatabase(connection, (db) => db.rows('select 1')).catch(
        (error: Error) => error,
      )
      if (!(answer instanceof Error)) return connection
      reason = messageOf(answer)
      if (answer instanceof DatabaseError && answer.sqlstate === '28P01') break
    }
    if (performance.now() > deadline) break
    await sleep(200)
  }
  const pid = await runningPid(cluster)
  if (pid === undefined) return undefined
  throw new PreconditionError(
    `The embedded PostgreSQL in ${dataOf(cluster)} runs (pid ${pid}) but does not answer: ${reason}\n` +
      `Its log ends with:\n${await logTail(cluster)}`,
  )
}

async function start(cluster: Cluster, password: string): Promise<Connection> {
  // The pid of a killed server may belong to another program by now; PostgreSQL would take that one for
  // itself and refuse.
  await rm(join(dataOf(cluster), 'postmaster.pid'), { force: true })
  for (let attempt = 1; ; attempt += 1) {
    try {
      const connection = connectionAt(await startCluster(cluster), password)
      await withDatabase(connection, (db) => db.rows('select 1'))
      return connection
    } catch (error) {
      // The last processes of a killed server, or a port that was taken a moment ago: both pass.
      const passes = /still in use|could not bind|Address already in use/.test(messageOf(error))
      if (!passes || attempt === START_ATTEMPTS_MAX) throw error
      await sleep(500)
    }
  }
}
