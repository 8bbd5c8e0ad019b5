import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { registerSecret } from '../core/redact.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/sql.ts'

/**
 * admin creates and drops the database; owner changes its schema; ingest brings rows in; reader looks;
 * analyst looks, and makes tables in schema research.
 */
export const ROLES = ['admin', 'owner', 'ingest', 'reader', 'analyst'] as const
export type RoleKind = (typeof ROLES)[number]
export type RolePasswords = Readonly<Record<RoleKind, string>>

/** Roles belong to a whole server, so the name says which database they are for. */
export const roleName = (database: string, kind: RoleKind): string => `${database.slice(0, 56)}_${kind}`

/**
 * What ingestion makes anew from other rows, or by rule, and periods that a source later reported otherwise:
 * here it may delete. All else that a source said it may only add to and correct.
 */
const REPLACEABLE = [
  'stocks_research.ticker_history',
  'stocks_research.adjustment_factors',
  'stocks_research.fundamentals_derived',
  'stocks_research.fundamentals_standard',
  'stocks_research.trading_sessions',
  'stocks_research.refused_events',
  'ingestion.rejects',
  'ingestion.removed_securities',
  'ingestion.withdrawals',
  'ingestion.second_source',
  'ingestion.second_prices',
  'ingestion.second_events',
] as const
/** Written by triggers and by migrations, with the rights of the owner. */
const OWNERS_OWN = ['ingestion.table_changes', 'ingestion.migrations'] as const

/**
 * The connection of a role, where its password is given and the role is there; else the connection as it is.
 */
export async function connectionOf(
  connection: Connection,
  kind: RoleKind,
  passwords: Readonly<Partial<Record<RoleKind, string>>>,
): Promise<Connection> {
  const password = passwords[kind]
  const user = roleName(connection.database, kind)
  if (password === undefined || connection.user === user) return connection
  const found = await withDatabase(connection, (db) =>
    db.rows('select from pg_roles where rolname = $1', [user]),
  )
  return found.length === 0 ? connection : { ...connection, user, password }
}

/**
 * Creates the five roles, or gives those that are there these passwords, and grants each what it needs in the
 * connected, migrated database and no more. A second call changes nothing but the salt of the passwords.
 * Needs a role that may create roles and owns what is there.
 */
export async function createRoles(
  connection: Connection,
  passwords: RolePasswords,
): Promise<Readonly<Record<RoleKind, string>>> {
  const { database } = connection
  const names = Object.fromEntries(ROLES.map((kind) => [kind, roleName(database, kind)])) as Record<
    RoleKind,
    string
  >
  await withDatabase(connection, (db) =>
    db.transaction(async (tx) => {
      for (const kind of ROLES) await createRole(tx, names[kind], kind, passwords[kind])
      await tx.execute(grantsOf(database, names))
      await tx.execute(await ownershipOf(tx, names.owner))
    }),
  )
  return names
}

/**
 * Creates the reader alone, or gives the one that is there this password, and grants it to read everything
 * here, now and after an upgrade by the same role. Needs a role that may create roles and owns what is there.
 * Returns its name.
 */
export async function createReader(connection: Connection, password: string): Promise<string> {
  const name = roleName(connection.database, 'reader')
  await withDatabase(connection, (db) =>
    db.transaction(async (tx) => {
      await createRole(tx, name, 'reader', password)
      await tx.execute(readerGrantsOf(connection.database, name))
    }),
  )
  return name
}

/**
 * Grants the five roles, where they exist, what they need of tables that a migration created. Null when there
 * are none or it was done; else a sentence that says who has to do it.
 */
export async function renewRights(connection: Connection): Promise<string | null> {
  const { database } = connection
  const names = ROLES.map((kind) => [kind, roleName(database, kind)] as const)
  return withDatabase(connection, async (db) => {
    const found = await db.rows<{ rolname: string }>(
      'select rolname from pg_roles where rolname = any ($1)',
      [names.map(([, name]) => name)],
    )
    if (found.length === 0) return null
    const isReaderAlone = found.length === 1 && found[0]?.rolname === roleName(database, 'reader')
    if (found.length < ROLES.length && !isReaderAlone)
      return 'Rights: not all of the roles exist. Run npm run db:roles as who created the others.'
    const byKind = Object.fromEntries(names) as Record<RoleKind, string>
    try {
      await db.transaction(async (tx) => {
        if (isReaderAlone) return tx.execute(readerGrantsOf(database, byKind.reader))
        await tx.execute(grantsOf(database, byKind))
        await tx.execute(await ownershipOf(tx, byKind.owner))
      })
      return null
    } catch (error) {
      if ((error as { sqlstate?: string }).sqlstate !== INSUFFICIENT_PRIVILEGE) throw error
      return `Rights: ${connection.user} may not grant them. Run npm run db:roles as who created the roles.`
    }
  })
}
const INSUFFICIENT_PRIVILEGE = '42501'

async function createRole(tx: Database, name: string, kind: RoleKind, password: string): Promise<void> {
  const verifier = scramVerifier(password)
  registerSecret(`the password of ${name}`, verifier) // PostgreSQL repeats a statement that fails.
  const createdb = kind === 'admin' ? 'createdb' : 'nocreatedb'
  const [found] = await tx.rows<{ is_mighty: boolean }>(
    'select rolsuper or rolreplication or rolbypassrls as is_mighty from pg_roles where rolname = $1',
    [name],
  )
  // These three only a superuser may take away, and only a superuser can have given them.
  const mighty = found === undefined || found.is_mighty ? 'nosuperuser noreplication nobypassrls' : ''
  await tx.execute(
    `${found === undefined ? 'create' : 'alter'} role ${quoteIdentifier(name)} login nocreaterole ` +
      `${createdb} ${mighty} password ${quoteLiteral(verifier)}`,
  )
}

function grantsOf(database: string, names: Readonly<Record<RoleKind, string>>): string {
  const [admin, owner, ingest, reader, analyst] = ROLES.map((kind) => quoteIdentifier(names[kind]))
  const target = quoteIdentifier(database)
  const both = 'schema stocks_research, ingestion'
  const inBoth = 'in schema stocks_research, ingestion'
  return `
    grant ${admin}, ${owner}, ${ingest}, ${reader}, ${analyst} to current_user;
    alter database ${target} owner to ${admin};
    revoke all on database ${target} from public;
    grant connect on database ${target} to ${owner}, ${ingest}, ${reader}, ${analyst};
    grant create on database ${target} to ${owner};
    grant temporary on database ${target} to ${ingest}, ${reader}, ${analyst};
    revoke create on schema public from public;
    grant usage on ${both} to ${ingest}, ${reader}, ${analyst};
    grant select on all tables ${inBoth} to ${ingest}, ${reader}, ${analyst};
    grant insert, update on all tables ${inBoth} to ${ingest};
    revoke insert, update on ${OWNERS_OWN.join(', ')} from ${ingest};
    grant delete on ${REPLACEABLE.join(', ')} to ${ingest};
    grant usage on all sequences ${inBoth} to ${ingest};
    grant execute
      on function ingestion.record_unseen_change(text, jsonb), ingestion.analyze_table(regclass) to ${ingest};
    alter default privileges for role ${owner} ${inBoth} grant select on tables
      to ${ingest}, ${reader}, ${analyst};
    grant usage on schema research to ${reader};
    grant usage, create on schema research to ${analyst};
    grant select on all tables in schema research to ${reader}, ${analyst};
    alter default privileges for role ${analyst} in schema research grant select on tables to ${reader};`
}

/** What a reader needs without the four other roles. */
function readerGrantsOf(database: string, name: string): string {
  const reader = quoteIdentifier(name)
  const schemas = 'schema stocks_research, ingestion, research'
  return `
    grant connect, temporary on database ${quoteIdentifier(database)} to ${reader};
    grant usage on ${schemas} to ${reader};
    grant select on all tables in ${schemas} to ${reader};
    alter default privileges in ${schemas} grant select on tables to ${reader};`
}

/** Schemas, tables, views and functions go to the owner; sequences and indexes follow their tables. */
async function ownershipOf(tx: Database, owner: string): Promise<string> {
  const { sql } = await tx.one<{ sql: string }>(queryFile(join(import.meta.dirname, 'sql'), 'ownership'), [
    owner,
  ])
  return sql
}

const SCRAM_ITERATIONS = 4096

/**
 * What PostgreSQL stores of a password (SCRAM-SHA-256, RFC 5803). The server is given this, so that the
 * password itself is in no statement and no log.
 */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, SCRAM_ITERATIONS, 32, 'sha256')
  const keyOf = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64')
  const server = keyOf('Server Key').toString('base64')
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString('base64')}$${stored}:${server}`
}
