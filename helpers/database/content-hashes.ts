/**
 * The content of the core tables, written down after each run and compared later: an edit is seen, whatever
 * it went round.
 */

import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { compareTables, type Difference, showKey, type TableContent } from './compare.ts'
import { hashTables, readSnapshot } from './fingerprint.ts'

export interface ContentDrift extends Difference {
  /** Where the change came from, as far as the ledger knows, in a sentence. */
  readonly cause: string
  /**
   * No trigger saw a change, and the columns are those that were recorded: somebody bypassed the triggers.
   */
  readonly is_unseen: boolean
  readonly recorded: Pick<TableContent, 'rows' | 'sha256'> | null
  readonly found: Pick<TableContent, 'rows' | 'sha256'> | null
}

/** A change outside any recorded run, as the ledger has it. */
export interface KnownEdit {
  readonly table: string
  /** What a trigger saw; UNSEEN for what a later run found by hash. */
  readonly operation: string
  readonly statements_count: number
  /** UTC. */
  readonly last_changed_at: string
  /** Of unseen ones. */
  readonly key_ranges: NonNullable<Difference['key_ranges']>
}

export interface ContentAudit {
  readonly tables_count: number
  /** Tables without a recording: no run of the ledger has ended on them yet. */
  readonly unrecorded: readonly string[]
  /** Newest recording, UTC; null without one. */
  readonly recorded_at: string | null
  readonly drifts: readonly ContentDrift[]
  /** Edits that are in the ledger, whether or not a run has recorded the table since. */
  readonly known_edits: readonly KnownEdit[]
}

const SQL = join(import.meta.dirname, 'sql')
/** A statement that begins with the newest recording of each table. */
const recordingsQuery = (name: string): string =>
  queryFile(SQL, name, { newest_recordings: queryFile(SQL, 'newest-recordings') })
const CORE = { scope: 'content' } as const

/**
 * Records what the core tables hold, at the end of a run: those that a run changed since they were recorded,
 * and those that never were. All others keep what was recorded, so that an edit of one stays visible. To be
 * called while no other run is at work. Gives the names of the tables that it recorded.
 */
export async function recordContent(db: Database, run_id: string): Promise<string[]> {
  const { tables, last_change_id } = await db.transaction(async (tx) => {
    await readSnapshot(tx)
    const settled = await tx.rows<{ name: string }>(recordingsQuery('settled-tables'))
    const names = new Set(settled.map(({ name }) => name))
    const { id } = await tx.one<{ id: string }>(
      'select coalesce(max(change_id), 0)::text as id from ingestion.table_changes',
    )
    return {
      tables: await hashTables(tx, { ...CORE, isWanted: (name) => !names.has(name) }),
      last_change_id: id,
    }
  })
  for (const [name, { rows, sha256, segments, columns }] of Object.entries(tables)) {
    const values = [name, run_id, rows, sha256, JSON.stringify(segments), columns, last_change_id]
    await db.rows(queryFile(SQL, 'record-content'), values)
  }
  return Object.keys(tables)
}

/**
 * Writes down as manual edits what no trigger saw since the last recording, so that the next one does not
 * make them the truth. To be called under the ingestion lock before a run changes anything; costs about a
 * second for a million rows. What was written down already is not written again. Gives what it wrote.
 */
export async function recordUnseenChanges(db: Database): Promise<ContentDrift[]> {
  const { isAnything } = await db.one<{ isAnything: boolean }>(
    'select exists (select from ingestion.content_hashes) as "isAnything"',
  )
  if (!isAnything) return []
  const { drifts } = await db.transaction(async (tx) => {
    await readSnapshot(tx)
    // Where a trigger saw something since, of a hand or of a run that was killed, a hash cannot tell what
    // else there was.
    const seen = await tx.rows<{ name: string }>(recordingsQuery('tables-with-seen-changes'))
    return auditSnapshot(tx, new Set(seen.map(({ name }) => name)))
  })
  const written: ContentDrift[] = []
  for (const drift of drifts.filter(({ is_unseen }) => is_unseen)) {
    const { name, recorded, found, key_ranges } = drift
    const { isKnown } = await db.one<{ isKnown: boolean }>(
      `select exists (select from ingestion.table_changes where operation = 'UNSEEN' and table_name = $1
         and detail -> 'recorded' = $2::jsonb and detail -> 'found' = $3::jsonb) as "isKnown"`,
      [name, JSON.stringify(recorded), JSON.stringify(found)],
    )
    if (isKnown) continue
    await db.rows('select ingestion.record_unseen_change($1, $2)', [
      name,
      JSON.stringify({ recorded, found, key_ranges: key_ranges ?? [] }),
    ])
    written.push(drift)
  }
  return written
}

/** Compares every core table with what was last recorded of it. Reads one snapshot, writes nothing. */
export const auditContent = (connection: Connection): Promise<ContentAudit> =>
  withDatabase(connection, (db) => db.transaction((tx) => readSnapshot(tx).then(() => auditSnapshot(tx))), {
    application: 'stocks-research audit',
  })

type Recorded = TableContent & {
  name: string
  columns: string[] | null
  last_change_id: string
  recorded_at: string
}

async function auditSnapshot(tx: Database, without: ReadonlySet<string> = new Set()): Promise<ContentAudit> {
  const all = await tx.rows<Recorded>(recordingsQuery('last-recordings'))
  const newest = all.filter(({ name }) => !without.has(name))
  const recorded = new Map(newest.map((each) => [each.name, each]))
  const found = await hashTables(tx, {
    ...CORE,
    isWanted: (name) => !without.has(name),
    columnsOf: (name) => recorded.get(name)?.columns ?? undefined,
  })
  const unrecorded = Object.keys(found).filter((name) => !recorded.has(name))
  const known: Record<string, TableContent> = Object.fromEntries(
    Object.entries(found).filter(([name]) => recorded.has(name)),
  )
  const drifts: ContentDrift[] = []
  for (const difference of compareTables(Object.fromEntries(recorded), known)) {
    const { name } = difference
    const was = recorded.get(name)
    const is = found[name]
    const areColumnsEqual = is === undefined || JSON.stringify(was?.columns) === JSON.stringify(is.columns)
    const { cause, isSeen } = await causeOf(tx, name, was?.last_change_id ?? '0', areColumnsEqual)
    drifts.push({
      ...difference,
      cause,
      is_unseen: !isSeen && areColumnsEqual,
      recorded: brief(was),
      found: brief(is),
    })
  }
  const recorded_at =
    newest
      .map((each) => each.recorded_at)
      .toSorted()
      .at(-1) ?? null
  return {
    tables_count: Object.keys(found).length,
    unrecorded,
    recorded_at,
    drifts,
    known_edits: await knownEdits(tx),
  }
}

const brief = (table: TableContent | undefined): Pick<TableContent, 'rows' | 'sha256'> | null =>
  table === undefined ? null : { rows: table.rows, sha256: table.sha256 }

async function causeOf(
  tx: Database,
  table: string,
  last_change_id: string,
  areColumnsEqual: boolean,
): Promise<{ cause: string; isSeen: boolean }> {
  const changes = await tx.rows<{ run_id: string | null; operation: string; statements: number }>(
    queryFile(SQL, 'changes-since'),
    [table, last_change_id],
  )
  const causes = changes.map(({ run_id, operation, statements }) => {
    const what = `${statements} statement${statements === 1 ? '' : 's'}`
    if (operation === 'UNSEEN')
      return 'a run found it, and wrote it down as an edit that bypassed the triggers'
    return run_id === null
      ? `${what} by hand, outside any recorded run`
      : `${what} of run ${run_id}, which did not end normally`
  })
  const isSeen = changes.some(({ operation }) => operation !== 'UNSEEN')
  if (!areColumnsEqual)
    causes.push('its columns are not the ones that were recorded, so the rows cannot be compared')
  if (causes.length === 0)
    causes.push('no trigger saw a change: they were bypassed, or the table was restored or created again')
  return { cause: causes.join('; '), isSeen }
}

const knownEdits = (tx: Database): Promise<KnownEdit[]> =>
  tx.rows<KnownEdit & Record<string, unknown>>(queryFile(SQL, 'known-edits'))

/** The audit as lines for a person. */
export function auditText({
  tables_count,
  unrecorded,
  recorded_at,
  drifts,
  known_edits,
}: ContentAudit): string {
  const lines = drifts.map(
    ({ name, detail, cause }) => `${name}: ${detail}. ${cause[0]?.toUpperCase()}${cause.slice(1)}.`,
  )
  if (unrecorded.length > 0) lines.push(`Not recorded yet, since no run has ended: ${unrecorded.join(', ')}.`)
  if (lines.length === 0)
    lines.push(`All ${tables_count} core tables equal what was last recorded of them (${recorded_at}).`)
  for (const { table, operation, statements_count, last_changed_at, key_ranges } of known_edits) {
    const where = key_ranges
      .map(({ after, up_to }) => `after key "${showKey(after)}", up to "${showKey(up_to)}"`)
      .slice(0, 3)
    if (operation === 'UNSEEN') {
      const place = where.join('; ') || 'the complete table'
      lines.push(`Known edit of ${table}, past the triggers, found ${last_changed_at}: ${place}.`)
    } else
      lines.push(
        `Known edit of ${table} by hand: ${statements_count} ${operation}, the last ${last_changed_at}.`,
      )
  }
  return lines.join('\n')
}
