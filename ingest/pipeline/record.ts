import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Dataset, Identity, ParseContext, SourcedJob } from '../contract/job.ts'
import type { SubjectEnd } from '../contract/provider.ts'
import type { ItemEnd, ItemScope } from './items.ts'
import type { ItemTally, Reject, Tally } from './read.ts'
import { listOf, type TargetTable } from './stage.ts'

// What a batch records beside its rows: rejected records, rows that the source no longer has, corporate
// actions that were refused, and how items without rows ended.

const SQL = join(import.meta.dirname, 'sql')

const ROWS_A_STATEMENT = 5_000

/**
 * Writes the rejects of a batch, and of the table beside that of the job, in place of those that an earlier
 * attempt at the same items wrote in this run.
 */
export async function recordRejects(
  tx: Database,
  { run_id, job }: ItemScope,
  tally: Tally,
  beside: { readonly files: readonly string[]; readonly rejects: readonly Reject[] },
): Promise<void> {
  const rejects = [...beside.rejects, ...tally.rejects]
  await tx.rows(
    `delete from ingestion.rejects
     where run_id = $1 and job = $2 and (item = any($3) or (item is null and file = any($4)))`,
    [run_id, job, [...tally.items.keys()], [...beside.files, ...tally.files.keys()]],
  )
  for (let at = 0; at < rejects.length; at += ROWS_A_STATEMENT) {
    // Zero bytes are text to JavaScript and none to PostgreSQL.
    const rows = JSON.stringify(rejects.slice(at, at + ROWS_A_STATEMENT)).replaceAll('\\u0000', '\\ufffd')
    await tx.rows(queryFile(SQL, 'insert-rejects'), [run_id, job, rows])
  }
}

/**
 * A work item that was read, and where its rows are staged; undefined when it has none.
 */
export interface AnsweredItem {
  readonly item: string
  readonly item_no: number | undefined
}

/** The staged rows of a group: its items are a range of the batch. Without staged rows, no row is in it. */
function rangeOf(items: readonly AnsweredItem[]): { first: number | null; last: number | null } {
  return { first: items[0]?.item_no ?? null, last: items.at(-1)?.item_no ?? null }
}

interface Reading {
  readonly job: SourcedJob
  readonly table: TargetTable
  readonly scope: ItemScope
  readonly identity: Identity
}

/**
 * Records the rows of these items that our table has in the window and their source does not: they are kept,
 * and recorded in `ingestion.withdrawals` in place of what an earlier read of these days recorded. Runs in
 * the transaction that ends the items; a second call records the same. Returns how many rows.
 *
 * @param items in the order of their `item_no`: all with staged rows, or all without.
 */
export async function recordWithdrawn(
  tx: Database,
  { job, table, scope, identity }: Reading,
  items: readonly AnsweredItem[],
): Promise<number> {
  const { dated_by } = job
  if (dated_by === undefined || items.length === 0) return 0
  const asked = items.flatMap(({ item }) => {
    const subject = job.subject === 'filer' ? item : identity.bySourceId(item)?.security_id
    return subject === undefined ? [] : [{ item, subject: String(subject) }]
  })
  const text = queryFile(SQL, 'withdrawn', {
    table: table.name,
    key: listOf(table.key),
    same_key: table.sameKey('missing', 'live'),
    dated_by,
    subject: job.subject === 'filer' ? 'cik' : 'security_id',
    subject_type: job.subject === 'filer' ? 'text' : 'bigint',
  })
  const range = rangeOf(items)
  const { rows_count } = await tx.one<{ rows_count: number }>(text, [
    JSON.stringify(asked),
    scope.window.start_date,
    scope.window.end_date,
    scope.job,
    scope.run_id,
    scope.provider,
    range.first,
    range.last,
  ])
  return rows_count
}

/** A row of `stocks_research.refused_events`. */
export interface RefusedEvent {
  readonly security_id: number
  readonly ex_date: string | null
  readonly kind: string
  readonly declared_date: string | null
  readonly reason: string
}

const REASON_CHARACTERS_MAX = 500 // It is part of a key.

/**
 * The corporate actions that the rejected records of a batch report of its items; nothing of other
 * securities, nor of records whose security is unknown.
 */
export function refusedEvents(job: SourcedJob, tally: Tally, context: ParseContext): RefusedEvent[] {
  return tally.refused.flatMap(({ record, item, reason }) => {
    const found = job.refusedEvent?.(record, item, context)
    if (found === undefined || !tally.items.has(found.holder.source_id)) return []
    const { holder, ...event } = found
    const text = reason.slice(0, REASON_CHARACTERS_MAX).toWellFormed().replaceAll('\u0000', '\ufffd')
    return [{ security_id: holder.security_id, ...event, reason: text }]
  })
}

/**
 * Records the refused events of these items in place of those of an earlier read. Runs in the transaction
 * that ends the items; a second call changes nothing.
 */
export async function recordRefused(
  tx: Database,
  { window }: ItemScope,
  { identity }: ParseContext,
  refused: readonly RefusedEvent[],
  items: readonly AnsweredItem[],
): Promise<void> {
  const security_ids = items.flatMap(({ item }) => identity.bySourceId(item)?.security_id ?? [])
  const isAsked = new Set(security_ids)
  const reported = JSON.stringify(refused.filter(({ security_id }) => isAsked.has(security_id)))
  const range = rangeOf(items)
  await tx.rows(queryFile(SQL, 'delete-refused'), [
    security_ids,
    reported,
    window.start_date,
    window.end_date,
    range.first,
    range.last,
  ])
  await tx.rows(
    `insert into stocks_research.refused_events
     select t.* from jsonb_populate_recordset(null::stocks_research.refused_events, $1::jsonb) t
     order by t on conflict do nothing`,
    [reported],
  )
}

/** The end of an item without rows. */
export function endOf(job: SourcedJob, item: ItemTally): ItemEnd {
  const end = item.end?.status === 'failed' ? item.end : endWithoutRows(job, item)
  return {
    item: item.item,
    status: end.status,
    error_class: end.status === 'failed' ? (end.error_class ?? 'internal') : null,
    reason: end.reason,
    http_status: end.http_status ?? null,
    archive_sha256: [],
    rows_count: 0,
    next_try_at: null,
  }
}

const NOUNS: Readonly<Record<Dataset, string>> = {
  securities: 'record',
  ticker_history: 'ticker interval',
  prices_daily: 'daily bar',
  corporate_actions: 'corporate action',
  fundamentals: 'fact',
  filings: 'filing',
  fx_rates: 'exchange rate',
}

/** How an item without a failure ended. */
function endWithoutRows(job: SourcedJob, { item, outside, rejected, foreign, end }: ItemTally): SubjectEnd {
  if (rejected > foreign) {
    const reason = `None of its records was taken: ${rejected} were rejected. See ingestion.rejects.`
    return { item, status: 'failed', error_class: 'malformed', reason }
  }
  if (outside > 0) return { item, status: 'empty', reason: 'It has records, but none in the window.' }
  if (end !== undefined) return end
  if (foreign > 0)
    return {
      item,
      status: 'not_found',
      reason: `None of its ${foreign} records is in one of its ticker intervals. See ingestion.rejects.`,
    }
  if (job.without_records === 'empty') return { item, status: 'empty', reason: 'The source has none.' }
  return { item, status: 'not_found', reason: `The source has no ${NOUNS[job.dataset]} of it.` }
}
