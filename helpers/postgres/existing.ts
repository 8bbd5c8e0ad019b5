import type { Connection } from '../config/connection.ts'
import { DatabaseError, messageOf, PreconditionError } from '../core/errors.ts'
import { withDatabase } from './database.ts'
import { direct, PGBOUNCER_WORDS, poolerAt } from './session.ts'

const MAINTENANCE_DATABASES = ['postgres', 'template1']

/**
 * A connection to the maintenance database of a server that is given to us.
 *
 * @throws PreconditionError with host, port, user and the next step.
 */
export async function findMaintenance(
  target: Connection,
): Promise<{ readonly maintenance: Connection; readonly stop: () => Promise<void> }> {
  const refusals: string[] = []
  const reached = await withKnownTls(target)
  for (const database of MAINTENANCE_DATABASES) {
    const maintenance = { ...reached, database }
    try {
      await withDatabase(maintenance, (db) => db.rows('select 1'))
      return { maintenance, stop: async () => {} }
    } catch (error) {
      if (error instanceof PreconditionError) throw error // About the session, e.g. a pooler: it says all.
      const sqlstate = error instanceof DatabaseError ? error.sqlstate : undefined
      // Only these say "not this database"; every other fault is the server's and the same for the next one.
      if (sqlstate !== '3D000' && sqlstate !== '42501' && sqlstate !== '28000' && sqlstate !== '55000')
        throw unreachable(target, error, sqlstate)
      refusals.push(`${database}: ${messageOf(error)}`)
    }
  }
  throw new PreconditionError(
    [
      `PostgreSQL at ${where(target)} allows ${target.user} to connect to none of its maintenance databases:`,
      ...refusals.map((text) => `  - ${text}`),
      refusals.some((text) => UNENCRYPTED.test(text)) ? WANTS_TLS : WANTS_CONNECT,
    ].join('\n'),
  )
}

/** The connection with the TLS mode that the server takes, where PGSSLMODE leaves that open. */
async function withKnownTls(target: Connection): Promise<Connection> {
  if (target.ssl !== 'prefer' && target.ssl !== 'allow') return target
  const { root_certificate_file: _, ...rest } = target
  const plain: Connection = { ...rest, ssl: 'disable' }
  const encrypted: Connection = { ...rest, ssl: 'require' }
  const [first, second] = target.ssl === 'prefer' ? [encrypted, plain] : [plain, encrypted]
  const refusal = await withDatabase({ ...first, database: 'postgres' }, (db) => db.rows('select 1')).then(
    () => '',
    messageOf,
  )
  return NOT_THIS_WAY.test(refusal) ? second : first
}

/** A refusal that is about the encryption of the connection. */
const NOT_THIS_WAY = /does not support SSL|no encryption|SSL o(n|ff)|SSL encryption/

/** What a server says that takes no connection without TLS. */
const UNENCRYPTED = /no encryption|SSL off/
const WANTS_TLS =
  'It may require an encrypted connection: set PGSSLMODE=verify-full ' +
  '(and PGSSLROOTCERT, where its authority is your own).'
const WANTS_CONNECT =
  'Allow this user to connect to the database postgres (GRANT CONNECT, pg_hba.conf): ' +
  'the run lock is held there.'

const where = ({ host, port, user }: Connection): string => `${host}:${port} (user ${user})`

function unreachable(target: Connection, error: unknown, sqlstate: string | undefined): PreconditionError {
  if (PGBOUNCER_WORDS.test(messageOf(error)))
    return new PreconditionError(
      `${poolerAt(target, messageOf(error))} accepts no session with settings of its own: ` +
        `${driverWords(error)}.\n${direct(target)}`,
      { cause: error },
    )
  const says = driverWords(error) || 'no reason given'
  return new PreconditionError(
    `PostgreSQL at ${where(target)} cannot be used: ${says}.\n${nextStep(target, sqlstate, says)}`,
    {
      cause: error,
    },
  )
}

const driverWords = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)

/** What to do about a server that cannot be used, by what it said. */
export function nextStep(
  { host, port, user, ...more }: Pick<Connection, 'host' | 'port' | 'user' | 'password_file_fault'>,
  sqlstate: string | undefined,
  says: string,
): string {
  if (sqlstate === '28P01' || /password/.test(says)) {
    const ignored = more.password_file_fault === undefined ? '' : `${more.password_file_fault}\n`
    return `${ignored}Set PGPASSWORD to the password of ${user}, or PGUSER to another user.`
  }
  if (sqlstate === '28000')
    return `The server rejects ${user} from this machine: see its pg_hba.conf, or set PGUSER.`
  if (sqlstate === 'ENOTFOUND' || sqlstate === 'EAI_AGAIN')
    return `No machine has the name ${host}: correct PGHOST.`
  if (sqlstate === '53300') return 'All its connections are in use: end some, or raise max_connections.'
  if (sqlstate?.startsWith('57P') === true)
    return 'It is starting up or shutting down: try again in a moment.'
  if (/unable to|self.signed|expired/i.test(says) && /certificate/i.test(says))
    return (
      "This machine does not trust the authority that signed the server's certificate: " +
      "set PGSSLROOTCERT to the file of that authority's certificate."
    )
  if (/altnames|Hostname\/IP/i.test(says)) return 'Set PGHOST to a name that the certificate contains.'
  if (/SSL|certificate/i.test(says)) return 'Set PGSSLMODE to what the server offers: disable or verify-full.'
  return (
    `Start it, or correct PGHOST and PGPORT (now ${host} and ${port}), or unset PGHOST to use the embedded ` +
    `server. To see whether it answers: pg_isready -h ${host} -p ${port}`
  )
}
