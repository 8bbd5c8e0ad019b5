import type { Database } from '../../helpers/postgres/database.ts'
import type { ParseContext, SourcedJob } from '../contract/job.ts'
import type { Ask, Batch, Provider } from '../contract/provider.ts'
import { deleteContradicted } from './contradicted.ts'
import { type JobCounts, mergeGroups, type StagedItem } from './groups.ts'
import { failOverlaps } from './intervals.ts'
import { endItems, type ItemEnd, type ItemScope, startItems } from './items.ts'
import { copyText } from './read.ts'
import { refusedEvents, replaceRefused } from './refused.ts'
import { writeRejects } from './rejects.ts'
import { failShiftedItems } from './shifted.ts'
import { copyIntoStage, createStage, settleStage } from './stage.ts'
import type { Surroundings } from './surroundings.ts'
import { targetTable } from './table.ts'
import { endWithoutRows, failMalformedFiles, REJECTS_LISTED_MAX, Tally } from './tally.ts'
import { type AnsweredItem, nameWithdrawn } from './withdrawn.ts'

/** One batch of a sourced job, and all that it takes to bring it in. */
export interface BatchWork {
  readonly job: SourcedJob
  readonly provider: Provider
  readonly ask: Ask
  readonly batch: Batch
  readonly scope: ItemScope
  readonly context: ParseContext
}

/**
 * Brings in one batch on one session: read, parse and stage as a stream; settle what came twice; then merge
 * group by group, each group with the status of its items in one transaction. Safe to repeat: what was merged
 * is unchanged the second time.
 */
export async function runBatch(
  db: Database,
  work: BatchWork,
  surroundings: Surroundings,
  onRead: (tally: Tally) => void,
): Promise<JobCounts> {
  const { job, provider, ask, batch, scope, context } = work
  const { write, log, signal } = surroundings
  await startItems(
    db,
    scope,
    batch.subjects.map(({ item }) => item),
    surroundings.owner,
  )
  const table = await targetTable(db, job)
  await createStage(db, table)
  const step = stepLog(log, job.name)

  const tally = new Tally(batch.subjects, job.refusedEvent !== undefined)
  const text = copyText(job, provider.read(ask, batch, signal), context, tally, () => onRead(tally))
  await copyIntoStage(db, table, text, signal)
  step('staged', tally.rows_copied)
  failMalformedFiles(tally, surroundings.thresholds.reject_max_ratio)
  await failShiftedItems(db, tally)

  if (job.holds_intervals === true) await failOverlaps(db, tally)
  const rows_withheld = await withholdFailed(db, tally)
  await settleStage(db, job, table, tally)
  step('settled', tally.rows_copied - rows_withheld)
  if (tally.rows_rejected > REJECTS_LISTED_MAX) {
    log.info(
      { job: job.name, listed: REJECTS_LISTED_MAX, rejected: tally.rows_rejected },
      'only the first rejects are listed one by one',
    )
  }
  for (const { file, archive_sha256, read, malformed } of tally.files.values()) {
    log.info(
      { job: job.name, file, sha256: archive_sha256, rows_read: read, rows_malformed: malformed },
      'read',
    )
  }

  const items = [...tally.items.values()]
  const done = items.filter(({ rows, end }) => rows > 0 && end?.status !== 'failed')
  const isDone = new Set(done)
  const answered = { job, table, scope, identity: context.identity }
  const refused = refusedEvents(job, tally, context)
  const rememberRefused = async (tx: Database, group: readonly AnsweredItem[]): Promise<void> => {
    if (job.refusedEvent !== undefined) await replaceRefused(tx, scope, context, refused, group)
  }
  const without_rows = items.filter((item) => !isDone.has(item))
  const rows_withdrawn = await write(db, async (tx) => {
    await writeRejects(tx, scope, tally)
    const itemEnds = without_rows.map((item) => endOf(job, item))
    await endItems(tx, scope, itemEnds)
    // Whose records were all rejected fails, and has been read; whose file or answer cannot be read has not.
    const read = without_rows.filter(({ end }) => end?.status !== 'failed')
    await rememberRefused(
      tx,
      read.map(({ item }) => ({ item, item_no: undefined })),
    )
    const silent = itemEnds.filter(({ status }) => status !== 'failed')
    return nameWithdrawn(
      tx,
      answered,
      silent.map(({ item }) => ({ item, item_no: undefined })),
    )
  })
  const ends = done.map(
    (item): StagedItem => ({
      item_no: item.item_no,
      copies_count: item.copies,
      item: item.item,
      status: 'ok',
      error_class: null,
      reason: null,
      http_status: null,
      archive_sha256: [...item.files].toSorted(),
      rows_count: item.rows - item.copies,
      next_try_at: null,
    }),
  )
  const { contradicts } = job
  const merged = await mergeGroups(
    db,
    {
      table,
      scope,
      ends,
      is_one_group: job.holds_intervals === true,
      nameWithdrawn: (tx, group) => nameWithdrawn(tx, answered, group),
      remember: rememberRefused,
      ...(contradicts && { deleteOthers: (tx, group) => deleteContradicted(tx, table, contradicts, group) }),
    },
    surroundings,
  )
  step('merged', merged.rows_staged)
  return {
    ...merged,
    rows_read: tally.rows_read,
    rows_skipped: tally.rows_skipped,
    rows_rejected: tally.rows_rejected,
    rows_withheld: rows_withheld + merged.rows_withheld,
    rows_withdrawn: rows_withdrawn + merged.rows_withdrawn,
  }
}

/** Logs each step with its rows and its time since the step before. */
function stepLog(log: Surroundings['log'], job: string): (step: string, rows: number) => void {
  let since = performance.now()
  return (step, rows) => {
    const now = performance.now()
    log.info({ job, rows, duration_ms: Math.round(now - since) }, step)
    since = now
  }
}

/** Takes the rows of failed items off the stage; returns how many there were. */
async function withholdFailed(db: Database, tally: Tally): Promise<number> {
  const failed = [...tally.items.values()].filter(({ end, rows }) => end?.status === 'failed' && rows > 0)
  if (failed.length === 0) return 0
  await db.rows('delete from pg_temp.staged where item_no = any($1)', [failed.map(({ item_no }) => item_no)])
  return failed.reduce((sum, { rows }) => sum + rows, 0)
}

function endOf(job: SourcedJob, item: Parameters<typeof endWithoutRows>[1]): ItemEnd {
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
