import { messageOf } from '../../helpers/core/errors.ts'
import { redact } from '../../helpers/core/redact.ts'
import { counted, thousands } from '../../helpers/core/text.ts'
import type { JobReport } from '../contract/job.ts'
import { type Freshness, freshnessText } from '../validation/freshness.ts'
import type { DailyReport } from './daily.ts'
import { EXIT_CODES } from './entry.ts'
import { worstOf } from './load.ts'
import type { DailyBackup } from './make-backup.ts'

/** What a daily run came to, for machines: `daily --json` prints it. Fields are added, never renamed. */
export interface DailySummary {
  readonly command: 'daily'
  readonly database: string
  /** The worst state of its runs; `failed` also when a hard check has a violation or the backup failed. */
  readonly state: ReturnType<typeof worstOf>
  readonly exit_code: number
  /** Why the exit code is not 0, in sentences. */
  readonly reasons: readonly string[]
  readonly ended_at: string
  readonly duration_ms: number
  /** The rest is null when it failed before the end of the first run. */
  readonly freshness: Freshness | null
  readonly runs: readonly { readonly run_id: string; readonly state: string }[]
  readonly rows: {
    readonly inserted: number
    readonly updated: number
    readonly deleted: number
    readonly rejected: number
  } | null
  /** Jobs whose files were not read: they are unchanged since that run. */
  readonly unchanged: readonly { readonly job: string; readonly since_run_id: string }[]
  /**
   * Filers of the job that loads facts: `not_requested_count` filed nothing until `through_date`, since the
   * run or a later one requested them. `all_because` says why every filer was requested. Null for a source
   * without a list of filings.
   */
  readonly filers: {
    readonly requested_count: number
    readonly not_requested_count: number
    readonly since_run_id: string | null
    readonly through_date: string | null
    readonly all_because: string | null
  } | null
  /** Securities whose whole history was requested again. */
  readonly requested_again: readonly string[]
  readonly validation: {
    readonly checks_count: number
    readonly hard_count: number
    readonly soft_count: number
    readonly accepted_count: number
    /** Hard checks that have violations. */
    readonly failed_checks: readonly string[]
  } | null
  readonly backup: DailyBackup
  readonly log_file: string | null
}

export function summaryOf({
  report,
  freshness,
  backup,
  log_file,
  database,
  duration_ms,
}: {
  readonly report: DailyReport
  readonly freshness: Freshness
  readonly backup: DailyBackup
  readonly log_file: string
  readonly database: string
  readonly duration_ms: number
}): DailySummary {
  const { validation, runs } = report
  const failed_checks = validation.checks
    .filter((check) => check.severity === 'hard' && check.violations_count > check.accepted_count)
    .map(({ name }) => name)
  const worst = worstOf(runs)
  const reasons = [
    ...runs.flatMap(({ run_id, state, state_reason }) =>
      state === 'complete'
        ? []
        : [`run ${run_id} is ${state}${state_reason === null ? '' : `: ${state_reason}`}`],
    ),
    ...(failed_checks.length === 0
      ? []
      : [`${counted(validation.hard_count, 'violation')} of hard checks (${failed_checks.join(', ')})`]),
    ...(backup !== null && 'error' in backup ? [`the backup failed: ${backup.error}`] : []),
  ]
  const isFailed = failed_checks.length > 0 || (backup !== null && 'error' in backup)
  const state = isFailed ? 'failed' : worst
  const sum = (column: 'inserted' | 'updated' | 'deleted' | 'rejected'): number => {
    let total = 0
    for (const { jobs } of runs) for (const job of jobs) total += job[`rows_${column}`]
    return total
  }
  return {
    command: 'daily',
    database,
    state,
    exit_code: EXIT_CODES[state],
    reasons,
    ended_at: new Date().toISOString(),
    duration_ms: Math.round(duration_ms),
    freshness,
    runs: runs.map(({ run_id, state: own }) => ({ run_id, state: own })),
    rows: {
      inserted: sum('inserted'),
      updated: sum('updated'),
      deleted: sum('deleted'),
      rejected: sum('rejected'),
    },
    unchanged: runs.flatMap(({ jobs }) => jobs.flatMap(unchangedJob)),
    filers: runs.flatMap(({ jobs }) => jobs.flatMap(filersOf))[0] ?? null,
    requested_again: report.pulled_again,
    validation: {
      checks_count: validation.checks.length,
      hard_count: validation.hard_count,
      soft_count: validation.soft_count,
      accepted_count: validation.accepted_count,
      failed_checks,
    },
    backup,
    log_file,
  }
}

const unchangedJob = ({ job, unchanged_since }: JobReport): DailySummary['unchanged'] =>
  unchanged_since === undefined ? [] : [{ job, since_run_id: unchanged_since }]

function filersOf({
  items,
  not_requested,
  all_requested_because,
}: JobReport): NonNullable<DailySummary['filers']>[] {
  if (not_requested === undefined && all_requested_because === undefined) return []
  const all = Object.values(items).reduce((sum, number) => sum + number, 0)
  const not_requested_count = not_requested?.items_count ?? 0
  return [
    {
      requested_count: all - not_requested_count,
      not_requested_count,
      since_run_id: not_requested?.since_run_id ?? null,
      through_date: not_requested?.through_date ?? null,
      all_because: all_requested_because ?? null,
    },
  ]
}

/** The summary of a daily run that ended by an error. */
export function failureOf(database: string, error: unknown, duration_ms: number): DailySummary {
  return {
    command: 'daily',
    database,
    state: 'failed',
    exit_code: EXIT_CODES.failed,
    reasons: [redact(messageOf(error))],
    ended_at: new Date().toISOString(),
    duration_ms: Math.round(duration_ms),
    freshness: null,
    runs: [],
    rows: null,
    unchanged: [],
    filers: null,
    requested_again: [],
    validation: null,
    backup: null,
    log_file: null,
  }
}

/** The summary in one line, for the subject or the end of a mail. */
export function lineOf(summary: DailySummary): string {
  const { database, state, exit_code, freshness, filers, rows, validation, backup, reasons } = summary
  const parts = [
    `daily ${database}: ${state} (exit code ${exit_code})`,
    ...(freshness === null ? [] : [freshnessText(freshness)]),
    ...(rows === null
      ? []
      : [
          `rows: ${thousands(rows.inserted)} inserted, ${thousands(rows.updated)} updated, ` +
            `${thousands(rows.deleted)} deleted, ${thousands(rows.rejected)} rejected`,
        ]),
    ...(filers === null ? [] : [filersPart(filers)]),
    ...(validation === null
      ? []
      : [`checks: ${validation.hard_count} hard and ${validation.soft_count} soft violations`]),
    ...backupPart(backup),
    ...reasons.map((reason) => reason.split('\n', 1)[0] ?? ''),
  ]
  return parts.join(' · ')
}

const filersPart = ({
  requested_count,
  not_requested_count,
  through_date,
}: NonNullable<DailySummary['filers']>): string =>
  through_date === null
    ? `all ${thousands(requested_count)} filers requested`
    : `filers: ${thousands(requested_count)} requested, ${thousands(not_requested_count)} filed nothing ` +
      `until ${through_date}`

function backupPart(backup: DailyBackup): string[] {
  if (backup === null || 'error' in backup) return []
  return 'skipped' in backup
    ? [`backup: none, since ${backup.skipped}`]
    : [`backup: ${backup.file}, all 4 levels`]
}
