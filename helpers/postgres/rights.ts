import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { PreconditionError } from '../core/errors.ts'
import { type Database, withDatabase } from './database.ts'
import { queryFile } from './query-file.ts'
import { quoteIdentifier } from './sql.ts'

/** What the role of a connection may do on its server, and to the target database. */
export interface Rights {
  readonly role: string
  readonly is_superuser: boolean
  readonly may_create_databases: boolean
  readonly may_create_roles: boolean
  /** It may set `session_replication_role`, under which no ordinary trigger fires. */
  readonly may_bypass_triggers: boolean
  readonly may_read_system_identifier: boolean
  /** Null where the target does not exist. */
  readonly target_owner: string | null
  /** True also where the target does not exist. */
  readonly may_drop_target: boolean
  readonly may_connect_to_target: boolean
}

/** Asks the server. `database` is the target, which need not exist. */
export const readRights = (db: Database, database = ''): Promise<Rights> =>
  db.one<Rights & Record<string, unknown>>(queryFile(join(import.meta.dirname, 'sql'), 'rights'), [database])

/** The rights in words, for the evidence. */
export function rightsText(rights: Rights): { readonly may: string[]; readonly may_not: string[] } {
  const words: readonly (readonly [is_allowed: boolean, what: string])[] = [
    [rights.is_superuser, 'everything (superuser)'],
    [rights.may_create_databases, 'create databases'],
    [rights.may_create_roles, 'create roles: for restores, and to test the least privileges'],
    [rights.may_bypass_triggers, 'set session_replication_role'],
    [rights.may_read_system_identifier, 'read the system identifier of the server'],
  ]
  const named = (is_allowed: boolean): string[] =>
    words.filter(([each]) => each === is_allowed).map(([, what]) => what)
  return { may: named(true), may_not: named(false) }
}

/**
 * Reads what the role may do, before anything is made.
 *
 * @throws PreconditionError unless the role may create databases and drop the target, with the statement that
 *   grants what is missing.
 */
export async function requireRights(maintenance: Connection, database: string): Promise<Rights> {
  const rights = await withDatabase(maintenance, (db) => readRights(db, database))
  const faults = missingRights(rights, database)
  if (faults.length === 0) return rights
  throw new PreconditionError(
    [
      `The role ${rights.role} at ${maintenance.host}:${maintenance.port} lacks rights that the checklist ` +
        'needs. Nothing was made. Let a superuser, or the administrator of the server, run:',
      ...faults.map(({ lacks, grant }) => `  ${grant}    -- ${lacks}`),
      ...(rights.may_drop_target && rights.may_connect_to_target ? [] : [ANOTHER_TARGET]),
    ].join('\n'),
  )
}

const ANOTHER_TARGET =
  'The checklist drops and creates that database: if it is not yours, set PGDATABASE to another name.'

function missingRights(rights: Rights, database: string): { lacks: string; grant: string }[] {
  const role = quoteIdentifier(rights.role)
  const target = quoteIdentifier(database)
  const faults: { lacks: string; grant: string }[] = []
  if (!rights.may_create_databases)
    faults.push({ lacks: 'it may not create databases', grant: `alter role ${role} createdb;` })
  if (!rights.may_drop_target)
    faults.push({
      lacks: `it does not own ${database}, which belongs to ${rights.target_owner}`,
      grant: `alter database ${target} owner to ${role};`,
    })
  if (!rights.may_connect_to_target)
    faults.push({
      lacks: `it may not connect to ${database}`,
      grant: `grant connect on database ${target} to ${role};`,
    })
  return faults
}
