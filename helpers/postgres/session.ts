import { join } from 'node:path'
import type pg from 'pg'
import type { Connection } from '../config/connection.ts'
import { PreconditionError } from '../core/errors.ts'
import { queryFile } from './query-file.ts'

export type SessionSettings = Readonly<Record<string, string>>

/**
 * The settings of every session, ours and those of the client tools. They travel in the startup packet, where
 * they outrank those of the role, of the database and of the server's files. Text output, hashes and the
 * meaning of our SQL depend on the first group; the second keeps a session from ending early, or from being
 * another one than it seems; the third is for speed.
 */
export const SESSION_SETTINGS: SessionSettings = {
  timezone: 'UTC',
  timezone_abbreviations: 'Default',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  xmloption: 'content',
  xmlbinary: 'base64',
  lc_numeric: 'C',
  lc_monetary: 'C',
  lc_time: 'C',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  transform_null_equals: 'off',
  array_nulls: 'on',
  search_path: 'pg_catalog',
  default_table_access_method: 'heap',
  client_min_messages: 'warning',

  role: 'none',
  row_security: 'on',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',

  // Compiling our queries costs seconds and saves none.
  jit: 'off',
}

/**
 * Settings that cannot be sent in the startup packet, since older servers do not know them or only a
 * superuser may set them. A session in which one has another value is refused.
 */
const REQUIRED_SETTINGS: SessionSettings = { transaction_timeout: '0', session_replication_role: 'origin' }

/** The settings as the `options` of a startup packet, and as PGOPTIONS. */
export const optionsText = (settings: SessionSettings): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, '\\$&')}`)
    .join(' ')

export const SESSION_OPTIONS = optionsText(SESSION_SETTINGS)

interface Seen {
  readonly backend_pid: number
  readonly server_port: string
  readonly server_address: string | null
  readonly is_standby: boolean
  readonly settings: Readonly<Record<string, string | null>>
}

/** A driver's client, with the process id that the server sent at the start of the session. */
type Client = pg.ClientBase & { readonly processID?: number | null }

const seenBy = async (client: pg.ClientBase, names: readonly string[]): Promise<Seen> => {
  const { rows } = await client.query(queryFile(join(import.meta.dirname, 'sql'), 'session-settings'), [
    names,
  ])
  return rows[0] as Seen
}

/**
 * Reads the settings of a new session back.
 *
 * @param open opens another session of the same kind, to see whether two share one backend.
 * @throws PreconditionError when a setting has another value, or when a pooler gives the backend of this
 *   session to others between two transactions.
 */
export async function requireOwnSession(
  client: Client,
  connection: Connection,
  settings: SessionSettings,
  open: () => Promise<pg.Client>,
): Promise<void> {
  const expected = { ...settings, ...REQUIRED_SETTINGS }
  const seen = await seenBy(client, Object.keys(expected))
  // A pooler sends a number of its own at the start of a session; PostgreSQL sends its process id.
  const is_proxied = client.processID !== seen.backend_pid
  const lacking = Object.entries(expected).flatMap(([name, value]) => {
    const found = seen.settings[name] ?? null
    return found === null || sameValue(found, value) ? [] : [{ name, found, value }]
  })
  if (lacking.length > 0) throw lacksSettings(connection, seen, lacking, is_proxied)
  if (!is_proxied) return
  const at = `${connection.host}:${connection.port}/${connection.database}`
  if (FOUND_UNSHARED.has(at)) return
  if (await isShared(client, open)) throw sharesBackend(connection, seen)
  FOUND_UNSHARED.add(at)
}

/** Databases behind a proxy that gives each session its own backend, as this process found once. */
const FOUND_UNSHARED = new Set<string>()

const sameValue = (found: string, expected: string): boolean =>
  found.toLowerCase().replaceAll(' ', '') === expected.toLowerCase().replaceAll(' ', '')

function lacksSettings(
  connection: Connection,
  seen: Seen,
  lacking: readonly { name: string; found: string; value: string }[],
  is_proxied: boolean,
): PreconditionError {
  const list = lacking.map(({ name, found, value }) => `${name} is ${found} instead of ${value}`).join(', ')
  const { host, port, user } = connection
  if (is_proxied)
    return new PreconditionError(
      `${poolerAt(connection)} dropped the settings of this session: ${list}.\n${direct(connection, seen)}`,
    )
  const [first] = lacking
  return new PreconditionError(
    `A session of ${user} at ${host}:${port} has other settings than it needs: ${list}.\n` +
      `Take the setting off the role or the database: alter role "${user}" reset ${first?.name}; ` +
      `alter database "${connection.database}" reset ${first?.name};`,
  )
}

const sharesBackend = (connection: Connection, seen: Seen): PreconditionError =>
  new PreconditionError(
    `${poolerAt(connection)} gives one backend to several sessions (transaction or statement pooling); ` +
      'temporary tables, advisory locks and snapshots need a session of their own.\n' +
      direct(connection, seen),
  )

const PROBES = 8

/**
 * Whether two open sessions are served by one backend, or one session by two. Both stay open while they are
 * asked in turn, so that sessions of their own never have the same backend.
 */
async function isShared(client: pg.ClientBase, open: () => Promise<pg.Client>): Promise<boolean> {
  const other = await open()
  try {
    const pids = { client: new Set<number>(), other: new Set<number>() }
    for (let probe = 0; probe < PROBES; probe += 1) {
      pids.client.add((await seenBy(client, [])).backend_pid)
      pids.other.add((await seenBy(other, [])).backend_pid)
      if (pids.client.size > 1 || pids.other.size > 1 || !pids.client.isDisjointFrom(pids.other)) return true
    }
    return false
  } finally {
    await other.end()
  }
}

/** Poolers by the host names and ports that their services give them. */
const POOLERS: readonly (readonly [name: string, at: RegExp])[] = [
  ['Supavisor', /\.pooler\.supabase\.com:/],
  ['PgBouncer (of Neon)', /-pooler\.[^:]*neon\.tech:/],
  ['RDS Proxy', /\.proxy-[^:]*\.rds\.amazonaws\.com:/],
  ['PgBouncer (of Azure)', /\.postgres\.database\.azure\.com:6432$/],
  ['PgBouncer', /:6432$/],
  ['Supavisor', /:6543$/],
]

/** What is at that address, e.g. `PgBouncer at db:6432`. */
export function poolerAt({ host, port }: Pick<Connection, 'host' | 'port'>, says = ''): string {
  const at = `${host}:${port}`
  const named = POOLERS.find(([, pattern]) => pattern.test(at))?.[0]
  const word = PGBOUNCER_WORDS.test(says) ? 'PgBouncer' : undefined
  return `The connection pooler at ${at} (${word ?? named ?? 'PgBouncer, or one like it'})`
}

/** The words of PgBouncer alone. */
export const PGBOUNCER_WORDS = /unsupported startup parameter|pgbouncer|query_wait_timeout/i

/** Where the server is that a pooler hides. */
export function direct(
  { port }: Pick<Connection, 'port'>,
  seen?: Pick<Seen, 'server_port' | 'server_address'>,
): string {
  const server_port = seen?.server_port ?? '5432'
  const address = seen?.server_address?.replace(/\/\d+$/, '')
  const where = address === undefined ? '' : ` on ${address}`
  const known = seen === undefined ? 'usually' : 'here'
  return (
    `Connect to the server itself: set PGPORT to its own port (${known} ${server_port}${where}) instead of ` +
    `${port}, and PGHOST to its own host where that is another one.`
  )
}
