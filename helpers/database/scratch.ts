import type { Connection } from '../config/connection.ts'
import { DatabaseError, messageOf, PreconditionError } from '../core/errors.ts'
import { isAbandoned, ownedName } from '../core/owned-name.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/sql.ts'

/** What a database must be created with, so that a restore means the same. */
export interface Locale {
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  readonly locale_provider: string
  readonly icu_locale: string | null
}

const PREFIX = 'restore_drill_'
const PATTERN = `^${PREFIX}[0-9]{14}_[0-9a-f]{8}(_[0-9a-f]{8}_[0-9]+)?$`

/**
 * A name for a scratch database, or for the role of one restore: what a killed run left behind is known by
 * it.
 */
export const scratchName = (now = new Date(), pid = process.pid): string => ownedName(PREFIX, now, pid)

/**
 * Creates an empty database from template0, in UTF-8 and the locale of the source. Fails when the name is
 * taken.
 */
export async function createEmptyDatabase(server: Connection, name: string, locale: Locale): Promise<void> {
  await onServer(server, async (db) => {
    const icu =
      locale.locale_provider === 'i' && locale.icu_locale !== null
        ? ` locale_provider icu icu_locale ${quoteLiteral(locale.icu_locale)}`
        : ''
    try {
      await db.execute(
        `create database ${quoteIdentifier(name)} template template0
           encoding ${quoteLiteral(locale.encoding)}
           lc_collate ${quoteLiteral(locale.collate)} lc_ctype ${quoteLiteral(locale.ctype)}${icu}`,
      )
    } catch (error) {
      if (!/locale name|ICU/.test(messageOf(error))) throw error
      throw new PreconditionError(
        `${name} cannot be made: this server has no locale ` +
          `${[...new Set([locale.collate, locale.ctype, locale.icu_locale ?? locale.ctype])].join(', ')} ` +
          `for encoding ${locale.encoding}, with which the rows were sorted. Install that ` +
          "locale on the server's system and restart it, or restore on a server that has it.",
        { cause: error },
      )
    }
  })
}

/** What the connected database was created with. */
export const localeOf = (connection: Connection): Promise<Locale> =>
  withDatabase(connection, (db) =>
    db.one<Locale & Record<string, unknown>>(
      `select ${LOCALE_COLUMNS} from pg_database d, to_jsonb(d) j where datname = current_database()`,
    ),
  )

/**
 * SQL over pg_database d and to_jsonb(d) j: columns change from version to version, and as JSON one that is
 * not there is null.
 */
export const LOCALE_COLUMNS = `pg_encoding_to_char(encoding) as encoding,
  datcollate as collate,
  datctype as ctype,
  coalesce(j ->> 'datlocprovider', 'c') as locale_provider,
  coalesce(j ->> 'datlocale', j ->> 'daticulocale') as icu_locale`

const DROPS_MAX = 5

/**
 * Drops a database, and ends the sessions in it. A vacuum of the server belongs to no role, so a role that is
 * no superuser may not end it by force, and PostgreSQL refuses the statement; a plain drop asks it to end.
 */
export const dropDatabase = (server: Connection, name: string): Promise<void> =>
  onServer(server, async (db) => {
    const drop = `drop database if exists ${quoteIdentifier(name)}`
    for (let attempt = 1; ; attempt += 1) {
      const refused = await isRefusedWith(db.execute(`${drop} with (force)`), '42501', attempt < DROPS_MAX)
      if (!refused || !(await isRefusedWith(db.execute(drop), '55006', true))) return
    }
  })

/** True when PostgreSQL refuses a statement with this state, and that `isExpected`. Other errors are thrown. */
async function isRefusedWith(
  executed: Promise<void>,
  sqlstate: string,
  isExpected: boolean,
): Promise<boolean> {
  try {
    await executed
    return false
  } catch (error) {
    if (isExpected && error instanceof DatabaseError && error.sqlstate === sqlstate) return true
    throw error
  }
}

export const isThere = (server: Connection, name: string): Promise<boolean> =>
  onServer(
    server,
    async (db) => (await db.rows('select from pg_database where datname = $1', [name])).length > 0,
  )

/**
 * Drops scratch databases without a session, and roles of restores, that a killed run left behind: at once
 * when its process was one of this machine, else after a day. Returns the databases.
 */
export async function sweepScratchDatabases(server: Connection, now = new Date()): Promise<string[]> {
  return onServer(server, async (db) => {
    const found = await db.rows<{ name: string }>(
      `select datname as name from pg_database d
        where datname ~ '${PATTERN}' and not exists (select from pg_stat_activity a where a.datid = d.oid)`,
    )
    const old = found.map(({ name }) => name).filter((name) => isAbandoned(name, now))
    for (const name of old) await db.execute(`drop database if exists ${quoteIdentifier(name)}`)
    const roles = await db.rows<{ name: string }>(
      `select rolname as name from pg_roles where rolname ~ '${PATTERN}'`,
    )
    for (const { name } of roles)
      if (isAbandoned(name, now))
        // It may own something elsewhere.
        await db.execute(`drop role ${quoteIdentifier(name)}`).catch(() => {})
    return old
  })
}

/** Works in a database that is always there: none can be created or dropped from inside itself. */
export const onServer = <T>(server: Connection, work: (db: Database) => Promise<T>): Promise<T> =>
  withDatabase(server, work, { application: 'stocks-research restore' })
