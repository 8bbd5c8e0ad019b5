import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readBootstrap } from '../config/bootstrap.ts'
import { ownEnvironment } from '../config/children.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { reachableBinaries } from '../postgres/binaries.ts'
import {
  type Cluster,
  initCluster,
  logOf,
  SUPERUSER,
  startCluster,
  stopCluster,
} from '../postgres/cluster.ts'
import { withDatabase } from '../postgres/database.ts'
import { handOver, serverUser } from '../postgres/os-user.ts'
import { describeServer } from '../postgres/server.ts'
import { requireLiveServer } from './live-servers.ts'

/** Keywords that begin a statement that writes. */
const WRITES = [
  'create',
  'drop',
  'alter',
  'insert',
  'update',
  'delete',
  'truncate',
  'copy',
  'comment',
  'grant',
  'lock',
]

let directory: string
let cluster: Cluster
let connection: Connection
let system_identifier: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'live-server-'))
  const user = await serverUser()
  await handOver(user, directory)
  cluster = { directory, binaries: await reachableBinaries(user, directory), user }
  await initCluster(cluster, 'of production', { fsync: 'off', timezone: 'UTC', log_statement: 'all' }, [
    '--no-sync',
  ])
  connection = {
    ...{ host: '127.0.0.1', port: await startCluster(cluster), user: SUPERUSER, password: 'of production' },
    ...{ database: 'stocks_research', ssl: 'disable' },
  }
  const maintenance = { ...connection, database: 'postgres' }
  await withDatabase(maintenance, (db) => db.execute('create database stocks_research'))
  await withDatabase(connection, (db) =>
    db.execute("create table public.precious (note text); insert into public.precious values ('keep me')"),
  )
  system_identifier = (await describeServer(maintenance)).system_identifier ?? ''
})
afterAll(async () => {
  await stopCluster(cluster, 'immediate')
  await rm(directory, { recursive: true, force: true })
})

const live = (state: string) => ({
  ...{
    NO_COLOR: '1',
    VITEST: '',
    VITEST_POOL_ID: '',
    VITEST_WORKER_ID: '',
    BOOTSTRAP_STATE: state,
    DROPBOX_FOLDER: state,
    BOOTSTRAP_UNIVERSE: join(state, 'universe.csv'),
  },
  ...{ BOOTSTRAP_SOURCE: 'live', BOOTSTRAP_POSTGRES: '', SEC_USER_AGENT: 'Test test@example.com' },
  ...{
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGPASSWORD: connection.password ?? '',
  },
  ...{ PGDATABASE: connection.database, BOOTSTRAP_CONFIRM_DROP: 'stocks_research@localhost' },
})

test.for([
  ['the checklist', ['node_modules/vitest/vitest.mjs', 'run', 'phases']],
  ['the ingestion runner', ['ingest/run.ts', 'run', 'all']],
] as const)(
  '%s refuses a live run on a server that is not on the list, before any write',
  async ([, [script, ...args]]) => {
    const state = await mkdtemp(join(tmpdir(), 'live-state-'))
    await writeFile(join(state, 'universe.csv'), 'source_id,ticker\nfigi:BBG001S5N8V8,AAPL\n')
    const before = (await readFile(logOf(cluster), 'utf8')).length
    const { exitCode, all } = await execa(process.execPath, [join(ROOT_DIRECTORY, script), ...args], {
      cwd: ROOT_DIRECTORY,
      env: ownEnvironment(live(state)),
      extendEnv: false,
      all: true,
      reject: false,
      stdin: 'ignore',
    })
    await rm(state, { recursive: true, force: true })
    expect(exitCode, all).toBe(1)
    expect(all.replaceAll(/\s+/g, ' ')).toContain(
      `add "${system_identifier}" to live_system_identifiers in bootstrap.json`,
    )
    const said = (await readFile(logOf(cluster), 'utf8')).slice(before)
    expect(said).toMatch(/statement:|execute/)
    expect(said).not.toMatch(new RegExp(`(statement|execute [^:]*): *(${WRITES.join('|')})\\b`, 'i'))
    expect(said, 'not even the lock').not.toContain('pg_try_advisory_lock')
  },
)

test('a server on the list is let through, and any other mode runs anywhere', async () => {
  const asked = (mode: 'live' | 'rehearsal', named: readonly string[], id: string | null) => () =>
    requireLiveServer(
      { source: { mode }, bootstrap: { live_system_identifiers: [...named] } } as unknown as Parameters<
        typeof requireLiveServer
      >[0],
      { system_identifier: id },
      connection,
    )
  expect(asked('live', [system_identifier], system_identifier)).not.toThrow()
  expect(asked('rehearsal', [], system_identifier)).not.toThrow()
  expect(asked('live', ['1'], system_identifier)).toThrow('allows live runs on 1.')
  expect(asked('live', [system_identifier], null)).toThrow('grant execute on function pg_control_system()')
})

test('bootstrap.json takes only digits for an identifier', async () => {
  const file = join(directory, 'bootstrap.json')
  const written = JSON.parse(await readFile(join(ROOT_DIRECTORY, 'bootstrap.json'), 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...written, live_system_identifiers: ['production'] }))
  const faults: string[] = []
  expect(readBootstrap(file, faults)).toBeUndefined()
  expect(faults).toEqual([
    'bootstrap.json: live_system_identifiers.0: must be a system identifier, digits only',
  ])
})
