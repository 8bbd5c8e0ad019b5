/**
 * Phase 4 · Ingestion dry runs, on the empty database
 *
 * Goal:  each job works, once, in isolation, on a small written sample, before it is let loose on everything.
 * Again: safe. A job that runs again changes nothing; that is what these boxes prove.
 */
import { expect } from 'vitest'
import { fingerprintOf } from '../helpers/database/fingerprint.ts'
import type { JobName } from '../ingest/contract/job.ts'
import { jobOf } from '../ingest/jobs.ts'
import { faultsOfLog, type LoggedRun, needs, test } from './fixtures.ts'

needs('03-safety-backup')

const JOBS: readonly (readonly [title: string, job: JobName])[] = [
  ['securities master', 'securities'],
  ['ticker history', 'ticker-history'],
  ['prices (daily)', 'prices-daily'],
  ['corporate actions', 'corporate-actions'],
  ['adjustment factors', 'adjustment-factors'],
  ['fundamentals (raw)', 'fundamentals-raw'],
  ['fundamentals (derived / YoY)', 'fundamentals-derived'],
]

test('the core tables are empty before the first job', async ({ db, record }) => {
  const rows: Record<string, number> = {}
  for (const [, job] of JOBS) {
    const { table } = jobOf(job)
    rows[table] = (
      await db.one<{ rows: number }>(`select count(*)::int as rows from stocks_research.${table}`)
    ).rows
  }
  await record(rows)
  expect(Object.values(rows).every((count) => count === 0)).toBe(true)
})

test('the sample is written, and its hash is recorded', async ({ sample, config, record }) => {
  const wanted = config.bootstrap.sample.securities
  await record({
    file: sample.file,
    sha256: sample.sha256,
    securities: sample.members.map(({ source_id, ticker }) => `${source_id} ${ticker}`),
    ...config.window,
  })
  expect(sample.members.length).toBeGreaterThan(0)
  expect(sample.members.length).toBeLessThanOrEqual(wanted)
})

for (const [title, job] of JOBS) {
  let first: LoggedRun

  test(`${title}: the job ends without an uncaught exception, and its rows are there`, async ({
    runJobs,
    sample,
    db,
    record,
  }) => {
    first = await runJobs({ jobs: [job], universe: sample })
    const [report] = first.report.jobs
    const { table } = jobOf(job)
    const { rows } = await db.one<{ rows: number }>(
      `select count(*)::int as rows from stocks_research.${table}`,
    )
    const items = report?.items
    await record({
      run_id: first.report.run_id,
      state: first.report.state,
      ...counts(first),
      rows_in_table: rows,
      ...items,
      gaps: report?.gaps.map(({ item, reason }) => `${item}: ${reason}`),
    })
    expect(['complete', 'complete_with_gaps']).toContain(first.report.state)
    expect(rows).toBe(report?.rows_inserted)
    expect(items?.ok === 0 ? rows : Math.sign(rows), 'an item that ended well left rows').toBe(
      items?.ok === 0 ? 0 : 1,
    )
    expect({ failed: items?.failed, deferred: items?.deferred, pending: items?.pending }).toEqual({
      failed: 0,
      deferred: 0,
      pending: 0,
    })
  })

  test(`${title}: the log is clean, every line parses and nothing at warn or above is unexpected`, async ({
    record,
  }) => {
    const { lines, faults } = faultsOfLog(first.log_file)
    await record({ log_file: first.log_file, lines, faults })
    expect(lines).toBeGreaterThan(0)
    expect(faults).toEqual([])
  })

  test(`${title}: run again it changes nothing, zero inserted, zero updated, same content hash`, async ({
    runJobs,
    sample,
    server,
    record,
  }) => {
    const before = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
    const again = await runJobs({ jobs: [job], universe: sample })
    const after = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
    const { rows_inserted, rows_updated, rows_deleted } = counts(again)
    await record({
      ...counts(again),
      content_sha256_before: before.content_sha256,
      content_sha256_after: after.content_sha256,
    })
    expect({ rows_inserted, rows_updated, rows_deleted }).toEqual({
      rows_inserted: 0,
      rows_updated: 0,
      rows_deleted: 0,
    })
    expect(after.content_sha256).toBe(before.content_sha256)
  })
}

function counts({ report }: LoggedRun) {
  const [job] = report.jobs
  if (job === undefined) throw new TypeError('The run reported no job.')
  const {
    rows_read,
    rows_skipped,
    rows_rejected,
    rows_staged,
    rows_inserted,
    rows_updated,
    rows_unchanged,
    rows_deleted,
  } = job
  return {
    rows_read,
    rows_skipped,
    rows_rejected,
    rows_staged,
    rows_inserted,
    rows_updated,
    rows_unchanged,
    rows_deleted,
  }
}
