/** The content of the core tables, written down after each run and compared later: an edit is seen, whatever it went round. */
import { compareTables, type Difference, type TableContent } from './backup/compare.ts'
import { hashTables, readSnapshot } from './backup/fingerprint.ts'
import { type Connection, type Database, withDatabase } from './database.ts'

export interface ContentDrift extends Difference {
  /** Where the change came from, as far as the ledger knows, in a sentence. */
  readonly cause: string
}

export interface ContentAudit {
  readonly tables_count: number
  /** Tables without a recording: no run of the ledger has ended on them yet. */
  readonly unrecorded: readonly string[]
  /** Newest recording, UTC; null without one. */
  readonly recorded_at: string | null
  readonly drifts: readonly ContentDrift[]
}

const CORE = { scope: 'content' } as const

/**
 * Records what the core tables hold, at the end of a run: those that a run changed since they were recorded, and those that never
 * were. All others keep what was recorded, so that an edit of one stays visible. To be called while no other run is at work. Gives the
 * names of the tables that it recorded.
 */
export async function recordContent(db: Database, run_id: string): Promise<string[]> {
  const { tables, last_change_id } = await db.transaction(async (tx) => {
    await readSnapshot(tx)
    const settled = await tx.rows<{ name: string }>(
      `select distinct h.table_name as name from ingestion.content_hashes h where not exists (
         select from ingestion.table_changes c join ingestion.runs r using (run_id) where c.table_name = h.table_name
            and c.change_id > (select max(n.last_change_id) from ingestion.content_hashes n where n.table_name = h.table_name))`,
    )
    const names = new Set(settled.map(({ name }) => name))
    const { id } = await tx.one<{ id: string }>('select coalesce(max(change_id), 0)::text as id from ingestion.table_changes')
    return { tables: await hashTables(tx, CORE, (name) => !names.has(name)), last_change_id: id }
  })
  for (const [name, { rows, sha256, segments }] of Object.entries(tables)) {
    await db.rows(
      'insert into ingestion.content_hashes (table_name, run_id, rows_count, sha256, segments, last_change_id) values ($1, $2, $3, $4, $5, $6)',
      [name, run_id, rows, sha256, JSON.stringify(segments), last_change_id],
    )
  }
  return Object.keys(tables)
}

/** Compares every core table with what was last recorded of it. Reads one snapshot, writes nothing. */
export const auditContent = (connection: Connection): Promise<ContentAudit> =>
  withDatabase(connection, (db) => db.transaction((tx) => readSnapshot(tx).then(() => auditSnapshot(tx))), {
    application: 'stocks-research audit',
  })

type Recorded = TableContent & { name: string; last_change_id: string; recorded_at: string }

async function auditSnapshot(tx: Database): Promise<ContentAudit> {
  const newest = await tx.rows<Recorded>(
    `select distinct on (table_name) table_name as name, rows_count::int as rows, sha256, segments, last_change_id::text,
            to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as recorded_at
       from ingestion.content_hashes order by table_name, recording_id desc`,
  )
  const recorded = new Map(newest.map((each) => [each.name, each]))
  const found: Record<string, TableContent> = await hashTables(tx, CORE)
  const unrecorded = Object.keys(found).filter((name) => !recorded.has(name))
  const known = Object.fromEntries(Object.entries(found).filter(([name]) => recorded.has(name)))
  const drifts: ContentDrift[] = []
  for (const difference of compareTables(Object.fromEntries(recorded), known)) {
    drifts.push({ ...difference, cause: await causeOf(tx, difference.name, recorded.get(difference.name)?.last_change_id ?? '0') })
  }
  const recorded_at =
    newest
      .map((each) => each.recorded_at)
      .toSorted()
      .at(-1) ?? null
  return { tables_count: Object.keys(found).length, unrecorded, recorded_at, drifts }
}

async function causeOf(tx: Database, table: string, last_change_id: string): Promise<string> {
  const changes = await tx.rows<{ run_id: string | null; statements: number }>(
    `select r.run_id::text as run_id, count(*)::int as statements from ingestion.table_changes c left join ingestion.runs r using (run_id)
      where c.table_name = $1 and c.change_id > $2 group by 1 order by 1 nulls first`,
    [table, last_change_id],
  )
  if (changes.length === 0) return 'no trigger saw a change: it went round them, or the table was restored or made anew'
  return changes
    .map(({ run_id, statements }) => {
      const what = `${statements} statement${statements === 1 ? '' : 's'}`
      return run_id === null ? `${what} by hand, outside any recorded run` : `${what} of run ${run_id}, which did not come to its end`
    })
    .join('; ')
}

/** The audit as lines for a person. */
export function auditText({ tables_count, unrecorded, recorded_at, drifts }: ContentAudit): string {
  const lines = drifts.map(({ name, detail, cause }) => `${name}: ${detail}. ${cause[0]?.toUpperCase()}${cause.slice(1)}.`)
  if (unrecorded.length > 0) lines.push(`Not recorded yet, since no run has ended: ${unrecorded.join(', ')}.`)
  if (lines.length === 0) lines.push(`All ${tables_count} core tables hold what was last recorded of them (${recorded_at}).`)
  return lines.join('\n')
}
