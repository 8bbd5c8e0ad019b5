/** Proves that a migration keeps the rows of every table that it does not declare to change. */
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { VerificationError } from '../core/errors.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { compareTables, describeDifferences } from './compare.ts'
import { hashTables, pinSettings, readSnapshot } from './fingerprint.ts'
import type { Migration } from './migration-files.ts'

type Tables = Awaited<ReturnType<typeof hashTables>>

const SQL = join(import.meta.dirname, 'sql')
const FULL = { scope: 'full' } as const
/** Written by the runner itself. */
const RUNNERS_OWN = 'ingestion.migrations'
/** Written by triggers as soon as a row of a core table changes. */
const LEDGERS = ['ingestion.table_changes', 'ingestion.subject_versions', 'ingestion.content_hashes']

export interface KeptContent {
  /** Tables whose rows are the same, by hash over the columns that they had before. */
  readonly kept: readonly string[]
  /** Tables that a migration declares to change, and that have other rows now. */
  readonly changed: readonly string[]
  readonly rows: number
}

/** To be called after each migration, in its transaction. */
export interface ContentGuard {
  verify(tx: Database, migration: Migration): Promise<void>
  /** What was proven so far. */
  result(): KeptContent
}

/**
 * Hashes every table of the database. `verify` hashes them again, over the same columns: a column may be
 * added, and a table created, without a declaration.
 */
export async function guardContent(connection: Connection): Promise<ContentGuard> {
  let tables: Tables = await withDatabase(
    connection,
    (db) =>
      db.transaction(async (tx) => {
        await readSnapshot(tx)
        return hashTables(tx, FULL)
      }),
    { application: 'stocks-research migrate' },
  )
  const changed = new Set<string>()
  return {
    async verify(tx, migration) {
      await pinSettings(tx)
      const declared = new Set(migration.changes)
      const mayChange = (name: string): boolean =>
        name === RUNNERS_OWN || declared.has(name) || (declared.size > 0 && LEDGERS.includes(name))
      const found = await hashTables(tx, {
        ...FULL,
        columnsOf: (name) => (mayChange(name) ? undefined : tables[name]?.columns),
      })
      const isKnown = ([name]: [string, unknown]): boolean => tables[name] !== undefined && !mayChange(name)
      const expected = Object.fromEntries(Object.entries(tables).filter(([name]) => !mayChange(name)))
      const differences = compareTables(expected, Object.fromEntries(Object.entries(found).filter(isKnown)))
      if (differences.length > 0)
        throw new VerificationError(
          `${migration.name} changes rows that it does not declare, so it was rolled back: ` +
            `${describeDifferences(differences)}. If it must change a table, add the line ` +
            '"-- changes: schema.table" to its head; if it must not, correct its SQL. If another session ' +
            'wrote meanwhile, stop it and start again.',
        )
      for (const name of declared)
        if (found[name]?.sha256 !== tables[name]?.sha256) {
          changed.add(name)
          await recordAgain(tx, name, found)
        }
      await readViews(tx)
      // Recording a table anew has changed the table of recordings.
      const ledgers = await hashTables(tx, { ...FULL, isWanted: (name) => LEDGERS.includes(name) })
      tables = { ...found, ...ledgers }
    },
    result: () => ({
      kept: Object.keys(tables).filter((name) => name !== RUNNERS_OWN && !changed.has(name)),
      changed: [...changed],
      rows: Object.values(tables).reduce((sum, { rows }) => sum + rows, 0),
    }),
  }
}

/** What the last run recorded of a core table that a migration has changed is recorded anew. */
async function recordAgain(tx: Database, name: string, found: Tables): Promise<void> {
  const table = found[name]
  if (table === undefined) return // It was dropped.
  const { is_recorded } = await tx.one<{ is_recorded: boolean }>(
    'select exists (select from ingestion.content_hashes where table_name = $1) as is_recorded',
    [name],
  )
  if (!is_recorded) return
  const { id } = await tx.one<{ id: string }>(
    'select coalesce(max(change_id), 0)::text as id from ingestion.table_changes',
  )
  const { rows, sha256, segments, columns } = table
  const values = [name, null, rows, sha256, JSON.stringify(segments), columns, id]
  await tx.rows(queryFile(SQL, 'record-content'), values)
}

/** Every view must answer on the new schema. */
async function readViews(tx: Database): Promise<void> {
  const views = await tx.rows<{ name: string }>(queryFile(SQL, 'own-views'))
  for (const { name } of views) await tx.rows(`select * from ${name} limit 1`)
}
