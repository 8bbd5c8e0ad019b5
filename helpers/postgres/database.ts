import pg from 'pg'
import type { Connection } from '../config/connection.ts'
import { DatabaseError, StocksError } from '../core/errors.ts'
import { databaseError, lostSession, rememberEnd } from './lost.ts'
import { patiently } from './patience.ts'
import { optionsText, requireOwnSession, SESSION_SETTINGS, type SessionSettings } from './session.ts'
import { tlsOptions } from './tls.ts'

export type Row = Record<string, unknown>

/** A thin, honest face on `pg`: SQL in, rows out, errors that say what we were doing. */
export interface Database {
  /**
   * Rows of one statement. `date`, `numeric` and `bigint` come as strings, so that no price passes through a
   * binary float.
   */
  rows<R extends Row = Row>(sql: string, values?: readonly unknown[]): Promise<R[]>
  /** The only row of a statement that always gives one. */
  one<R extends Row = Row>(sql: string, values?: readonly unknown[]): Promise<R>
  /** Runs several statements without parameters, as one simple query. */
  execute(sql: string): Promise<void>
  /** All of `work` or none of it. Nested calls join the outer transaction. */
  transaction<T>(work: (tx: Database) => Promise<T>): Promise<T>
  /** One session for `work`: temporary tables, settings and advisory locks hold through it. */
  session<T>(work: (db: Database) => Promise<T>): Promise<T>
  /** The raw client of this session, for `COPY`. Throws on a pool: take a session or a transaction first. */
  client(): pg.PoolClient
  close(): Promise<void>
}

// A `date` is a calendar day, not an instant: keep it as 'YYYY-MM-DD'.
const DATE_OID = 1082
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === DATE_OID ? (text: string) => text : pg.types.getTypeParser(oid, format as 'text'),
} as pg.CustomTypesConfig

export interface OpenOptions {
  /** Most connections at once. */
  readonly connections_max?: number
  /** What `pg_stat_activity` shows, and what a lock's holder is called. */
  readonly application?: string
  /** Settings of each session, where they differ from `SESSION_SETTINGS`. */
  readonly settings?: SessionSettings
}

export function openDatabase(
  connection: Connection,
  { connections_max = 4, application = 'stocks-research', settings = {} }: OpenOptions = {},
): Database {
  const { host, port, user, password, database } = connection
  const session_settings = { ...SESSION_SETTINGS, ...settings }
  const client_config = {
    ...{ host, port, user, database },
    // A function, so that the driver does not look for a password file itself.
    password: () => password ?? '',
    ssl: tlsOptions(connection),
    types,
    application_name: application,
    options: optionsText(session_settings),
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
  }
  const another = async (): Promise<pg.Client> => {
    const client = new pg.Client(client_config)
    await client.connect()
    return client
  }
  const pool = new pg.Pool({
    ...client_config,
    max: connections_max,
    onConnect: (client) => {
      rememberEnd(client)
      return requireOwnSession(client, connection, session_settings, another)
    },
  })
  // An idle client that lost its server: the next statement says so, with its own words.
  pool.on('error', () => {})
  return {
    ...face((sql, values) => borrow(pool, (client) => query(client, sql, values))),
    client: () => {
      throw new TypeError('A pool has no single client. Call session() or transaction() first.')
    },
    session: (work) => borrow(pool, (client) => work(inSession(client))),
    transaction: (work) => borrow(pool, (client) => inTransaction(client, work)),
    close: () => pool.end(),
  }
}

/** Opens, works, closes: for a question or two to a database that is not kept open. */
export async function withDatabase<T>(
  connection: Connection,
  work: (db: Database) => Promise<T>,
  options?: OpenOptions,
): Promise<T> {
  const db = openDatabase(connection, { connections_max: 1, ...options })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

async function borrow<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  let broken: Error | undefined
  const onError = (error: Error): void => {
    broken = error
  }
  client.on('error', onError)
  try {
    return await work(client)
  } catch (error) {
    // A stream, such as COPY, fails with the words of a socket.
    throw lostSession(error, client) ?? error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

/** too_many_connections and cannot_connect_now. */
const PASSING = new Set<unknown>(['53300', '57P03'])

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await patiently(
      () => pool.connect(),
      (error) => PASSING.has((error as { code?: string }).code),
    )
  } catch (error) {
    throw error instanceof StocksError ? error : databaseError('open a connection', error)
  }
}

function inSession(client: pg.PoolClient): Database {
  return {
    ...face((sql, values) => query(client, sql, values)),
    client: () => client,
    session: (work) => work(inSession(client)),
    transaction: (work) => inTransaction(client, work),
    close: async () => {},
  }
}

async function inTransaction<T>(client: pg.PoolClient, work: (tx: Database) => Promise<T>): Promise<T> {
  const tx: Database = {
    ...inSession(client),
    session: (inner) => inner(tx),
    transaction: (inner) => inner(tx),
  }
  await query(client, 'begin')
  try {
    const result = await work(tx)
    await query(client, 'commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {}) // The first error is the one that matters.
    throw error
  }
}

type Ask = <R extends Row>(sql: string, values?: readonly unknown[]) => Promise<R[]>

const face = (ask: Ask): Pick<Database, 'rows' | 'one' | 'execute'> => ({
  rows: ask,
  async one(sql, values) {
    const [row] = await ask(sql, values)
    if (row === undefined)
      throw new DatabaseError(`give a row for "${firstLine(sql)}"`, new Error('it returned none'))
    return row as never
  },
  async execute(sql) {
    await ask(sql)
  },
})

async function query<R extends Row>(
  target: pg.PoolClient,
  sql: string,
  values?: readonly unknown[],
): Promise<R[]> {
  try {
    return (await (values === undefined ? target.query<R>(sql) : target.query<R>(sql, [...values]))).rows
  } catch (error) {
    throw databaseError(`run "${firstLine(sql)}"`, error, target)
  }
}

const firstLine = (sql: string): string => sql.trim().split('\n', 1)[0] ?? ''
