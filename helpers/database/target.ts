import { join } from 'node:path'
import { type Connection, databaseNameFault } from '../config/connection.ts'
import type { SourceConfig } from '../config/source.ts'
import { messageOf, RefusedError } from '../core/errors.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import type { Server } from '../postgres/server.ts'
import { quoteIdentifier } from '../postgres/sql.ts'

export type Mode = SourceConfig['mode']

/** What the product writes on a database the moment it creates it: the comment on the database, as JSON. */
export interface Mark {
  readonly product: 'stocks-research'
  readonly mode: Mode
  readonly run_id: string
  readonly made_at: string
  /** Of the cluster it was made on; null where we were not allowed to ask. */
  readonly system_identifier: string | null
}

/** A table of the target; `rows_count` is null when it could not be counted. */
export interface TargetTable {
  readonly table: string
  readonly rows_count: number | null
}

/** Changes of core tables outside any recorded run. */
export interface ManualEdit {
  readonly table: string
  readonly operation: string
  readonly statements_count: number
}

interface Found {
  readonly database: string
  readonly host: string
  readonly port: number
  /** True when the database is sealed: dropdb would refuse it. */
  readonly is_template: boolean
  readonly tables: readonly TargetTable[]
}

/** What is there under the target's name. */
export type Target =
  | (Found & { readonly state: 'absent' })
  | (Found & { readonly state: 'empty' })
  | (Found & {
      readonly state: 'foreign'
      readonly reason: string
      /** True when nothing is known of what it holds: it could not be connected to, or read. */
      readonly is_closed?: true
    })
  | (Found & {
      readonly state: 'ours'
      readonly mode: Mode
      /** Null when the database came by a restore or a copy, which carry no mark. */
      readonly mark: Mark | null
      readonly manual_edits: readonly ManualEdit[]
    })

// Counting is for the message; a large table is estimated instead.
const COUNT_LIMIT_MS = 5000
const SQL = join(import.meta.dirname, 'sql')

/** Looks at the target database in read-only transactions: nothing is written, whatever it is. */
export async function inspectTarget(
  server: Pick<Server, 'connection' | 'maintenance' | 'describe'>,
): Promise<Target> {
  const { connection, maintenance } = server
  const { database, host, port } = connection
  const [entry] = await withDatabase(maintenance, (db) =>
    db.rows<{ is_template: boolean; comment: string | null }>(
      `select datistemplate as is_template, shobj_description(oid, 'pg_database') as comment
         from pg_database where datname = $1`,
      [database],
    ),
  )
  if (entry === undefined) return { state: 'absent', database, host, port, is_template: false, tables: [] }
  const mark = readMark(entry.comment)
  const found = { database, host, port, is_template: entry.is_template }
  try {
    return await withDatabase(
      connection,
      (db) => db.session((session) => look(session, found, mark, server)),
      {
        application: 'stocks-research inspect',
        settings: { default_transaction_read_only: 'on' },
      },
    )
  } catch (error) {
    return { ...found, tables: [], state: 'foreign', is_closed: true, reason: messageOf(error) }
  }
}

async function look(
  db: Database,
  found: Omit<Found, 'tables'>,
  mark: Mark | null,
  server: Pick<Server, 'describe'>,
): Promise<Target> {
  const { objects_count } = await db.one<{ objects_count: number }>(queryFile(SQL, 'count-objects'))
  if (objects_count === 0) return { ...found, state: 'empty', tables: [] }
  const tables = await countTables(db)
  const environment = await readEnvironmentRow(db)
  const mode = strictest(mark?.mode, environment)
  if (mode === undefined)
    return { ...found, state: 'foreign', tables, reason: 'it does not carry the mark of this product' }
  const { system_identifier } = await server.describe()
  if (
    mark?.system_identifier != null &&
    system_identifier !== null &&
    mark.system_identifier !== system_identifier
  ) {
    return {
      ...found,
      state: 'foreign',
      tables,
      reason:
        `its mark is of another server (system identifier ${mark.system_identifier}, here ` +
        `${system_identifier})`,
    }
  }
  return { ...found, state: 'ours', tables, mode, mark, manual_edits: await manualEdits(db, tables) }
}

export interface DropDecision {
  /** A verified backup must exist before the drop. */
  readonly needs_backup: boolean
  readonly because: string
}

/**
 * Whether the target may be dropped.
 *
 * @param confirm_drop what was typed: `name@host`, see `confirmationOf`.
 * @throws RefusedError that says what the database holds and what can be done.
 */
export function dropPolicy(target: Target, confirm_drop: string | undefined): DropDecision {
  if (target.state === 'absent') return { needs_backup: false, because: 'there is none' }
  const where = `${target.database} at ${target.host}:${target.port}`
  if (target.is_template) {
    throw new RefusedError(
      `${where} is sealed (IS_TEMPLATE): it is the result of a finished run and is not dropped. To ` +
        'give it up, run in psql on the database postgres:\n  alter database ' +
        `${target.database} is_template false;\nor set PGDATABASE to another name.`,
    )
  }
  if (target.state === 'empty') return { needs_backup: false, because: 'it is empty' }
  if (target.state === 'foreign' && target.is_closed) {
    throw new RefusedError(
      `${where} exists and cannot be read, so its content is unknown: ${target.reason}. ` +
        'Nothing was touched. Either\n  - allow the role of PGUSER to connect, as the owner or a ' +
        'superuser:\n' +
        `    grant connect on database ${quoteIdentifier(target.database)} to …\n` +
        '  - or set PGDATABASE to a name that is free.',
    )
  }
  if (target.state === 'foreign') {
    throw new RefusedError(
      `${where} was not made by this product (${target.reason}), and it contains ` +
        `${holdings(target.tables)}. Nothing was touched. Either\n  - set PGDATABASE to a name ` +
        'that is free, or\n  - set PGHOST and PGPORT to the server you mean, or\n  - drop it ' +
        `yourself, if it is no longer needed: dropdb -h ${target.host} -p ${target.port} ` +
        `${target.database}`,
    )
  }
  const disposable = target.mark !== null && (target.mode === 'rehearsal' || target.mode === 'flat-files')
  if (disposable && target.manual_edits.length === 0)
    return {
      needs_backup: true,
      because: `this product made it (${target.mode}), and it has no manual edits`,
    }
  const [typed] = confirmationsOf(target)
  if (confirm_drop !== undefined && confirmationsOf(target).includes(confirm_drop))
    return { needs_backup: true, because: `the drop was confirmed by typing ${confirm_drop}` }
  throw new RefusedError(
    [
      `${where} contains ${holdings(target.tables)} and is not dropped without a typed confirmation, ` +
        `since ${reasonToKeep(target)}. Nothing was touched. ` +
        'To drop it, after a verified backup, which is made first:',
      `  BOOTSTRAP_CONFIRM_DROP=${typed}`,
      ...(confirm_drop === undefined ? [] : [`(BOOTSTRAP_CONFIRM_DROP is "${confirm_drop}" now.)`]),
      'or set PGDATABASE to another name.',
    ].join('\n'),
  )
}

/** Tables without whose rows a database holds nothing that a run loaded. */
const LOADED = ['stocks_research.securities', 'stocks_research.prices_daily']

/**
 * @param left_out what the run will not do after the drop, in words; empty when it builds the target again.
 * @throws RefusedError when the target holds loaded rows, the run would not load them again, and nobody typed
 *   the confirmation.
 */
export function requireRebuild(
  target: Target,
  left_out: readonly string[],
  confirm_drop: string | undefined,
): void {
  const loaded = target.tables.filter(({ table, rows_count }) => LOADED.includes(table) && rows_count !== 0)
  const [first, ...more] = left_out
  if (first === undefined || loaded.length === 0) return
  const [typed, ...others] = confirmationsOf(target)
  if (confirm_drop !== undefined && [typed, ...others].includes(confirm_drop)) return
  throw new RefusedError(
    [
      `This run leaves out ${first}${more.length === 0 ? '' : ` and ${more.length} more`}: it would drop ` +
        `${target.database} at ${target.host}:${target.port}, which contains ${holdings(loaded)}, ` +
        'and not load it again. Nothing was touched. Run the complete checklist:',
      '  npx vitest run phases',
      'To drop it without loading it again, after a verified backup, which is made first:',
      `  BOOTSTRAP_CONFIRM_DROP=${typed}`,
    ].join('\n'),
  )
}

/**
 * What must be typed: the name, `@`, and the host as PGHOST has it; `localhost` for a loopback address or a
 * socket.
 */
export function confirmationsOf({ database, host }: Pick<Found, 'database' | 'host'>): string[] {
  const isLocal = ['localhost', '127.0.0.1', '::1', ''].includes(host) || host.startsWith('/')
  return isLocal ? [...new Set([`${database}@localhost`, `${database}@${host}`])] : [`${database}@${host}`]
}

function reasonToKeep(target: Target & { state: 'ours' }): string {
  if (target.manual_edits.length > 0) {
    const edits = target.manual_edits.map(
      (edit) => `${edit.table} (${edit.statements_count} ${edit.operation})`,
    )
    return `it was changed by hand: ${edits.join(', ')}`
  }
  if (target.mark === null) return 'it carries no mark of its making (a restored or copied database)'
  return `it was made in ${target.mode} mode`
}

function holdings(tables: readonly TargetTable[]): string {
  if (tables.length === 0) return 'objects that are not tables'
  const shown = tables
    .slice(0, 10)
    .map(({ table, rows_count }) => `${table} (${rows_count ?? 'uncounted'} rows)`)
  return (
    `${tables.length} table${tables.length === 1 ? '' : 's'}: ` +
    `${shown.join(', ')}${tables.length > shown.length ? ', …' : ''}`
  )
}

/** A live or replayed database stays one, whatever only one of its two marks says. */
function strictest(...modes: readonly (Mode | undefined)[]): Mode | undefined {
  return (['live', 'replay', 'flat-files', 'rehearsal'] as const).find((mode) => modes.includes(mode))
}

/** The mark in a database's comment; null when the comment is something else. */
export function readMark(comment: string | null): Mark | null {
  try {
    const value = JSON.parse(comment ?? '') as Mark
    return value.product === 'stocks-research' && strictest(value.mode) !== undefined ? value : null
  } catch {
    return null
  }
}

async function countTables(db: Database): Promise<TargetTable[]> {
  const tables = await db.rows<{ schema: string; name: string; kind: string; estimate: number }>(
    queryFile(SQL, 'tables-to-count'),
  )
  const counted: TargetTable[] = []
  for (const { schema, name, kind, estimate } of tables) {
    const table = `${schema}.${name}`
    // A foreign table may reach another server, which is not asked. Names are the catalog's own, so any of
    // them may come.
    const quoted = [schema, name].map(quoteIdentifier).join('.')
    const count = kind === 'f' ? undefined : await countRows(db, quoted).catch(() => undefined)
    counted.push({ table, rows_count: count?.n ?? (estimate > 0 ? estimate : null) })
  }
  return counted
}

const countRows = (db: Database, quoted: string): Promise<{ n: number }> =>
  db.transaction(async (tx) => {
    await tx.execute(`set local statement_timeout = ${COUNT_LIMIT_MS}`)
    return tx.one<{ n: number }>(`select count(*)::float8 as n from ${quoted}`)
  })

async function readEnvironmentRow(db: Database): Promise<Mode | undefined> {
  if (!(await exists(db, 'ingestion.environment'))) return undefined
  const [row] = await db.rows<{ mode: Mode }>('select mode from ingestion.environment').catch(() => [])
  return row === undefined ? undefined : strictest(row.mode)
}

/**
 * Every change of a core table that belongs to no recorded run or upgrade, and every table that lies outside
 * the product's schemas and schema research.
 */
async function manualEdits(db: Database, tables: readonly TargetTable[]): Promise<ManualEdit[]> {
  const strange = tables
    .filter(({ table }) => !/^(ingestion|stocks_research|research)\./.test(table))
    .map(({ table }) => ({ table, operation: 'CREATE TABLE', statements_count: 1 }))
  if (!(await exists(db, 'ingestion.table_changes')) || !(await exists(db, 'ingestion.runs'))) return strange
  const edits = await db.rows<ManualEdit & Record<string, unknown>>(queryFile(SQL, 'manual-edits'))
  return [...edits, ...strange]
}

const exists = async (db: Database, relation: string): Promise<boolean> =>
  (await db.one<{ is_there: boolean }>('select to_regclass($1) is not null as is_there', [relation])).is_there

/** A checked, quoted name for a database that we create or drop. */
export function targetIdentifier({ database }: Connection): string {
  const fault = databaseNameFault(database)
  if (fault !== undefined)
    throw new RefusedError(`"${database}" is not a name for the target database: it ${fault}.`)
  return quoteIdentifier(database)
}
