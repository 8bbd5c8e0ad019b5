import type { Database } from '../../helpers/postgres/database.ts'
import type { SourcedJob } from '../contract/job.ts'
import { type Beside, bringBeside } from './beside.ts'
import { addCounts, type JobCounts, type RunContext } from './context.ts'
import { endItems, startItems } from './items.ts'
import { deleteContradicted, mergeGroups, type StagedItem } from './merge.ts'
import { type ItemTally, REJECTS_LISTED_MAX, type Tally } from './read.ts'
import { endOf, recordRefused, recordRejects, recordWithdrawn, refusedEvents } from './record.ts'
import { type BatchWork, settleBatch, stageBatch } from './settled-stage.ts'
import { type TargetTable, targetTable } from './stage.ts'

/**
 * Brings in one batch on one session: read, parse and stage as a stream; settle duplicates and conflicts;
 * then merge group by group, each group with the statuses of its items in one transaction. Safe to repeat:
 * what was merged is unchanged the second time.
 */
export async function runBatch(
  db: Database,
  work: BatchWork,
  run: RunContext,
  onRead: (tally: Tally) => void,
): Promise<JobCounts> {
  const { job, batch, scope } = work
  const items = batch.subjects.map(({ item }) => item)
  await startItems(db, scope, items, run.owner)
  const step = stepLog(run.log, job.name)
  const beside = await bringBeside(db, work, run, onRead)
  if (job.loads_beside !== undefined) step(`merged ${job.loads_beside.table}`, beside.counts.rows_staged)

  const table = await targetTable(db, job)
  const tally = await stageBatch(db, work, table, run, onRead)
  for (const end of beside.ends) tally.end(end)
  step('staged', tally.rows_copied)
  const rows_withheld = await settleBatch(db, job, table, tally, run)
  step('settled', tally.rows_copied - rows_withheld)
  logFiles(tally, job, run)
  const without_rows = await recordWithoutRows(db, work, table, { tally, beside }, run)
  const merged = await mergeBatch(db, work, table, tally, run)
  step('merged', merged.rows_staged)
  return addCounts(beside.counts, {
    ...merged,
    rows_read: tally.rows_read,
    rows_skipped: tally.rows_skipped,
    rows_rejected: tally.rows_rejected,
    rows_withheld: rows_withheld + merged.rows_withheld,
    rows_withdrawn: without_rows.rows_withdrawn + merged.rows_withdrawn,
  })
}

function logFiles(tally: Tally, job: SourcedJob, { log }: RunContext): void {
  if (tally.rows_rejected > REJECTS_LISTED_MAX) {
    log.info(
      { job: job.name, listed: REJECTS_LISTED_MAX, rejected: tally.rows_rejected },
      'only the first rejected records are listed',
    )
  }
  for (const { file, archive_sha256, read, malformed } of tally.files.values()) {
    log.info(
      { job: job.name, file, sha256: archive_sha256, rows_read: read, rows_malformed: malformed },
      'read',
    )
  }
}

const hasRows = ({ rows, end }: ItemTally): boolean => rows > 0 && end?.status !== 'failed'
const withoutRows = ({ item }: { readonly item: string }) => ({ item, item_no: undefined })

/** Records, in one transaction, the rejected records and the items that end without rows. */
function recordWithoutRows(
  db: Database,
  { job, scope, context }: BatchWork,
  table: TargetTable,
  { tally, beside }: { readonly tally: Tally; readonly beside: Beside },
  { write }: RunContext,
): Promise<{ readonly rows_withdrawn: number }> {
  const items = [...tally.items.values()].filter((item) => !hasRows(item))
  return write(db, async (tx) => {
    await recordRejects(tx, scope, tally, beside)
    const ends = items.map((item) => endOf(job, item))
    await endItems(tx, scope, ends)
    // An item whose records were all rejected fails, and was read; one whose file cannot be read was not.
    const read = items.filter(({ end }) => end?.status !== 'failed').map(withoutRows)
    if (job.refusedEvent !== undefined)
      await recordRefused(tx, scope, context, refusedEvents(job, tally, context), read)
    const silent = ends.filter(({ status }) => status !== 'failed').map(withoutRows)
    const reading = { job, table, scope, identity: context.identity }
    return { rows_withdrawn: await recordWithdrawn(tx, reading, silent) }
  })
}

/** Merge and record: the items with rows, group by group. */
function mergeBatch(
  db: Database,
  { job, scope, context }: BatchWork,
  table: TargetTable,
  tally: Tally,
  run: RunContext,
): Promise<JobCounts> {
  const is_one_group = job.holds_intervals === true
  const reading = { job, table, scope, identity: context.identity }
  const refused = refusedEvents(job, tally, context)
  const ends = [...tally.items.values()].filter(hasRows).map(stagedItem)
  return mergeGroups(
    db,
    {
      table,
      scope,
      ends,
      is_one_group,
      recordWithdrawn: (tx, group) => recordWithdrawn(tx, reading, group),
      remember: async (tx, group) => {
        if (job.refusedEvent !== undefined) await recordRefused(tx, scope, context, refused, group)
      },
      ...(is_one_group && { deleteOthers: deleteContradicted }),
    },
    run,
  )
}

const stagedItem = ({ item, item_no, rows, copies, files }: ItemTally): StagedItem => ({
  item_no,
  copies_count: copies,
  item,
  status: 'ok',
  error_class: null,
  reason: null,
  http_status: null,
  archive_sha256: [...files].toSorted(),
  rows_count: rows - copies,
  next_try_at: null,
})

/** Logs each step with its rows and its time since the step before. */
function stepLog(log: RunContext['log'], job: string): (step: string, rows: number) => void {
  let since = performance.now()
  return (step, rows) => {
    const now = performance.now()
    log.info({ job, rows, duration_ms: Math.round(now - since) }, step)
    since = now
  }
}
