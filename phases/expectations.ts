/** Assertions on the reports of the product, as sentences. Each first line is what a person must fix. */
import {
  expectEqual,
  expectNone,
  expectThat,
  type Reasoned,
  reasonLines,
} from '../helpers/checklist/expectations.ts'
import type { Fingerprint } from '../helpers/database/fingerprint.ts'
import type { Drill } from '../helpers/drills/drill.ts'
import type { ItemGap, JobReport } from '../ingest/contract/job.ts'
import type { RunReport } from '../ingest/pipeline/report.ts'
import type { ValidationReport } from '../ingest/validation/validate.ts'
import { violationsOf } from './evidence.ts'

/**
 * A run is complete when its work items ended within the thresholds. The failure names the reasons of the
 * jobs that did not, the failed work items first.
 */
export function expectComplete({ state, state_reason, jobs }: RunReport): void {
  if (state === 'complete' || state === 'complete_with_gaps') {
    expectThat(true, '')
    return
  }
  const why = state_reason ?? 'no reason is recorded'
  const blamed = jobs.filter(({ job }) => why.includes(`${job}: `) || why.includes(`(${job})`))
  const reasons = (['failed', 'deferred', 'not_found'] as const).flatMap((status) =>
    blamed.flatMap((job) => reasonsOf(job, [status])),
  )
  const [first, ...others] = [...reasonLines(reasons), `the run is ${state}: ${why}`]
  expectThat(false, [`${first}`, ...others.map((line) => `  ${line}`)].join('\n'))
}

/** No work item of the job failed, waits for a quota, or was left undone. */
export function expectNoneFailed(report: JobReport): void {
  expectNone(reasonsOf(report, ['failed', 'deferred']), `failed work item of ${report.job}`)
  expectEqual(`work items of ${report.job} that were not done`, report.items.pending, 0)
}

/** Work items of a job that ended without rows, each with its reason. */
const reasonsOf = ({ job, gaps }: JobReport, statuses: readonly ItemGap['status'][]): Reasoned[] =>
  gaps
    .filter(({ status }) => statuses.includes(status))
    .map(({ item, status, reason }) => ({
      name: item,
      reason: `${job} ${status.replace('_', ' ')}: ${reason}`,
    }))

/** The checks named ran, and found nothing. */
export function expectNoViolations(report: ValidationReport, names: readonly string[]): void {
  const checks = report.checks.filter(({ name }) => names.includes(name))
  const missing = names.filter((name) => !checks.some((check) => check.name === name))
  expectNone(missing, 'check that did not run')
  expectNone(violationsOf(checks), 'violation', {
    count: checks.reduce((sum, { violations_count }) => sum + violations_count, 0),
  })
}

/** No hard check has a violation that was not accepted in writing. */
export function expectNoHardViolations(report: ValidationReport): void {
  const hard = report.checks.filter(({ severity }) => severity === 'hard')
  expectNone(violationsOf(hard), 'violation of a hard check', { count: report.hard_count })
}

/** A job that ran again wrote nothing. */
export function expectNothingWritten({ job, rows_inserted, rows_updated, rows_deleted }: JobReport): void {
  expectEqual(`rows that ${job} inserted when it ran again`, rows_inserted, 0)
  expectEqual(`rows that ${job} updated when it ran again`, rows_updated, 0)
  expectEqual(`rows that ${job} deleted when it ran again`, rows_deleted, 0)
}

export function expectSameContent(before: Fingerprint, after: Fingerprint): void {
  expectEqual('the content hash of the database', after.content_sha256, before.content_sha256)
}

/** A drill was detected by a message that has these words, and everything is as it was before. */
export function expectSurvived({ detected_by, recovered }: Drill, ...words: string[]): void {
  for (const word of words)
    expectThat(detected_by.includes(word), `expected a message with "${word}", found: ${detected_by}`)
  expectThat(recovered, `it was detected and not recovered: ${detected_by}`)
}
