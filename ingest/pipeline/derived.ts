import type { Database } from '../../helpers/postgres/database.ts'
import type { DerivedJob } from '../contract/job.ts'
import { inputsOf, rememberInputs } from './derived-inputs.ts'
import { addCounts, type JobCounts, mergeGroups, NO_ROWS, type StagedItem } from './groups.ts'
import type { KnownSecurity } from './identity.ts'
import { endItems, type ItemEnd, type ItemScope, startItems } from './items.ts'
import { openSubjects } from './source.ts'
import { createStage } from './stage.ts'
import type { Surroundings } from './surroundings.ts'
import { listOf, type TargetTable, targetTable } from './table.ts'
import { inParallel } from './workers.ts'

/** Items that one query derives: enough to plan well, few enough to lose little to a kill. */
const ITEMS_A_QUERY = 125
/** Items have nothing in common, and one query keeps one core of the server busy. */
const QUERIES_AT_ONCE = 2

/**
 * Runs a job that derives from our own tables: its query is the whole truth for its items, so what it no
 * longer gives is deleted. Items of which no input has changed since they were last derived are left as they
 * are, and counted.
 */
export async function runDerived(
  db: Database,
  job: DerivedJob,
  known: readonly KnownSecurity[],
  surroundings: Surroundings,
): Promise<JobCounts> {
  const { run_id, window, signal, write, onProgress } = surroundings
  const scope: ItemScope = { run_id, job: job.name, provider: 'derived', window }
  const all = (await openSubjects(db, job, known, scope, write)).map(({ item }) => item)

  let counts = NO_ROWS
  // Read before the rows that are derived from them: a change in between is then derived next time.
  const inputs = await inputsOf(db, job, all, window)
  const unchanged = new Map(
    inputs.flatMap(({ item, rows_unchanged: rows }) =>
      surroundings.is_full || rows === null ? [] : [[item, rows]],
    ),
  )
  const hashes = new Map(inputs.map(({ item, inputs_sha256 }) => [item, inputs_sha256]))
  await write(db, (tx) =>
    endItems(
      tx,
      scope,
      [...unchanged].map(([item, rows]) => ({
        ...endOf(item, rows),
        reason: 'Nothing that it is derived from has changed.',
      })),
    ),
  )
  counts = { ...counts, items_unchanged: unchanged.size }
  const items = all.filter((item) => !unchanged.has(item))
  let items_done = 0
  const parts = Array.from({ length: Math.ceil(items.length / ITEMS_A_QUERY) }, (_, part) =>
    items.slice(part * ITEMS_A_QUERY, (part + 1) * ITEMS_A_QUERY),
  )
  await inParallel(parts, QUERIES_AT_ONCE, signal, async (some, told) => {
    const derived = await db.session((session) =>
      deriveItems(session, job, scope, some, hashes, { ...surroundings, signal: told }),
    )
    counts = addCounts(counts, derived)
    items_done += some.length
    onProgress({
      job: job.name,
      label: 'derive',
      step: 'merge',
      items_done,
      items_total: items.length,
      rows_read: counts.rows_staged,
      read_bytes: 0,
      estimated_bytes: 0,
    })
  })
  return { ...counts, rows_read: counts.rows_staged + counts.rows_withheld }
}

async function deriveItems(
  db: Database,
  job: DerivedJob,
  scope: ItemScope,
  items: readonly string[],
  hashes: ReadonlyMap<string, string>,
  surroundings: Surroundings,
): Promise<JobCounts> {
  await startItems(db, scope, items, surroundings.owner)
  const table = await targetTable(db, job)
  await createStage(db, table)
  await db.rows(
    `insert into pg_temp.staged (item_no, file_no, line, ${listOf(table.columns)})
     select i.item_no - 1, 0, 0, ${listOf(table.columns, 'd')}
     from (${job.derive}) d join unnest($1::text[]) with ordinality as i (item, item_no) on i.item = d.item
     where $2::date is not null`,
    [items, scope.window.end_date],
  )
  await db.execute(
    `create index on pg_temp.staged (item_no, ${listOf(table.key)}); analyze pg_temp.staged (item_no, ${listOf(table.key)})`,
  )
  const counted = await db.rows<{ item_no: number; rows: number }>(
    'select item_no, count(*)::integer as rows from pg_temp.staged group by item_no',
  )
  const rowsOf = new Map(counted.map(({ item_no, rows }) => [item_no, rows]))
  const ends = items.map(
    (item, item_no): StagedItem => ({ ...endOf(item, rowsOf.get(item_no) ?? 0), item_no }),
  )
  return mergeGroups(
    db,
    {
      table,
      scope,
      ends,
      deleteOthers: (tx, group) => deleteOthers(tx, job, table, group),
      remember: (tx, group) => rememberInputs(tx, job, scope.run_id, hashes, group),
    },
    surroundings,
  )
}

/** Deletes the rows of the items that the query no longer gives. */
async function deleteOthers(
  tx: Database,
  job: DerivedJob,
  table: TargetTable,
  group: readonly StagedItem[],
): Promise<number> {
  const owner =
    job.subject === 'security'
      ? 'live.security_id in (select security_id from stocks_research.securities where source_id = any($1::text[]))'
      : 'live.cik = any($1::text[])'
  const { rows } = await tx.one<{ rows: number }>(
    `with deleted as (
       delete from ${table.name} live
       where ${owner} and not exists (select from pg_temp.staged where ${table.sameKey('live', 'staged')})
       returning 1)
     select count(*)::integer as rows from deleted`,
    [group.map(({ item }) => item)],
  )
  return rows
}

const endOf = (item: string, rows_count: number): ItemEnd => ({
  item,
  status: rows_count > 0 ? 'ok' : 'empty',
  reason: rows_count > 0 ? null : 'Nothing follows from what is known of it.',
  error_class: null,
  http_status: null,
  archive_sha256: [],
  rows_count,
  next_try_at: null,
})
