import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../../config/connection.ts'
import { withDatabase } from '../../postgres/database.ts'
import { handOver, serverUser } from '../../postgres/os-user.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/sql.ts'
import { type OwnCluster, ownCluster } from '../own-cluster.ts'
import { findPgBouncer, startPgBouncer } from './pgbouncer.ts'

/** What a row of the matrix needs while the checklist runs. */
export interface Stage {
  readonly env: Readonly<Record<string, string>>
  /** How the content is read afterwards; undefined for the embedded server of the run itself. */
  readonly connection?: Connection
  stop(): Promise<void>
}

export interface MatrixRow {
  readonly name: string
  /** `equal`: every box is ticked, and the content is that of the first row. Else what the refusal says. */
  readonly expected: 'equal' | RegExp
  /** Why this machine cannot try it; undefined when it can. */
  readonly notTried?: string
  readonly stage: () => Promise<Stage>
}

const DATABASE = 'stocks_research'
const variablesOf = ({ host, port, user, password }: Connection): Record<string, string> => ({
  PGHOST: host,
  PGPORT: String(port),
  PGUSER: user,
  PGDATABASE: DATABASE,
  ...(password !== undefined && { PGPASSWORD: password }),
})

/** A server of this row's own; `as` prepares it and says who connects. */
function onServer(
  given: { readonly settings?: Record<string, string | number>; readonly flags?: readonly string[] } = {},
  as: (own: OwnCluster, admin: (sql: string) => Promise<void>) => Promise<Connection> = (own) =>
    Promise.resolve(own.connection),
): () => Promise<Stage> {
  return async () => {
    const own = await ownCluster(given.settings, given.flags)
    const admin = (sql: string): Promise<void> => withDatabase(own.connection, (db) => db.execute(sql))
    const connection = await as(own, admin)
    return {
      env: variablesOf(connection),
      connection: { ...own.connection, database: DATABASE },
      stop: () => own.stop(),
    }
  }
}

/** Settings that a role brings into each of its sessions. */
const HOSTILE = [
  "datestyle = 'SQL, DMY'",
  'intervalstyle = iso_8601',
  "timezone = 'Asia/Kathmandu'",
  'quote_all_identifiers = on',
  'standard_conforming_strings = off',
  'statement_timeout = 50',
  'lock_timeout = 50',
  'idle_in_transaction_session_timeout = 50',
  'idle_session_timeout = 50',
  'default_transaction_read_only = on',
  'default_transaction_isolation = serializable',
  'search_path = pg_temp, public',
  'row_security = off',
  'extra_float_digits = 0',
  'bytea_output = escape',
  "client_encoding = 'LATIN1'",
  'enable_seqscan = off',
]
const ODD_PASSWORD = String.raw`@:/?#%'"\ é`

/** The role `one`, with rights and settings. */
const asRole =
  (rights: string, settings: readonly string[] = [], password = 'of one') =>
  async ({ connection }: OwnCluster, admin: (sql: string) => Promise<void>): Promise<Connection> => {
    await admin(`create role one login ${rights} password ${quoteLiteral(password)}`)
    for (const setting of settings) await admin(`alter role one set ${setting}`)
    return { ...connection, user: 'one', password }
  }

const inLocale = (...flags: string[]) => onServer({ flags })

const bouncer = findPgBouncer()
const behind = (settings: Readonly<Record<string, string>>) => async (): Promise<Stage> => {
  const own = await ownCluster({}, ['--auth=trust'])
  const pooler = await startPgBouncer(bouncer ?? '', own.connection, settings)
  return {
    env: variablesOf({ ...own.connection, port: pooler.port }),
    async stop() {
      await pooler.stop()
      await own.stop()
    },
  }
}
const withoutBouncer = bouncer === undefined ? { notTried: 'PgBouncer is not installed' } : {}
const withoutSockets = process.platform === 'win32' ? { notTried: 'Windows has no such sockets here' } : {}

export const ROWS: readonly MatrixRow[] = [
  {
    name: 'the embedded server',
    expected: 'equal',
    stage: async () => ({ env: { PGDATABASE: DATABASE }, stop: async () => {} }),
  },
  { name: 'a server of the user’s, as superuser', expected: 'equal', stage: onServer() },
  { name: 'a role with CREATEDB alone', expected: 'equal', stage: onServer({}, asRole('createdb')) },
  {
    name: 'a role without CREATEDB',
    expected: /alter role "?one"? createdb/i,
    stage: onServer({}, asRole('nocreatedb')),
  },
  {
    name: `a role with ${HOSTILE.length} settings of its own`,
    expected: 'equal',
    stage: onServer({}, asRole('superuser', HOSTILE)),
  },
  {
    name: 'a password of special characters',
    expected: 'equal',
    stage: onServer({}, asRole('superuser', [], ODD_PASSWORD)),
  },
  { name: 'a server in SQL_ASCII', expected: 'equal', stage: inLocale('--encoding=SQL_ASCII', '--locale=C') },
  { name: 'a server in LATIN1', expected: 'equal', stage: inLocale('--encoding=LATIN1', '--locale=C') },
  {
    name: 'a server with an ICU locale',
    expected: 'equal',
    stage: inLocale('--encoding=UTF8', '--locale-provider=icu', '--icu-locale=sv-SE', '--locale=C'),
  },
  {
    name: 'eight connections',
    expected: 'equal',
    stage: onServer({ settings: { max_connections: 8, superuser_reserved_connections: 0 } }),
  },
  {
    name: 'a template1 that holds a table',
    expected: 'equal',
    stage: onServer({}, async ({ connection }) => {
      await withDatabase({ ...connection, database: 'template1' }, (db) =>
        db.execute('create table public.of_everyone (n integer); create schema extra'),
      )
      return connection
    }),
  },
  {
    name: 'a server in another time zone, with small memory',
    expected: 'equal',
    stage: onServer({ settings: { timezone: 'Pacific/Apia', work_mem: '64kB', shared_buffers: '1MB' } }),
  },
  {
    name: 'a unix socket',
    expected: 'equal',
    ...withoutSockets,
    async stage() {
      const folder = mkdtempSync(join(tmpdir(), 'socket-'))
      await handOver(await serverUser(), folder)
      const stage = await onServer({ settings: { unix_socket_directories: folder } })()
      return {
        ...stage,
        env: { ...stage.env, PGHOST: folder },
        async stop() {
          await stage.stop()
          rmSync(folder, { recursive: true, force: true })
        },
      }
    },
  },
  {
    name: 'PgBouncer, transaction mode',
    expected: /pooler/,
    ...withoutBouncer,
    stage: behind({ pool_mode: 'transaction', ignore_startup_parameters: 'options,extra_float_digits' }),
  },
  {
    name: 'PgBouncer, session mode, without our settings',
    expected: /pooler/,
    ...withoutBouncer,
    stage: behind({ pool_mode: 'session', ignore_startup_parameters: 'options,extra_float_digits' }),
  },
  {
    name: 'a database that nobody of us made',
    expected: /was not made by this product|Nothing was/,
    stage: onServer({}, async ({ connection }, admin) => {
      await admin(`create database ${quoteIdentifier(DATABASE)}`)
      await withDatabase({ ...connection, database: DATABASE }, (db) =>
        db.execute('create table public.mine (n integer); insert into public.mine values (1)'),
      )
      return connection
    }),
  },
  {
    name: 'Turkish words, no home, no user name',
    expected: 'equal',
    stage: async () => ({
      env: { PGDATABASE: DATABASE, LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', HOME: '', USER: '' },
      stop: async () => {},
    }),
  },
]
