import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type DerivedJob, tablesOf, type Window } from '../contract/job.ts'
import { addCounts, type JobCounts, NO_ROWS, type RunContext } from './context.ts'
import type { KnownSecurity } from './identity.ts'
import { endItems, type ItemEnd, type ItemScope, startItems } from './items.ts'
import { type FollowingCounts, merge, mergeGroups, type StagedItem } from './merge.ts'
import { inParallel } from './parallel.ts'
import { openSubjects } from './plan.ts'
import { createStage, listOf, type TargetTable, targetTable } from './stage.ts'

const SQL = join(import.meta.dirname, 'sql')

/** Items that one query derives: enough to plan well, few enough to lose little to a kill. */
const ITEMS_A_QUERY = 125
/** Rows that one query reads, about: its joins and sorts stay in memory, and few large items use both cores. */
const ROWS_A_QUERY = 200_000
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
  run: RunContext,
): Promise<JobCounts> {
  const { run_id, window, signal, write, onProgress } = run
  const scope: ItemScope = { run_id, job: job.name, provider: 'derived', window }
  const all = (await openSubjects(db, job, known, scope, write)).map(({ item }) => item)

  let counts = NO_ROWS
  // Read before the rows that are derived from them: a change in between is then derived next time.
  const inputs = await inputsOf(db, job, all, window)
  const unchanged = new Map(
    inputs.flatMap(({ item, rows_unchanged: rows }) => (run.is_full || rows === null ? [] : [[item, rows]])),
  )
  const hashes = new Map(inputs.map(({ item, inputs_sha256 }) => [item, inputs_sha256]))
  await write(db, (tx) =>
    endItems(
      tx,
      scope,
      [...unchanged].map(([item, rows]) => ({
        ...endOf(item, rows),
        reason: 'Its inputs are unchanged.',
      })),
    ),
  )
  counts = { ...counts, items_unchanged: unchanged.size }
  const items = all.filter((item) => !unchanged.has(item))
  let items_done = 0
  const a_query = await itemsOfQuery(db, job, all.length)
  const parts = Array.from({ length: Math.ceil(items.length / a_query) }, (_, part) =>
    items.slice(part * a_query, (part + 1) * a_query),
  )
  await inParallel(parts, QUERIES_AT_ONCE, signal, async (some, stop) => {
    const derived = await db.session((session) =>
      deriveItems(session, job, scope, some, hashes, { ...run, signal: stop }),
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

/** How many items one query derives, from the rows that an item has on average. */
async function itemsOfQuery(db: Database, job: DerivedJob, items_count: number): Promise<number> {
  const { rows } = await db.one<{ rows: number }>(
    'select sum(reltuples)::float8 as rows from pg_class where oid = any ($1::regclass[])',
    [job.inputs.map(named)],
  )
  const rows_an_item = Math.max(1, rows / Math.max(1, items_count))
  return Math.min(ITEMS_A_QUERY, Math.max(1, Math.floor(ROWS_A_QUERY / rows_an_item)))
}

async function deriveItems(
  db: Database,
  job: DerivedJob,
  scope: ItemScope,
  items: readonly string[],
  hashes: ReadonlyMap<string, string>,
  run: RunContext,
): Promise<JobCounts> {
  await startItems(db, scope, items, run.owner)
  const table = await targetTable(db, job)
  await createStage(db, table)
  await db.rows(
    queryFile(SQL, 'stage-derived', {
      stage: table.stage,
      columns: listOf(table.columns),
      derived_columns: listOf(table.columns, 'd'),
      derive: job.derive,
    }),
    [items, scope.window.end_date],
  )
  await db.execute(
    `create index on pg_temp.staged (item_no, ${listOf(table.key)});
     analyze pg_temp.staged (item_no, ${listOf(table.key)})`,
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
      deleteOthers: (tx, group) => deleteUnderived(tx, job, table, group),
      ...(job.followed_by !== undefined && {
        mergeFollowing: (tx, group) => mergeFollowing(tx, job, scope, group),
      }),
      remember: (tx, group) => rememberInputs(tx, job, scope.run_id, hashes, group),
    },
    run,
  )
}

/** Derives the following table of the job for a group whose own rows are merged. */
async function mergeFollowing(
  tx: Database,
  job: DerivedJob,
  scope: ItemScope,
  group: readonly StagedItem[],
): Promise<{ readonly counts: FollowingCounts; readonly ends: readonly StagedItem[] }> {
  const { followed_by: following = job } = job
  const items = group.map(({ item }) => item)
  const table = await targetTable(tx, following, 'staged_following')
  await createStage(tx, table)
  await tx.rows(
    queryFile(SQL, 'stage-derived', {
      stage: table.stage,
      columns: listOf(table.columns),
      derived_columns: listOf(table.columns, 'd'),
      derive: following.derive,
    }),
    [items, scope.window.end_date],
  )
  // Without it the planner expects a few hundred rows, and searches each of them by an index.
  await tx.execute('analyze pg_temp.staged_following (item_no)')
  const counted = await tx.rows<{ item_no: number; rows: number }>(
    'select item_no, count(*)::integer as rows from pg_temp.staged_following group by item_no',
  )
  const rowsOf = new Map(counted.map(({ item_no, rows }) => [items[item_no], rows]))
  const ends = group.map(
    (end): StagedItem => ({ ...end, ...endOf(end.item, end.rows_count + (rowsOf.get(end.item) ?? 0)) }),
  )
  const staged = items.map((item, item_no): StagedItem => ({ ...endOf(item, 0), item_no }))
  const rows_deleted = await deleteUnderived(tx, job, table, staged)
  const { rows_inserted, rows_updated } = await merge(tx, table, 0, items.length - 1)
  const rows_staged = counted.reduce((sum, { rows }) => sum + rows, 0)
  return { counts: { rows_staged, rows_inserted, rows_updated, rows_deleted }, ends }
}

/** Deletes the rows of the items that the query no longer gives. */
async function deleteUnderived(
  tx: Database,
  job: DerivedJob,
  table: TargetTable,
  group: readonly StagedItem[],
): Promise<number> {
  const is_of_items =
    job.subject === 'security'
      ? 'live.security_id in (select security_id from stocks_research.securities where source_id = any($1))'
      : 'live.cik = any($1)'
  const same_key = table.sameKey('live', 'staged')
  const { rows } = await tx.one<{ rows: number }>(
    queryFile(SQL, 'delete-underived', { stage: table.stage, table: table.name, is_of_items, same_key }),
    [group.map(({ item }) => item), group[0]?.item_no, group.at(-1)?.item_no],
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

/**
 * What an item is derived from, as it stands now, and the rows of the last time when nothing of it has
 * changed since.
 */
interface DerivedInput {
  readonly item: string
  readonly inputs_sha256: string
  /** Rows that are there and up to date; null when the item must be derived. */
  readonly rows_unchanged: number | null
}

/**
 * Fingerprints of what each item is derived from: the text of the rule, the day where it counts, and the
 * versions of the input rows. A change of the rule, of an input or of the derived rows themselves, by
 * whomever, makes the item one to be derived again.
 */
async function inputsOf(
  db: Database,
  job: DerivedJob,
  items: readonly string[],
  window: Window,
): Promise<DerivedInput[]> {
  return db.rows<DerivedInput & Record<string, unknown>>(
    queryFile(SQL, 'inputs', { others: othersOf(job), subjects: subjectsOf(job) }),
    [
      items,
      job.inputs.map(named),
      tablesOf(job).map(named),
      job.rules.map(named),
      job.is_as_of ? window.end_date : '',
      await ruleOf(db, job),
      job.name,
    ],
  )
}

/** Remembers what a group was derived from; in the transaction of its rows, so that a kill forgets both. */
async function rememberInputs(
  tx: Database,
  job: DerivedJob,
  run_id: string,
  inputs: ReadonlyMap<string, string>,
  group: readonly StagedItem[],
): Promise<void> {
  const rows = group.flatMap(({ item, rows_count }) => {
    const inputs_sha256 = inputs.get(item)
    return inputs_sha256 === undefined ? [] : [{ item, rows_count, inputs_sha256 }]
  })
  await tx.rows(queryFile(SQL, 'remember-inputs', { subjects: subjectsOf(job) }), [
    JSON.stringify(rows),
    job.name,
    tablesOf(job).map(named),
    run_id,
  ])
}

/** The queries of a job, and the content of the reviewed tables that they read. */
async function ruleOf(db: Database, job: DerivedJob): Promise<string> {
  const texts = [job.derive, job.followed_by?.derive ?? '']
  for (const table of job.rule_tables ?? []) {
    const { content } = await db.one<{ content: string }>(
      `select string_agg(r::text, E'\n' order by r::text collate "C") as content from ${named(table)} r`,
    )
    texts.push(content)
  }
  return texts.join('\n')
}

/**
 * The versions of the other subjects that an item reads, as one more part of its fingerprint; nothing when it
 * reads none.
 */
const othersOf = (job: DerivedJob): string =>
  job.also_reads === undefined
    ? ''
    : `,
      (select string_agg(ingestion.versions_of($2, o.subject), '; ' order by o.subject)
      from (${job.also_reads}) o (subject))`

const named = (name: string): string => `stocks_research.${name}`

/** Joins the subject of each item `i`, as the versions name it. */
const subjectsOf = (job: DerivedJob): string =>
  job.subject === 'filer'
    ? 'cross join lateral (select i.item as subject) s'
    : `join lateral (
        select x.security_id::text as subject from stocks_research.securities x where x.source_id = i.item
      ) s on true`
