import { join } from 'node:path'
import type { Config } from '../../helpers/config/config.ts'
import { sourceText } from '../../helpers/config/source.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { openLog, silentLog } from '../../helpers/core/log.ts'
import { requireLiveServer } from '../../helpers/database/live-servers.ts'
import { underRunLock } from '../../helpers/database/lock.ts'
import { requireCurrentSchema } from '../../helpers/database/migrate-state.ts'
import { connectionOf } from '../../helpers/database/roles.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { lossIn } from '../../helpers/postgres/lost.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Server } from '../../helpers/postgres/server.ts'
import type { JobName } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import type { RunReport } from '../pipeline/report.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import type { RunRow } from '../pipeline/runs.ts'
import { requireEndedChange } from '../provider-change/switch.ts'
import { nameOf } from '../providers/choose.ts'
import { openRunProviders } from '../providers/index.ts'
import { describePlan } from '../providers/plan.ts'
import { keepUniverse } from '../universe/keep.ts'
import { readUniverse } from '../universe/read.ts'
import { progressLine, summaryText } from './console.ts'
import { EXIT_CODES, say } from './entry.ts'
import { nextStep } from './next-step.ts'
import { throughRestarts } from './restarts.ts'
import { onServer } from './settings.ts'
import { withSignals } from './signals.ts'

const SQL = join(import.meta.dirname, 'sql')

// Loads data: `run`, `resume` and `retry` here, `daily` in daily-command.ts.

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
  /** Answers that were archived since then are used again, and not requested. */
  readonly reuse_since_at?: string
  /** True for what may run while a change of the provider has not ended: the change itself. */
  readonly ends_change?: boolean
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

/** What a kind of run is given beyond the options of `ingest`. */
export interface RunPlace {
  readonly server: Server
  /** When it began, for the names of its files. */
  readonly stamp: string
  readonly log_file: string
}

/**
 * Works with what every kind of run needs: its universe, its providers, a log of its own, a progress line,
 * and the run lock, which is held until `work` ends.
 */
export async function withRun<T>(
  config: Config,
  work_asked: Omit<Work, 'jobs'>,
  work: (options: Omit<IngestOptions, 'jobs'>, place: RunPlace) => Promise<T>,
): Promise<{ readonly result: T; readonly log_file: string }> {
  const { command, resumed, group_rows_max, requests_max, without = [] } = work_asked
  const reuse_since_at = resumed?.started_at ?? work_asked.reuse_since_at
  const universe = await readUniverse(config.universe_file, config.source.mode)
  if (resumed !== undefined && resumed.universe_sha256 !== universe.sha256) {
    throw new RefusedError(
      `The universe ${universe.file} has changed since run ${resumed.run_id} began: SHA-256 was ` +
        `${resumed.universe_sha256}, is ${universe.sha256}. Restore the old file, or start a new run.`,
    )
  }
  return onServer(config, async (server) => {
    const { connection: asked, maintenance, describe } = server
    requireLiveServer(config, await describe(), asked)
    await requireBuilt(asked)
    await requireCurrentSchema(asked)
    if (work_asked.ends_change !== true) await withDatabase(asked, requireEndedChange)
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    const log_file = join(config.directories.data, 'logs', `ingest_${stamp}_${process.pid}.jsonl`)
    const log = openLog(log_file, { command })
    const progress = progressLine(process.stderr)
    const connection = await connectionOf(asked, 'ingest', config.role_passwords)
    const opened = await openRunProviders(config, log, {
      connection,
      without,
      ...(reuse_since_at === undefined ? {} : { reuse_since_at }),
      ...(requests_max === undefined ? {} : { requests_max }),
    })
    for (const choice of opened.choices) log.info(choice, 'provider chosen')
    // One run at a time on a target, a checklist run included; only a child of the run that holds the lock
    // may work beside it.
    const lock = { run_id: `ingest-${stamp}`, held_lock: config.held_lock }
    // A restart of the server ends the connection of the lock before all others notice it.
    const underSignals = async (lost: AbortSignal): Promise<T> => {
      const ended = withSignals(log, (interrupted) => load(AbortSignal.any([lost, interrupted])))
      const loss = (): unknown => (lossIn(lost.reason) === undefined ? undefined : lost.reason)
      const result = await ended.catch((error: unknown) => {
        throw loss() ?? error
      })
      if (loss() !== undefined) throw loss()
      return result
    }
    const load = async (signal: AbortSignal): Promise<T> => {
      await keepUniverse(config.directories.archive, universe)
      await withDatabase(connection, (db) =>
        db.rows(queryFile(SQL, 'unmark-members'), [universe.members.map(({ source_id }) => source_id)]),
      )
      return work(
        {
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
        },
        { server, log_file, stamp },
      )
    }
    const result = await underRunLock(maintenance, connection.database, lock, underSignals).finally(
      async () => {
        progress.clear()
        await opened.close()
      },
    )
    log.info({ requests: opened.requests() }, 'requests sent')
    return { result, log_file }
  })
}

/** The reports of runs as a person reads them, each with what continues it. */
export const runsText = (reports: readonly RunReport[], log_file: string, config: Config): string =>
  reports.map((report) => `${summaryText(report)}\nLog: ${log_file}${nextStep(report, config)}`).join('\n')

/** The worst state of several runs. */
export const worstOf = (reports: readonly RunReport[]): (typeof SEVERITY)[number] =>
  SEVERITY.find((state) => reports.some((report) => report.state === state)) ?? 'complete'

/** Runs jobs, prints the report, and sets the exit code. */
export async function run(config: Config, work: Work): Promise<void> {
  const { result, log_file } = await throughRestarts(config, (interrupted) => {
    const resumed = interrupted ?? work.resumed
    return withRun(config, { ...work, ...(resumed === undefined ? {} : { resumed }) }, (options) =>
      ingest({
        ...options,
        jobs: jobsInOrder(work.jobs),
        ...(resumed === undefined ? {} : { resume_run_id: resumed.run_id }),
        ...(work.reopen === undefined ? {} : { reopen: work.reopen }),
        ...(work.is_full === undefined ? {} : { is_full: work.is_full }),
      }),
    )
  })
  say(runsText([result], log_file, config))
  process.exitCode = EXIT_CODES[worstOf([result])]
}
