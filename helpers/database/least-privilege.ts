import { randomBytes } from 'node:crypto'
import type { Connection } from '../config/connection.ts'
import { messageOf } from '../core/errors.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { readRights } from '../postgres/rights.ts'
import type { Server } from '../postgres/server.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import { migrate } from './migrate.ts'
import { createRoles, ROLES, type RoleKind, type RolePasswords, roleName } from './roles.ts'
import { createEmptyDatabase, dropDatabase, localeOf, scratchName } from './scratch.ts'

type Probe = readonly [kind: RoleKind, sql: string]

const SECURITY = `insert into stocks_research.securities (security_id, source_id, ticker)
   values (281474976710656, 'probe', 'PROBE')`

/** What each role is for. */
const ALLOWED: readonly Probe[] = [
  [
    'owner',
    `create table stocks_research.probe (a int);
     alter table stocks_research.probe add column b int;
     drop table stocks_research.probe`,
  ],
  [
    'ingest',
    `${SECURITY}; update stocks_research.securities set ticker = 'P' where security_id = 281474976710656`,
  ],
  ['ingest', 'create temporary table staged (a int)'],
  ['ingest', 'delete from stocks_research.adjustment_factors'],
  ['ingest', "select ingestion.record_unseen_change('stocks_research.prices_daily', '{}')"],
  ['ingest', "select ingestion.analyze_table('stocks_research.prices_daily')"],
  ['reader', 'select count(*) from stocks_research.prices_daily_adjusted_v'],
  ['reader', 'select count(*) from ingestion.runs'],
  ['reader', "select count(*) from stocks_research.securities_as_of('2020-01-31')"],
  // A study needs a place for what it computes. A temporary table goes with the session.
  ['reader', 'create temporary table mine (a int)'],
  ['analyst', "select count(*) from stocks_research.securities_as_of('2020-01-31')"],
  ['analyst', 'select count(*) from ingestion.findings_v'],
  ['analyst', 'create temporary table mine (a int)'],
  [
    'analyst',
    `create table research.probe as select security_id from stocks_research.securities;
     create view research.probe_v as select count(*) as n from research.probe;
     drop table research.probe cascade`,
  ],
]

/** Each of them would destroy what a source said, hide who did it, or make rights that nobody gave. */
export const REFUSED: readonly Probe[] = [
  ['ingest', 'delete from stocks_research.prices_daily'],
  ['ingest', 'truncate stocks_research.prices_daily'],
  ['ingest', 'drop table stocks_research.prices_daily'],
  ['ingest', 'alter table stocks_research.prices_daily disable trigger all'],
  ['ingest', 'set local session_replication_role = replica'],
  ['ingest', 'delete from ingestion.table_changes'],
  ['ingest', "insert into ingestion.table_changes (table_name, operation) values ('x', 'INSERT')"],
  ['ingest', 'create table stocks_research.mine (a int)'],
  ['ingest', 'create table public.mine (a int)'],
  ['reader', SECURITY],
  ['reader', "select ingestion.record_unseen_change('stocks_research.prices_daily', '{}')"],
  ['reader', "select ingestion.analyze_table('stocks_research.prices_daily')"],
  ['reader', 'update stocks_research.prices_daily set close = 1'],
  ['reader', 'create table stocks_research.mine (a int)'],
  ['reader', 'create table public.mine (a int)'],
  ['reader', 'create table research.mine (a int)'],
  ['analyst', SECURITY],
  ['analyst', 'update stocks_research.prices_daily set close = 1'],
  ['analyst', 'create table stocks_research.mine (a int)'],
  ['analyst', 'create table public.mine (a int)'],
  // It would keep ingestion from deleting.
  ['analyst', 'create table research.mine (a bigint references stocks_research.securities)'],
  ['analyst', 'drop schema research'],
  ['owner', 'create role another'],
  ['owner', 'set local session_replication_role = replica'],
  ['admin', 'create role another'],
  ['admin', 'select count(*) from stocks_research.prices_daily'],
]

const INSUFFICIENT_PRIVILEGE = '42501'

export interface PrivilegeFault {
  readonly role: string
  readonly statement: string
  readonly what: string
}

/**
 * Runs every statement as its role, each in a transaction that is taken back. Empty when each role does its
 * work and no more. The connection takes the roles on in turn, so none of them has to log in.
 */
export const privilegeFaults = (connection: Connection): Promise<PrivilegeFault[]> =>
  withDatabase(connection, (db) => db.session((session) => faultsOf(session, connection.database)))

async function faultsOf(db: Database, database: string): Promise<PrivilegeFault[]> {
  const faults: PrivilegeFault[] = []
  for (const kind of ROLES) {
    const role = roleName(database, kind)
    const fault = (statement: string, what: string): number => faults.push({ role, statement, what })
    const found = await db.one<{ is_mighty: boolean; rolcreatedb: boolean }>(
      `select rolsuper or rolcreaterole or rolreplication or rolbypassrls as is_mighty, rolcreatedb
         from pg_roles where rolname = $1`,
      [role],
    )
    if (found.is_mighty || found.rolcreatedb !== (kind === 'admin'))
      fault('create role', `it has other attributes than its work needs: ${JSON.stringify(found)}`)
    const run = (sql: string): Promise<unknown> =>
      db
        .transaction(async (tx) => {
          await tx.execute(`set local role ${quoteIdentifier(role)}`)
          await tx.execute(sql)
          throw new TakenBackError()
        })
        .catch((error: unknown) => error)
    for (const [, statement] of ALLOWED.filter(([each]) => each === kind)) {
      const ended = await run(statement)
      if (!(ended instanceof TakenBackError)) fault(statement, messageOf(ended))
    }
    for (const [, statement] of REFUSED.filter(([each]) => each === kind)) {
      const ended = await run(statement)
      if ((ended as { sqlstate?: string }).sqlstate !== INSUFFICIENT_PRIVILEGE)
        fault(statement, ended instanceof TakenBackError ? 'it is allowed' : messageOf(ended))
    }
  }
  return faults
}

export interface LeastPrivilege {
  /** Where the roles were asked, in a sentence. */
  readonly asked: string
  readonly statements_allowed: number
  readonly statements_refused: number
  readonly faults: readonly PrivilegeFault[]
}

/**
 * Makes the roles in the migrated target, where their passwords are given, and asks them what they may do;
 * else in a scratch database, which is dropped again with its roles. A connection that may create no role has
 * none, and is itself no superuser.
 */
export async function leastPrivilege(
  { connection, maintenance }: Pick<Server, 'connection' | 'maintenance'>,
  given: Readonly<Partial<Record<RoleKind, string>>>,
  migrations: string,
): Promise<LeastPrivilege> {
  const rights = await withDatabase(maintenance, (db) => readRights(db))
  if (!rights.may_create_roles)
    return {
      asked: `nowhere: ${connection.user} may not create roles, and is not a superuser`,
      statements_allowed: 0,
      statements_refused: 0,
      faults: [],
    }
  const counts = { statements_allowed: ALLOWED.length, statements_refused: REFUSED.length }
  if (ROLES.every((kind) => given[kind] !== undefined)) {
    await createRoles(connection, given as RolePasswords)
    return {
      asked: `in ${connection.database}, where they are used from now on`,
      ...counts,
      faults: await privilegeFaults(connection),
    }
  }
  const scratch = { ...maintenance, database: scratchName() }
  try {
    await createEmptyDatabase(maintenance, scratch.database, await localeOf(connection))
    await migrate(scratch, migrations)
    await createRoles(scratch, randomPasswords())
    return {
      asked: 'in a scratch database, since their passwords are not given',
      ...counts,
      faults: await privilegeFaults(scratch),
    }
  } finally {
    await dropDatabase(maintenance, scratch.database)
    await dropRoles(maintenance, scratch.database)
  }
}

const dropRoles = (maintenance: Connection, database: string): Promise<void> =>
  withDatabase(maintenance, (db) =>
    db.execute(
      `drop role if exists ${ROLES.map((kind) => quoteIdentifier(roleName(database, kind))).join(', ')}`,
    ),
  )

/** Ends a transaction whose statements all ran. */
class TakenBackError extends Error {}

/** Passwords that nobody knows, for roles that are dropped again. */
const randomPasswords = (): RolePasswords =>
  Object.fromEntries(ROLES.map((kind) => [kind, randomBytes(24).toString('base64url')])) as RolePasswords
