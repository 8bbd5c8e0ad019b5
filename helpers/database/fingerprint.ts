import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { compareText } from '../core/text.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { hashQuery, type Segment } from './row-hash.ts'
import { readSchemaObjects } from './schema-objects.ts'
import { inScope, notOfExtension, OWN_SCHEMA, type Scope } from './scope.ts'

export interface TableFingerprint {
  readonly kind: 'table' | 'partitioned table' | 'materialized view'
  readonly rows: number
  /** SHA-256 of `copy (select <key>, <other columns> from <table> order by <key>) to stdout`. */
  readonly sha256: string
  /** Columns that order the rows; empty when no unique key does, and then the text of the row orders them. */
  readonly key: readonly string[]
  /** Hashes of runs of rows; they name the key range of a difference. */
  readonly segments: readonly Segment[]
}
export interface ViewFingerprint {
  readonly definition_sha256: string
  /** Null when the view was too slow to hash, or was not asked for; `reason` says which. */
  readonly rows: number | null
  /**
   * Sum of the 64-bit hashes of its rows: order-free, so that no sort is needed. Its tables carry the
   * SHA-256.
   */
  readonly rows_hash: string | null
  readonly reason?: string
}
export interface SequenceFingerprint {
  readonly last_value: string
  readonly is_called: boolean
  /** Set when somebody drew from the sequence while the dump ran: sequences stand outside every snapshot. */
  readonly last_value_after?: string
}
export interface Fingerprint {
  readonly scope: Scope
  readonly tables: Readonly<Record<string, TableFingerprint>>
  readonly views: Readonly<Record<string, ViewFingerprint>>
  readonly sequences: Readonly<Record<string, SequenceFingerprint>>
  /** Every object of the schema and the first half of the SHA-256 of its definition. */
  readonly objects: Readonly<Record<string, string>>
  /** SHA-256 over `objects`. */
  readonly schema_sha256: string
  /**
   * SHA-256 over name, rows and hash of every table: one line that says whether two databases hold the same
   * rows.
   */
  readonly content_sha256: string
  /** Constraints that were never checked against the rows (`not valid`). */
  readonly unvalidated_constraints: readonly string[]
}

export interface FingerprintOptions {
  readonly scope: Scope
  /**
   * Whose rows are hashed too: every view, none, or the named ones. Default: those that answer in
   * `view_max_ms`, all of them together.
   */
  readonly views?: 'all' | 'none' | 'cheap' | readonly string[]
  /**
   * How long all views together may take when `views` is cheap, milliseconds: the comparison takes as long
   * again. Default 2,000.
   */
  readonly view_max_ms?: number
  readonly onTable?: (name: string, rows: number) => void
}

const VIEWS_MAX_MS = 2_000
/** With less, the timeout ends the statements around the query too; and a timeout of 0 would be none. */
const VIEW_MIN_MS = 50
const SQL = join(import.meta.dirname, 'sql')

/** Fingerprint of a database as of one snapshot. */
export const fingerprintOf = (connection: Connection, options: FingerprintOptions): Promise<Fingerprint> =>
  withDatabase(
    connection,
    (db) => db.transaction((tx) => readSnapshot(tx).then(() => fingerprint(tx, options))),
    {
      application: 'stocks-research fingerprint',
    },
  )

/** Settings under which text output and hashes are the same on every server. */
const SNAPSHOT_SETTINGS = [
  'row_security = off',
  "timezone = 'UTC'",
  "datestyle = 'ISO, YMD'",
  'intervalstyle = postgres',
  'extra_float_digits = 1',
  'bytea_output = hex',
  "client_encoding = 'UTF8'",
  'search_path = pg_catalog',
  "work_mem = '64MB'",
  'xmloption = content',
  'jit = off',
]

/**
 * Makes the transaction a read-only snapshot with pinned settings, and exports it. Must be its first
 * statement. `row_security = off` turns a policy that would hide rows into an error.
 *
 * @param lock_wait_ms how long a table that somebody holds exclusively is waited for; 0 is without an end.
 */
export async function readSnapshot(tx: Database, lock_wait_ms = 0): Promise<string> {
  await tx.execute('set transaction isolation level repeatable read, read only')
  await pinSettings(tx)
  await tx.execute(`set local lock_timeout = ${lock_wait_ms}`)
  return (await tx.one<{ id: string }>('select pg_catalog.pg_export_snapshot() as id')).id
}

/** Pins the settings that text output depends on, for the rest of the transaction. */
export const pinSettings = (tx: Database): Promise<void> =>
  tx.execute(SNAPSHOT_SETTINGS.map((setting) => `set local ${setting}`).join('; '))

/** Fingerprint inside a transaction that `readSnapshot` has prepared. */
export async function fingerprint(tx: Database, options: FingerprintOptions): Promise<Fingerprint> {
  const hashed = Object.entries(await hashTables(tx, options))
  const tables = Object.fromEntries(hashed.map(([name, { columns: _, ...table }]) => [name, table]))
  const views: Record<string, ViewFingerprint> = {}
  let views_ms_left = options.view_max_ms ?? VIEWS_MAX_MS
  for (const view of await listViews(tx, options.scope)) {
    const started = performance.now()
    views[view.name] = await hashView(tx, view, options.views ?? 'cheap', Math.floor(views_ms_left))
    views_ms_left -= performance.now() - started
  }
  const objects = await readSchemaObjects(tx, options.scope)
  const unvalidated = await tx.rows<{ name: string }>(
    queryFile(SQL, 'unvalidated-constraints', { in_scope: inScope('c.connamespace', options.scope) }),
  )
  return {
    scope: options.scope,
    tables,
    views,
    sequences: await readSequences(tx, options.scope),
    objects,
    schema_sha256: schemaHashOf(objects),
    content_sha256: contentHashOf(tables),
    unvalidated_constraints: unvalidated.map(({ name }) => name),
  }
}

export const schemaHashOf = (objects: Fingerprint['objects']): string =>
  sha256Of(Object.entries(objects).map(([name, hash]) => `${name} ${hash}`))

export const contentHashOf = (tables: Fingerprint['tables']): string =>
  sha256Of(Object.entries(tables).map(([name, { rows, sha256 }]) => `${name} ${rows} ${sha256}`))

export interface HashTablesOptions extends Pick<FingerprintOptions, 'scope' | 'onTable'> {
  /** Default: every table of the scope. */
  readonly isWanted?: (table: string) => boolean
  /**
   * The columns to hash, in order, in place of all that a table has now. Ignored as a whole when one of them
   * is gone.
   */
  readonly columnsOf?: (table: string) => readonly string[] | undefined
}

/**
 * The tables alone, each with the columns that were hashed, inside a transaction that `readSnapshot` has
 * prepared.
 */
export async function hashTables(
  tx: Database,
  { scope, onTable, isWanted = () => true, columnsOf = () => undefined }: HashTablesOptions,
): Promise<Record<string, TableFingerprint & { readonly columns: readonly string[] }>> {
  const tables: Record<string, TableFingerprint & { columns: readonly string[] }> = {}
  for (const { name, kind, key, columns: all, rowsOf } of await listTables(tx, scope)) {
    if (!isWanted(name)) continue
    const asked = columnsOf(name)
    const columns = asked?.every((column) => all.includes(column)) === true ? asked : all
    const { rows, sha256, segments } = await hashQuery(tx, rowsOf(columns), key.length)
    tables[name] = { kind, rows, sha256, key, segments, columns }
    onTable?.(name, rows)
  }
  return tables
}

/** Sequences as they stand now; they are not part of a snapshot. */
export async function readSequences(
  db: Database,
  scope: Scope,
): Promise<Record<string, SequenceFingerprint>> {
  const sequences: Record<string, SequenceFingerprint> = {}
  const listed = await db.rows<{ name: string }>(queryFile(SQL, 'sequences-to-read', relationsOf(scope)))
  for (const { name } of listed) {
    sequences[name] = await db.one<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${name}`,
    )
  }
  return sequences
}

interface TableQuery {
  readonly name: string
  readonly kind: TableFingerprint['kind']
  readonly key: readonly string[]
  /** The key first. */
  readonly columns: readonly string[]
  readonly rowsOf: (columns: readonly string[]) => string
}

/** The conditions on a relation `c` that the queries of this file share. */
const relationsOf = (scope: Scope): { in_scope: string; not_of_extension: string } => ({
  in_scope: inScope('c.relnamespace', scope),
  not_of_extension: notOfExtension('c.oid', 'pg_class'),
})

async function listTables(tx: Database, scope: Scope): Promise<TableQuery[]> {
  const tables = await tx.rows<{
    oid: number
    name: string
    kind: TableFingerprint['kind']
    key: { name: string; is_ordered: boolean }[] | null
    columns: string[] | null
  }>(queryFile(SQL, 'tables-to-hash', relationsOf(scope)))
  return tables.toSorted(byName).map((table) => {
    const key = table.key ?? []
    const names = key.map(({ name }) => name)
    const columns = [...names, ...(table.columns ?? []).filter((column) => !names.includes(column))]
    const order = key.map(({ name, is_ordered }) =>
      is_ordered ? `t.${name}` : `t.${name}::text collate "C"`,
    )
    const orderBy =
      columns.length === 0 ? '' : ` order by ${order.length > 0 ? order.join(', ') : 't::text collate "C"'}`
    const from = table.kind === 'table' ? `only ${table.name}` : table.name
    const rowsOf = (wanted: readonly string[]): string =>
      `select ${wanted.map((column) => `t.${column}`).join(', ')} from ${from} t${orderBy}`
    return { name: table.name, kind: table.kind, key: names, columns, rowsOf }
  })
}

const listViews = async (tx: Database, scope: Scope): Promise<{ name: string; definition: string }[]> =>
  (
    await tx.rows<{ name: string; definition: string }>(queryFile(SQL, 'views-to-hash', relationsOf(scope)))
  ).toSorted(byName)

async function hashView(
  tx: Database,
  view: { name: string; definition: string },
  views: NonNullable<FingerprintOptions['views']>,
  ms_left: number,
): Promise<ViewFingerprint> {
  const definition_sha256 = sha256Of([view.definition])
  // A view of a user may call functions of that user, and would do so with the rights of this connection.
  if (view.name.startsWith(`${OWN_SCHEMA}.`))
    return { definition_sha256, rows: null, rows_hash: null, reason: 'a user made it: only its definition' }
  const isWanted = typeof views === 'string' ? views !== 'none' : views.includes(view.name)
  if (!isWanted)
    return { definition_sha256, rows: null, rows_hash: null, reason: 'its rows were not asked for' }
  const slow = { definition_sha256, rows: null, rows_hash: null, reason: 'its rows take too long to hash' }
  if (views === 'cheap' && ms_left < VIEW_MIN_MS) return slow
  await tx.execute(`savepoint view_rows; set local statement_timeout = ${views === 'cheap' ? ms_left : 0}`)
  try {
    const { rows, rows_hash } = await tx.one<{ rows: string; rows_hash: string }>(
      `select count(*) as rows, coalesce(sum(hashtextextended(v::text, 0)::numeric), 0)::text as rows_hash
         from ${view.name} v`,
    )
    return { definition_sha256, rows: Number(rows), rows_hash }
  } catch (error) {
    if (views !== 'cheap' || (error as { sqlstate?: string }).sqlstate !== '57014') throw error
    return slow
  } finally {
    await takeBack(tx)
  }
}

/**
 * Rolls back to before the rows of a view were read, which takes the timeout back too. The timeout may still
 * end this statement, or fire just after it and end the next one: then it is rolled back once more, without
 * a timeout. A lost connection has its own error.
 */
async function takeBack(tx: Database): Promise<void> {
  for (let tries = 1; tries <= 3; tries++) {
    try {
      await tx.execute('rollback to savepoint view_rows')
      return await tx.execute('release savepoint view_rows')
    } catch (error) {
      if (!['57014', '25P02'].includes((error as { sqlstate?: string }).sqlstate ?? '')) return
    }
  }
}

/** By code unit: the order of no locale. */
const byName = (a: { name: string }, b: { name: string }): number => compareText(a.name, b.name)

const sha256Of = (lines: readonly string[]): string =>
  createHash('sha256').update(lines.join('\n')).digest('hex')
