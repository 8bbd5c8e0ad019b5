/**
 * Phase 4 · Ingestion dry runs, on the empty database
 *
 * Goal:  each job works, once, in isolation, on a small written sample, before it runs over everything.
 * Again: safe. A job that runs again changes nothing; that is what these boxes prove.
 */
import { describe } from 'vitest'
import { expectAtLeast, expectAtMost, expectEqual, expectNone } from '../helpers/checklist/expectations.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { fingerprintOf } from '../helpers/database/fingerprint.ts'
import type { JobName, JobReport } from '../ingest/contract/job.ts'
import { faultsOfLog, gapTexts, rowCounts } from './evidence.ts'
import { expectComplete, expectNoneFailed, expectNothingWritten, expectSameContent } from './expectations.ts'
import { Left, needs, test } from './fixtures.ts'
import { LISTED_JOBS } from './jobs.ts'
import type { LoggedRun } from './run-jobs.ts'
import { rowsOfJob, whyWithoutRows } from './tables.ts'

needs('03-safety-backup')

/** Rows of each job's tables before the job ran first. */
const rows_before: Record<string, number> = {}

for (const { title, job, derived_from } of LISTED_JOBS) {
  const ended = `${title}: it ends without an uncaught exception, its rows are there`
  const first = new Left<LoggedRun>(ended)

  test(ended, async ({ runJobs, sample, config, db, record, notApplicable }) => {
    rows_before[job] = await rowsOfJob(db, job)
    const run = await runJobs({ jobs: [job], universe: sample })
    first.value = run
    const report = reportOf(run, job)
    const rows = await rowsOfJob(db, job)
    await record({
      run_id: run.report.run_id,
      state: run.report.state,
      ...rowCounts(report),
      rows_in_table: rows,
      ...report.items,
      gaps: gapTexts(report.gaps),
    })
    expectComplete(run.report)
    expectNoneFailed(report)
    expectEqual(`the rows of ${job}`, rows, report.rows_inserted)
    if (rows > 0) return
    const { required_datasets } = config.bootstrap
    const { run_id } = run.report
    notApplicable(await whyWithoutRows(db, run_id, { job, derived_from }, required_datasets))
  })

  test(`${title}: its log is clean`, async ({ record }) => {
    const { log_file } = first.value
    const { lines, faults } = faultsOfLog(log_file)
    await record({ log_file, lines, faults })
    expectAtLeast(`lines in ${log_file}`, lines, 1)
    expectNone(faults, 'line that does not parse, or is an unexpected warning or error')
  })

  test(`${title}: run again it changes nothing`, async ({
    runJobs,
    sample,
    server,
    db,
    record,
    notApplicable,
  }) => {
    const before = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
    const again = reportOf(await runJobs({ jobs: [job], universe: sample }), job)
    const after = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
    const rows = await rowsOfJob(db, job)
    await record({
      ...rowCounts(again),
      rows_in_table: rows,
      content_sha256_before: before.content_sha256,
      content_sha256_after: after.content_sha256,
    })
    expectNothingWritten(again)
    expectSameContent(before, after)
    if (rows === 0) notApplicable(`${job} has no rows that could change`)
  })
}

describe(ALSO_PROVEN, () => {
  test('the table of each job was empty before the job ran', async ({ record }) => {
    await record(rows_before)
    expectEqual('the jobs whose tables were counted', Object.keys(rows_before).length, LISTED_JOBS.length)
    for (const [job, rows] of Object.entries(rows_before))
      expectEqual(`the rows of ${job} before it ran`, rows, 0)
  })

  test('the sample is a written part of the universe, and its hash is recorded', async ({
    sample,
    universe,
    config,
    record,
  }) => {
    const strangers = sample.members.filter((member) => !universe.members.includes(member))
    await record({
      file: sample.file,
      sha256: sample.sha256,
      securities: sample.members.map(({ source_id, ticker }) => `${source_id} ${ticker}`),
      ...config.window,
    })
    expectAtLeast('securities in the sample', sample.members.length, 1)
    expectAtMost('securities in the sample', sample.members.length, config.bootstrap.sample.securities)
    expectNone(
      strangers.map(({ source_id, ticker }) => `${source_id} ${ticker}`),
      'security of the sample that is not in the universe',
    )
  })
})

function reportOf({ report }: LoggedRun, job: JobName): JobReport {
  const found = report.jobs.find((each) => each.job === job)
  if (found === undefined) throw new TypeError(`The run reported no ${job}: ${report.state_reason}`)
  return found
}
