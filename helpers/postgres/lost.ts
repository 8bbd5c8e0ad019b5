import type pg from 'pg'
import { DatabaseError, StocksError } from '../core/errors.ts'

type DriverError = Error & { code?: string }

/** What to do about a fault of the server itself, by its SQLSTATE. Other faults are about a statement. */
const ADVICE: Readonly<Record<string, string>> = {
  '25006':
    'The server accepts no writes: it is a standby, or was set read-only. Set PGHOST and PGPORT to the ' +
    'primary, or ask its administrator.',
  '25P03': 'The server ended a transaction that waited: raise its idle_in_transaction_session_timeout.',
  '53100': 'The disk of the server is full. Free space on it (its log and df say where), then run again.',
  '53200': 'The server is out of memory. End other programs on it, or lower its work_mem and shared_buffers.',
  '53300': 'All connections of the server are in use. End some, or raise its max_connections.',
  '57P01':
    'The server was shut down or restarted, or its administrator ended this session. Start it, or ask the ' +
    'administrator; then run again.',
  '57P02': 'A process of the server crashed, and it restarts. Read its log, then run again.',
  '57P03': 'The server is starting up or shutting down. Run again in a moment.',
  '57P05': 'The server ended a session that was idle: set its idle_session_timeout to 0.',
  '58030': 'The server cannot read or write its disk. Read its log and check the disk.',
}
const UNKNOWN_END =
  'The connection ended without a reason from the server: it was killed or restarted, or the network ' +
  'failed. Check that it runs (its log says why it ended), then run again.'

/** What a driver says of a connection that is gone: it holds no reason. */
const GONE = /Connection terminated|connection error and is not queryable|Client was closed|EPIPE|ECONNRESET/

/** A session was lost. The first line is the server's own reason. */
export class ConnectionLostError extends DatabaseError {
  override readonly transient = true
}

/** Why each lost session was lost: the server says it once, before the connection ends. */
const REASONS = new WeakMap<pg.ClientBase, DriverError>()

const ENDS_A_SESSION = /^(57P0[0-9]|25P03|08)/

/** Remembers what the server says when it ends this session. */
export function rememberEnd(client: pg.ClientBase): void {
  const remember = (reason: DriverError): void => {
    const known = REASONS.get(client)
    if (known === undefined || (known.code ?? '').startsWith('E')) REASONS.set(client, reason)
  }
  client.on('error', remember)
  client.on('notice', (notice) => {
    // A crash and an immediate shutdown are reported as warnings.
    if (ENDS_A_SESSION.test(notice.code ?? '')) remember(notice as DriverError)
  })
}

/** The error of a driver or a stream whose session was lost, with the server's reason; else undefined. */
export function lostSession(thrown: unknown, client: pg.ClientBase): ConnectionLostError | undefined {
  if (thrown instanceof StocksError || !(thrown instanceof Error)) return undefined
  const error = databaseError('use a session', thrown, client)
  return error instanceof ConnectionLostError ? error : undefined
}

/** The loss of a connection in the causes of an error; undefined when there is none. */
export function lossIn(thrown: unknown): ConnectionLostError | undefined {
  let each = thrown
  for (let depth = 0; depth < CAUSES_MAX && each instanceof Error; depth += 1) {
    if (each instanceof ConnectionLostError) return each
    each = each.cause
  }
  return undefined
}
const CAUSES_MAX = 10

/**
 * The error of a statement, or of an attempt to connect, with the server's own reason first and what to do
 * after it.
 */
export function databaseError(doing: string, thrown: unknown, client?: pg.ClientBase): DatabaseError {
  const error = thrown as DriverError
  const isGone = GONE.test(`${error.code ?? ''} ${error.message}`)
  const reason = (isGone && client !== undefined ? REASONS.get(client) : undefined) ?? error
  const code = reason.code ?? ''
  if (isGone || ENDS_A_SESSION.test(code)) {
    const says = GONE.test(`${code} ${reason.message}`) ? 'the connection was closed' : reason.message
    return new ConnectionLostError(doing, reason, {
      first: `PostgreSQL ended the connection: ${says}${/^\d/.test(code) ? ` (${code})` : ''}.`,
      advice: ADVICE[code] ?? UNKNOWN_END,
    })
  }
  const advice = ADVICE[code]
  if (advice === undefined) return new DatabaseError(doing, error)
  return new DatabaseError(doing, error, {
    first: `PostgreSQL reports ${code}: ${error.message}.`,
    advice,
  })
}
