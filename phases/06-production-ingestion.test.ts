/**
 * Phase 6 · Production ingestion, five years
 *
 * Goal:  all of the universe, over all of the window. Whatever is missing has a name and a reason.
 * Again: safe. Rows that are there and equal are not written again.
 */
import { join } from 'node:path'
import { execa } from 'execa'
import { describe } from 'vitest'
import { expectAtLeast, expectEqual, expectNone, expectThat } from '../helpers/checklist/expectations.ts'
import { YEARS_MIN, yearsAfter } from '../helpers/checklist/five-years.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { ownEnvironment } from '../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import type { ItemGap } from '../ingest/contract/job.ts'
import { stateOf } from '../ingest/pipeline/report.ts'
import { gapTexts, linesOf } from './evidence.ts'
import { expectComplete } from './expectations.ts'
import { test as base, needs, stopsAtFirstFailure } from './fixtures.ts'
import { LISTED_JOBS } from './jobs.ts'
import { query } from './query.ts'
import { type LoggedRun, productionRun } from './run-jobs.ts'
import { rowsOfJob, whyWithoutRows } from './tables.ts'

needs('05-validation-pass')
stopsAtFirstFailure()

const test = base.extend('production', { scope: 'file' }, ({ config, target, universe }, { onCleanup }) => {
  const production = productionRun({ config, target }, universe)
  onCleanup(production.stop)
  return production
})

test('the universe is written and explicit: its file and its hash are recorded', async ({
  universe,
  record,
}) => {
  await record({ file: universe.file, sha256: universe.sha256, securities: universe.members.length }, 'data')
  expectAtLeast(`securities in ${universe.file}`, universe.members.length, 1)
})

test('start and end dates are written and span at least five years', async ({ config, record }) => {
  const { start_date, end_date } = config.window
  const { day_after_end, years_later } = yearsAfter(config.window)
  await record({ start_date, end_date, five_years_end_before: years_later }, 'data')
  const sentence = `the window ${start_date} to ${end_date} is shorter than ${YEARS_MIN} years`
  expectThat(day_after_end >= years_later, `${sentence}. Set BOOTSTRAP_START and BOOTSTRAP_END`)
})

let run: LoggedRun

for (const { job, ran, derived_from } of LISTED_JOBS) {
  test(ran, async ({ production, config, db, progress, signal, record, notApplicable }) => {
    const lines_before = linesOf(production.log_file).length
    const report = await production.runJob(job, { signal, onProgress: progress })
    // The last job ends the run.
    if (job === LISTED_JOBS.at(-1)?.job) run = await production.ended()
    const { gaps, items, ...figures } = report
    const rows = await rowsOfJob(db, job)
    const { run_id, listed } = await db.one<{ run_id: string; listed: number }>(
      query('items_of_newest_run'),
      [job],
    )
    await record({
      run_id,
      log_file: production.log_file,
      log_lines: linesOf(production.log_file).length - lines_before,
      ...figures,
      ...items,
      rows_in_table: rows,
      gaps: gapTexts(gaps),
    })
    const ended = items.ok + items.empty + items.not_found + items.failed + items.deferred
    expectEqual(`work items of ${job} that were not done`, items.pending, 0)
    expectEqual(`work items of ${job} in the ledger`, listed, ended)
    const { rows_staged, rows_inserted, rows_updated, rows_unchanged } = report
    const merged = rows_inserted + rows_updated + rows_unchanged
    expectEqual(`staged rows of ${job} that were merged`, merged, rows_staged)
    if (rows > 0) return
    // Without a row, the job either had nothing to load, and the thresholds permit that, or it has failed.
    const { thresholds, required_datasets } = config.bootstrap
    const { state, state_reason } = stateOf([report], thresholds)
    expectComplete({ run_id, state, state_reason, jobs: [report], duration_ms: report.duration_ms })
    notApplicable(await whyWithoutRows(db, run_id, { job, derived_from }, required_datasets))
  })
}

test('no manual edit of the database happened: every change belongs to a recorded run', async ({
  db,
  record,
}) => {
  const edits = await db.rows<{
    table_name: string
    operation: string
    rows_count: number
    changed_at: string
  }>(query('manual_edits'))
  const { changes } = await db.one<{ changes: number }>(
    'select count(*)::int as changes from ingestion.table_changes',
  )
  await record({ changes_recorded: changes, manual_edits: edits })
  const texts = edits.map(
    ({ table_name, operation, rows_count, changed_at }) =>
      `${operation} of ${rows_count} rows of ${table_name} at ${changed_at}`,
  )
  expectNone(texts, 'change outside of any recorded run')
  expectAtLeast('recorded changes of core tables', changes, 1)
})

test('errors are logged, not ignored: each failed request is recorded with its class', async ({
  db,
  record,
}) => {
  const id = [run.report.run_id]
  const failures = await db.rows<{ job: string; error_class: string | null; items: number }>(
    query('failures_of_run'),
    id,
  )
  const rejects = await db.rows(query('rejects_of_run'), id)
  await record({ failures, rejects }, 'data')
  const unclassed = failures.filter(({ error_class }) => error_class === null)
  expectNone(
    unclassed.map(({ job, items }) => `${items} of ${job}`),
    'failure without a class',
  )
  const reported = run.report.jobs.reduce((sum, { items }) => sum + items.failed + items.deferred, 0)
  const recorded = failures.reduce((sum, { items }) => sum + items, 0)
  expectEqual('the failed work items in the ledger, against the report', recorded, reported)
})

test('failed symbols are tracked explicitly: named, with reason and attempts', async ({ db, record }) => {
  const named = await db.rows<{ id: string; ticker: string }>(query('names_of_items'))
  const tickers = new Map(named.map(({ id, ticker }) => [id, ticker]))
  const withTicker = <G extends { item: string }>(gap: G) => ({
    ...gap,
    ticker: tickers.get(gap.item) ?? null,
  })
  const failed = gapsOf('failed', 'deferred').map(withTicker)
  const not_found = gapsOf('not_found').map(withTicker)
  const without_bars = await db.rows(query('empty_symbols'), [run.report.run_id])
  await record({ failed_symbols: failed, not_found_symbols: not_found, empty_symbols: without_bars }, 'data')
  const { jobs } = run.report
  await record(
    {
      items_failed: failed.length,
      items_not_found: not_found.length,
      rows_withdrawn: jobs.reduce((sum, { rows_withdrawn }) => sum + rows_withdrawn, 0),
      records_rejected: jobs.reduce((sum, { rows_rejected }) => sum + rows_rejected, 0),
    },
    'figures',
  )
  const unexplained = [...failed, ...not_found].filter(({ reason }) => reason === '')
  expectNone(unexplained.map(nameOf), 'failed symbol without a reason')
  expectNone(failed.filter(({ attempts }) => attempts < 1).map(nameOf), 'failed symbol without an attempt')
})

test('failed symbols are retried by one command', async ({ target, db, record, signal, notApplicable }) => {
  const failed_before = gapsOf('failed', 'deferred').length
  const runner = join(ROOT_DIRECTORY, 'ingest', 'run.ts')
  const { exitCode, all } = await execa(process.execPath, [runner, 'retry', '--failed'], {
    env: ownEnvironment({ BOOTSTRAP_HELD_LOCK: JSON.stringify(target.lock) }),
    extendEnv: false,
    all: true,
    reject: false,
    cancelSignal: signal,
  })
  const after = await db.rows<{ items: number }>(query('failures_of_run'), [run.report.run_id])
  const failed = after.reduce((sum, { items }) => sum + items, 0)
  await record({
    command: 'node ingest/run.ts retry --failed',
    failed_before,
    exit_code: exitCode,
    still_failed: failed,
    output: all,
  })
  // 3: complete, with gaps that the command names.
  expectEqual('the exit code of the command', exitCode, failed === 0 ? 0 : 3)
  if (failed_before === 0) notApplicable('no symbol failed')
})

test('failed symbols are within the threshold', async ({ config, record }) => {
  const { thresholds } = config.bootstrap
  const { state, state_reason, jobs } = run.report
  await record(
    {
      state,
      state_reason,
      failed_max_ratio: thresholds.failed_max_ratio,
      not_found_max_ratio: JSON.stringify(thresholds.not_found_max_ratio),
    },
    'data',
  )
  expectComplete(run.report)
  expectEqual('the jobs of the run', jobs.length, LISTED_JOBS.length)
})

describe(ALSO_PROVEN, () => {
  test('what the source delivered is archived: its bytes, by hash', async ({ archived, db, record }) => {
    const { files_sha256, ...delivery } = archived
    const read = await db.rows<{ sha256: string }>(
      'select distinct unnest(archive_sha256) as sha256 from ingestion.items where run_id = $1',
      [run.report.run_id],
    )
    const known = new Set(files_sha256)
    const missing = read.map(({ sha256 }) => sha256).filter((sha256) => !known.has(sha256))
    await record(
      { ...delivery, files_read: read.length, files_read_but_not_archived: missing.length },
      'data',
    )
    expectAtLeast('files or responses that the run read', read.length, 1)
    expectNone(missing, 'file that was read and is not in the archive')
  })
})

function gapsOf(...statuses: ItemGap['status'][]) {
  return run.report.jobs.flatMap(({ job, gaps }) =>
    gaps
      .filter(({ status }) => statuses.includes(status))
      .map(({ item, error_class, reason, attempts_count }) => ({
        job,
        item,
        error_class,
        reason,
        attempts: attempts_count,
      })),
  )
}

const nameOf = ({ job, item }: { job: string; item: string }): string => `${job} ${item}`
