import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { reachableBinaries } from '../postgres/binaries.ts'
import {
  type Cluster,
  initCluster,
  type Settings,
  SUPERUSER,
  startCluster,
  stopCluster,
} from '../postgres/cluster.ts'
import { handOver, serverUser } from '../postgres/os-user.ts'

/** A server of one test file's own, for what must not happen to the shared one. */
export interface OwnCluster {
  readonly cluster: Cluster
  /** To the database postgres, as superuser. */
  readonly connection: Connection
  /** Crashes the server and starts it again, on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Initialises and starts it; `flags` go to initdb. Its data is worth nothing. */
export async function ownCluster(
  settings: Settings = {},
  flags: readonly string[] = [],
): Promise<OwnCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'own-cluster-'))
  const user = await serverUser()
  await handOver(user, directory)
  const cluster = { directory, binaries: await reachableBinaries(user, directory), user }
  const password = 'of this test'
  await initCluster(cluster, password, { fsync: 'off', timezone: 'UTC', ...settings }, [
    '--no-sync',
    ...flags,
  ])
  const port = await startCluster(cluster)
  return {
    cluster,
    connection: { host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres', ssl: 'disable' },
    async restart() {
      await stopCluster(cluster, 'immediate')
      await startCluster(cluster)
    },
    async stop() {
      await stopCluster(cluster, 'immediate')
      await rm(directory, { recursive: true, force: true })
    },
  }
}
