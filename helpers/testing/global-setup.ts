import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { Connection } from '../config/connection.ts'
import { isAlive } from '../core/process.ts'
import { reachableBinaries } from '../postgres/binaries.ts'
import { type Cluster, initCluster, SUPERUSER, startCluster, stopCluster } from '../postgres/cluster.ts'
import { handOver, serverUser } from '../postgres/os-user.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * A throw-away PostgreSQL server, as its superuser. Take a database of your own with `scratchDatabase`.
     */
    testServer: Connection
    /** A folder for files that tests write and do not remove; it is removed with the server. */
    testDirectory: string
  }
}

interface TestServer {
  readonly connection: Connection
  readonly directory: string
  readonly stop: () => Promise<void>
}

// Each project loads this file again, so shared state cannot be in the module.
const shared = globalThis as typeof globalThis & {
  stocksResearchTestServer?: { users_count: number; server: Promise<TestServer> }
}

/**
 * One server for all projects of a vitest process; the last project to end stops it and removes its folder.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.stocksResearchTestServer ??= { users_count: 0, server: startTestServer() }
  const held = shared.stocksResearchTestServer
  held.users_count += 1
  const { connection, directory } = await held.server
  project.provide('testServer', connection)
  project.provide('testDirectory', directory)
  return async () => {
    held.users_count -= 1
    if (held.users_count > 0) return
    delete shared.stocksResearchTestServer
    await (await held.server).stop()
  }
}

// Its data is worth nothing: speed goes before durability here, and only here.
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '128MB',
  max_connections: 200,
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
}
const PREFIX = 'stocks-research-test-'

async function startTestServer(): Promise<TestServer> {
  const user = await serverUser()
  await removeAbandoned(user)
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  await handOver(user, directory)
  const cluster: Cluster = { directory, binaries: await reachableBinaries(user, directory), user }
  const password = randomBytes(16).toString('hex')
  await initCluster(cluster, password, SETTINGS, ['--no-sync'])
  const port = await startCluster(cluster)
  const left = join(directory, 'left-by-tests')
  await mkdir(left)
  return {
    directory: left,
    connection: { host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres', ssl: 'disable' },
    async stop() {
      await stopCluster(cluster, 'immediate')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Servers of test runs that were killed: their process is gone, their server is not. */
async function removeAbandoned(user: Cluster['user']): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : Number.NaN)
    if (Number.isNaN(pid) || isAlive(pid)) continue
    const directory = join(tmpdir(), name)
    try {
      await stopCluster({ directory, binaries: await reachableBinaries(user, directory), user }, 'immediate')
      await rm(directory, { recursive: true, force: true })
    } catch {
      // It belongs to another account, which will remove it.
    }
  }
}
