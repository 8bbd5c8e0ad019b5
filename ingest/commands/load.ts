import { join } from 'node:path'
import { type Config, sourceText } from '../../helpers/config/config.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { openLog, silentLog } from '../../helpers/core/log.ts'
import { requireLiveServer } from '../../helpers/database/live-servers.ts'
import { underRunLock } from '../../helpers/database/lock.ts'
import { requireCurrentSchema } from '../../helpers/database/migrate-state.ts'
import { connectionOf } from '../../helpers/database/roles.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { REHEARSAL_MOMENT } from '../../helpers/simulator/rehearsal.ts'
import type { JobName } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import type { RunReport } from '../pipeline/report.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import type { RunRow } from '../pipeline/runs.ts'
import { nameOf } from '../providers/choose.ts'
import { openRunProviders } from '../providers/index.ts'
import { describePlan } from '../providers/plan.ts'
import { readUniverse } from '../universe/read.ts'
import { checksOf } from '../validation/checks.ts'
import { progressLine, summaryText } from './console.ts'
import { runDaily } from './daily.ts'
import { EXIT_CODES, say } from './entry.ts'
import { nextStep } from './next-step.ts'
import { onServer } from './settings.ts'
import { withSignals } from './signals.ts'
import { validationText } from './status.ts'

// Loads data: `run`, `resume` and `retry` one run, `daily` one or two.

/** Of several runs the worst state is the exit code. */
const SEVERITY = ['failed', 'interrupted', 'halted', 'complete_with_gaps', 'complete'] as const

export interface Work {
  readonly jobs: readonly JobName[]
  readonly command: string
  readonly resumed?: RunRow
  readonly reopen?: NonNullable<IngestOptions['reopen']>
  readonly group_rows_max?: number | undefined
  readonly requests_max?: number | undefined
  readonly is_full?: boolean | undefined
  readonly without?: readonly string[] | undefined
}

/** Prints what the jobs would cost; makes no requests. */
export async function showPlan(
  config: Config,
  jobs: readonly JobName[],
  without: readonly string[] = [],
): Promise<void> {
  const providers = await openRunProviders(config, silentLog(), { without, jobs })
  try {
    const universe = await readUniverse(config.universe_file, config.source.mode)
    const plan = await providers.plan(jobs, universe, config.window)
    const chosen = providers.choices.map(({ job, provider, passed_over }) =>
      [`${job}: ${nameOf(provider)}`, ...passed_over.map((why) => `skipped ${why}`)].join('; '),
    )
    say([...chosen, ...describePlan(plan)].join('\n'))
  } finally {
    await providers.close()
  }
}

/** What every kind of run is given: its universe, its providers, a log of its own, and a progress line. */
async function withRun(
  config: Config,
  { command, resumed, group_rows_max, requests_max, without = [] }: Omit<Work, 'jobs'>,
  work: (options: Omit<IngestOptions, 'jobs'>) => Promise<readonly RunReport[]>,
): Promise<void> {
  const universe = await readUniverse(config.universe_file, config.source.mode)
  if (resumed !== undefined && resumed.universe_sha256 !== universe.sha256) {
    throw new RefusedError(
      `The universe ${universe.file} has changed since run ${resumed.run_id} began: SHA-256 was ` +
        `${resumed.universe_sha256}, is ${universe.sha256}. Restore the old file, or start a new run.`,
    )
  }
  await onServer(config, async ({ connection: asked, maintenance, describe }) => {
    requireLiveServer(config, await describe(), asked)
    await requireBuilt(asked)
    await requireCurrentSchema(asked)
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    const log_file = join(config.directories.data, 'logs', `ingest_${stamp}_${process.pid}.jsonl`)
    const log = openLog(log_file, { command })
    const progress = progressLine(process.stderr)
    const connection = await connectionOf(asked, 'ingest', config.role_passwords)
    const opened = await openRunProviders(config, log, {
      connection,
      without,
      ...(resumed === undefined ? {} : { reuse_since_at: resumed.started_at }),
      ...(requests_max === undefined ? {} : { requests_max }),
    })
    for (const choice of opened.choices) log.info(choice, 'provider chosen')
    // One run at a time on a target, a checklist run included; only a child of the run that holds the lock
    // may work beside it.
    const lock = { run_id: `ingest-${stamp}`, held_lock: config.held_lock }
    const underSignals = (lost: AbortSignal): Promise<readonly RunReport[]> =>
      withSignals(log, (told) => load(AbortSignal.any([lost, told])))
    const load = (signal: AbortSignal): Promise<readonly RunReport[]> =>
      work({
        connection,
        universe,
        window: config.window,
        providers: opened.providers,
        source: sourceText(config.source),
        thresholds: config.bootstrap.thresholds,
        log,
        signal,
        command,
        onProgress: progress.show,
        onJob: progress.done,
        ...(group_rows_max === undefined ? {} : { group_rows_max }),
      })
    const reports = await underRunLock(maintenance, connection.database, lock, underSignals).finally(
      async () => {
        progress.clear()
        await opened.close()
      },
    )
    log.info({ requests: opened.requests() }, 'requests sent')
    for (const report of reports) {
      say(summaryText(report))
      say(`Log: ${log_file}${nextStep(report, config)}`)
    }
    const worst = SEVERITY.find((state) => reports.some((report) => report.state === state))
    if (worst !== undefined && process.exitCode !== EXIT_CODES.failed) process.exitCode = EXIT_CODES[worst]
  })
}

export const run = (config: Config, work: Work): Promise<void> =>
  withRun(config, work, async (options) => [
    await ingest({
      ...options,
      jobs: jobsInOrder(work.jobs),
      ...(work.resumed === undefined ? {} : { resume_run_id: work.resumed.run_id }),
      ...(work.reopen === undefined ? {} : { reopen: work.reopen }),
      ...(work.is_full === undefined ? {} : { is_full: work.is_full }),
    }),
  ])

export const daily = (
  config: Config,
  work: Pick<Work, 'group_rows_max' | 'requests_max' | 'without'>,
): Promise<void> => {
  const checks = checksOf(config)
  return withRun(config, { ...work, command: 'daily' }, async (options) => {
    // The clock of a rehearsal stands where its market does.
    const now = config.source.mode === 'rehearsal' ? REHEARSAL_MOMENT : new Date()
    const report = await runDaily({
      ...options,
      now,
      overlap_sessions: config.bootstrap.daily.overlap_sessions,
      checks,
    })
    const again = report.pulled_again.length === 0 ? 'none' : report.pulled_again.join(', ')
    say(
      `Prices from ${report.overlap_start_date} to ${report.last_session_date}; history asked for as a ` +
        `whole: ${again}\n`,
    )
    say(validationText(report.validation))
    if (report.validation.hard_count > 0) process.exitCode = EXIT_CODES.failed
    return report.runs
  })
}
