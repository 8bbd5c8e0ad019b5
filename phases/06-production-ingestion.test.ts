/**
 * Phase 6 · Production ingestion, five years
 *
 * Goal:  all of the universe, over all of the window. Whatever is missing has a name and a reason.
 * Again: safe. Rows that are there and equal stay as they are.
 */

import { join } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { ownEnvironment, ROOT_DIRECTORY } from '../helpers/config/config.ts'
import type { Database } from '../helpers/postgres/database.ts'
import { type ItemGap, JOB_NAMES, type JobName } from '../ingest/contract/job.ts'
import { gapGroups } from '../ingest/pipeline/gaps.ts'
import { type LoggedRun, needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('05-validation-pass')
stopsAtFirstFailure()

const YEARS_MIN = 5

test('the universe is written and explicit: a file, its hash recorded', async ({ universe, record }) => {
  await record({ file: universe.file, sha256: universe.sha256, securities: universe.members.length }, 'data')
  expect(universe.members.length).toBeGreaterThan(0)
})

test('the start and end dates are written, and span at least five years', async ({ config, record }) => {
  const { start_date, end_date } = config.window
  const years_later = `${Number(start_date.slice(0, 4)) + YEARS_MIN}${start_date.slice(4)}`
  const day_after_end = new Date(Date.parse(`${end_date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
  await record({ start_date, end_date, five_years_end_before: years_later }, 'data')
  expect(
    day_after_end >= years_later,
    `${start_date} to ${end_date} is shorter than ${YEARS_MIN} years`,
  ).toBe(true)
})

const JOBS: readonly (readonly [claim: string, job: JobName])[] = [
  ['securities master ran over all of the universe', 'securities'],
  ['ticker history ran over all of the universe', 'ticker-history'],
  ['prices (daily) ran over all of the universe and the window', 'prices-daily'],
  ['corporate actions ran over all of the universe', 'corporate-actions'],
  ['adjustment factors ran over all of the universe', 'adjustment-factors'],
  ['fundamentals (raw) ran over every filer of the universe', 'fundamentals-raw'],
  ['fundamentals (derived / YoY) ran over every filer of the universe', 'fundamentals-derived'],
]

let run: LoggedRun

for (const [claim, job] of JOBS) {
  test(claim, async ({ runJobs, universe, db, record }) => {
    // One run for all seven, so that one command resumes or retries it; its first box does the work.
    run ??= await runJobs({ jobs: JOB_NAMES, universe })
    const jobReport = run.report.jobs.find((each) => each.job === job)
    if (jobReport === undefined)
      throw new TypeError(`The run did not come to ${job}: ${run.report.state_reason}`)
    const { gaps, items, ...figures } = jobReport
    const ended = items.ok + items.empty + items.not_found + items.failed + items.deferred
    await record({
      run_id: run.report.run_id,
      log_file: run.log_file,
      ...figures,
      ...items,
      gaps: namesOf(gaps),
    })
    const [ledger] = await db.rows<{ items: number }>(
      'select count(*)::int as items from ingestion.items where run_id = $1 and job = $2',
      [run.report.run_id, job],
    )
    expect(items.pending, 'nothing is left undone').toBe(0)
    expect(ended, 'every subject has an end in the ledger').toBe(ledger?.items)
    expect(ended > 0, 'there is something to do where there is something to read').toBe(
      await hasInput(db, job),
    )
    expect(jobReport.rows_inserted + jobReport.rows_updated + jobReport.rows_unchanged).toBe(
      jobReport.rows_staged,
    )
  })
}

test('what the source gave is archived: its bytes, by hash', async ({ archived, db, record }) => {
  const { files_sha256, ...drop } = archived
  const read = await db.rows<{ sha256: string }>(
    'select distinct unnest(archive_sha256) as sha256 from ingestion.items where run_id = $1',
    [run.report.run_id],
  )
  const elsewhere = read.filter(({ sha256 }) => !files_sha256.includes(sha256))
  await record({ ...drop, files_read: read.length, files_read_but_not_archived: elsewhere.length }, 'data')
  expect(read.length).toBeGreaterThan(0)
  expect(elsewhere).toEqual([])
})

test('no manual edit of the database happened: every change to a core table belongs to a recorded run', async ({
  db,
  record,
}) => {
  const edits = await db.rows(
    `select c.table_name, c.operation, c.rows_count, c.database_user, c.application, c.changed_at::text from ingestion.table_changes c
      where not exists (select from ingestion.runs r where r.run_id = c.run_id) order by c.change_id limit 50`,
  )
  const { changes } = await db.one<{ changes: number }>(
    'select count(*)::int as changes from ingestion.table_changes',
  )
  await record({ changes_recorded: changes, manual_edits: edits })
  expect(edits).toEqual([])
  expect(changes).toBeGreaterThan(0)
})

test('errors are logged, not ignored: each failed request stands in the ledger with its class', async ({
  db,
  record,
}) => {
  const failures = await db.rows<{ job: string; error_class: string | null; items: number }>(
    "select job, error_class, count(*)::int as items from ingestion.items where run_id = $1 and status in ('failed', 'deferred') group by 1, 2 order by 1, 2",
    [run.report.run_id],
  )
  const rejects = await db.rows(
    'select job, kind, count(*)::int as records from ingestion.rejects where run_id = $1 group by 1, 2 order by 1, 2',
    [run.report.run_id],
  )
  await record({ failures, rejects }, 'data')
  expect(failures.filter(({ error_class }) => error_class === null)).toEqual([])
  const reported = run.report.jobs.reduce((sum, { items }) => sum + items.failed + items.deferred, 0)
  expect(
    failures.reduce((sum, { items }) => sum + items, 0),
    'the ledger and the reports agree',
  ).toBe(reported)
})

test('failed symbols are tracked explicitly: named, with reason and attempts', async ({ db, record }) => {
  const failed = gapsOf('failed', 'deferred')
  const not_found = gapsOf('not_found')
  const without_bars = await db.rows<{ item: string; reason: string }>(
    "select item, coalesce(reason, '') as reason from ingestion.items where run_id = $1 and job = 'prices-daily' and status = 'empty' order by 1",
    [run.report.run_id],
  )
  await record({ failed_symbols: failed, not_found_symbols: not_found, empty_symbols: without_bars }, 'data')
  expect([...failed, ...not_found].filter(({ reason }) => reason === '')).toEqual([])
  expect(failed.filter(({ attempts }) => attempts < 1)).toEqual([])
})

test('failed symbols are retried by one command', async ({ target, db, record, signal }) => {
  const command = ['ingest/run.ts', 'retry', '--failed']
  const { exitCode, all } = await execa(
    process.execPath,
    [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...command.slice(1)],
    {
      env: ownEnvironment({ BOOTSTRAP_HELD_LOCK: JSON.stringify(target.lock) }),
      extendEnv: false,
      all: true,
      reject: false,
      cancelSignal: signal,
    },
  )
  const [{ failed } = { failed: 0 }] = await db.rows<{ failed: number }>(
    "select count(*)::int as failed from ingestion.items where run_id = $1 and status in ('failed', 'deferred')",
    [run.report.run_id],
  )
  await record({
    command: `node ${command.join(' ')}`,
    exit_code: exitCode,
    still_failed: failed,
    output: all,
  })
  expect(exitCode, 'whoever failed again is a gap that is named, and the command says so').toBe(
    failed === 0 ? 0 : 3,
  )
})

test('the failed and the missing are within the written thresholds', async ({ config, record }) => {
  const { thresholds } = config.bootstrap
  const { state, state_reason } = run.report
  await record(
    {
      state,
      state_reason,
      failed_max_ratio: thresholds.failed_max_ratio,
      not_found_max_ratio: JSON.stringify(thresholds.not_found_max_ratio),
    },
    'data',
  )
  expect(['complete', 'complete_with_gaps'], state_reason ?? '').toContain(state)
  expect(run.report.jobs).toHaveLength(JOBS.length)
})

/**
 * Quarters are derived from facts: a source without a single fact leaves nothing to derive. Every other job
 * has the universe.
 */
async function hasInput(db: Database, job: JobName): Promise<boolean> {
  if (job !== 'fundamentals-derived') return true
  return (
    await db.one<{ has_facts: boolean }>(
      'select exists (select from stocks_research.fundamentals_raw) as has_facts',
    )
  ).has_facts
}

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

const namesOf = (gaps: readonly ItemGap[]): string[] =>
  gapGroups(gaps).map(({ ending, reason, items }) => `${items.join(', ')}: ${ending}, ${reason}`)
