import { join } from 'node:path'
import { type Config, readConfigWith, sourceText } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { openLog, silentLog } from '../../helpers/core/log.ts'
import { redact } from '../../helpers/core/redact.ts'
import { requireLiveServer } from '../../helpers/database/live-servers.ts'
import { underRunLock } from '../../helpers/database/lock.ts'
import { connectionOf } from '../../helpers/database/roles.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type Server, startServer } from '../../helpers/postgres/server.ts'
import { REHEARSAL_MOMENT } from '../../helpers/simulator/rehearsal.ts'
import type { JobName } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import type { RunReport } from '../pipeline/report.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { findRun, type RunRow } from '../pipeline/runs.ts'
import { chooseProviders, nameOf } from '../providers/choose.ts'
import { namesOfCombined } from '../providers/combined.ts'
import { openRunProviders } from '../providers/index.ts'
import { credentialsOf } from '../providers/live.ts'
import { describePlan } from '../providers/plan.ts'
import { readUniverse } from '../universe/read.ts'
import { checksOf } from '../validation/checks.ts'
import { progressLine, summaryText } from './console.ts'
import { runDaily } from './daily.ts'
import { withSignals } from './signals.ts'
import { validationText } from './status.ts'

/** What the process ends with. Only `complete` is success to a shell. */
export const EXIT_CODES = {
  complete: 0,
  failed: 1,
  usage: 2,
  complete_with_gaps: 3,
  halted: 4,
  interrupted: 130,
  running: 1,
} as const

/** Of several runs the worst one is told to the shell. */
const SEVERITY = ['failed', 'interrupted', 'halted', 'complete_with_gaps', 'complete'] as const

interface Grouping {
  readonly groupRows?: number
}

/** Options of the command line, as commander gives them. */
export interface Choices extends Grouping {
  readonly universe?: string
  readonly start?: string
  readonly end?: string
  readonly source?: string
  readonly plan?: boolean
  readonly maxRequests?: number
  readonly full?: boolean
  readonly without?: readonly string[]
}

/** `choices` stand above the environment. */
export function configOf({ universe, start, end, source }: Choices): Config {
  return readConfigWith({
    BOOTSTRAP_UNIVERSE: universe,
    BOOTSTRAP_START: start,
    BOOTSTRAP_END: end,
    BOOTSTRAP_SOURCE: source,
  })
}

async function onServer(config: Config, work: (server: Server) => Promise<void>): Promise<void> {
  const server = await startServer(config)
  try {
    await work(server)
  } finally {
    await server.stop()
  }
}

/** The same, for what needs a database that was built before. */
export const onDatabase = (config: Config, work: (connection: Connection) => Promise<void>): Promise<void> =>
  onServer(config, async ({ connection }) => {
    await requireBuilt(connection)
    await work(connection)
  })

/** Resumes or retries a run with the universe, the window and the source that it was started with. */
export async function goOn(
  run_id: string | undefined,
  reopen: readonly ('failed' | 'deferred')[],
  choices: Choices,
): Promise<void> {
  const here = configOf({})
  await onDatabase(here, async (connection) => {
    const row = await withDatabase(connection, (db) => findRun(db, run_id))
    if (row === undefined)
      throw new RefusedError(
        `There is no run ${run_id ?? ''} in ${connection.database}. \`status\` lists them.`,
      )
    const config = configOf({
      universe: row.universe_file,
      start: row.start_date,
      end: row.end_date,
      ...(row.source === 'unknown' ? {} : { source: row.source }),
    })
    const { groupRows: group_rows_max, maxRequests: requests_max, without } = choices
    await run(config, {
      jobs: row.jobs,
      command: row.command,
      resumed: row,
      reopen,
      group_rows_max,
      requests_max,
      without,
    })
  })
}

interface Work {
  readonly jobs: readonly JobName[]
  readonly command: string
  readonly resumed?: RunRow
  readonly reopen?: NonNullable<IngestOptions['reopen']>
  readonly group_rows_max?: number | undefined
  readonly requests_max?: number | undefined
  readonly is_full?: boolean | undefined
  readonly without?: readonly string[] | undefined
}

/** Prints what the jobs would cost; asks nobody. */
export async function showPlan(
  config: Config,
  jobs: readonly JobName[],
  without: readonly string[] = [],
): Promise<void> {
  const providers = await openRunProviders(config, silentLog(), { without })
  try {
    const plan = await providers.plan(jobs, await readUniverse(config.universe_file), config.window)
    const chosen = providers.choices.map(({ job, provider, passed_over }) =>
      [`${job}: ${nameOf(provider)}`, ...passed_over.map((why) => `skipped ${why}`)].join('; '),
    )
    say(`${[...chosen, ...describePlan(plan)].join('\n')}\n`)
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
  const universe = await readUniverse(config.universe_file)
  if (resumed !== undefined && resumed.universe_sha256 !== universe.sha256) {
    throw new RefusedError(
      `The universe ${universe.file} has changed since run ${resumed.run_id} began: SHA-256 was ${resumed.universe_sha256}, is ${universe.sha256}. Put the old file back, or start a new run.`,
    )
  }
  await onServer(config, async ({ connection: asked, maintenance, describe }) => {
    requireLiveServer(config, await describe(), asked)
    await requireBuilt(asked)
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
      say(`Log: ${log_file}${nextStep(report, config)}\n`)
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
      `Prices from ${report.overlap_start_date} to ${report.last_session_date}; history asked for as a whole: ${again}\n`,
    )
    say(validationText(report.validation))
    if (report.validation.hard_count > 0) process.exitCode = EXIT_CODES.failed
    return report.runs
  })
}

function nextStep({ state, run_id, jobs }: RunReport, config: Config): string {
  if (state === 'interrupted') return `\nGo on with: npx node ingest/run.ts resume ${run_id}`
  if (state === 'halted') return `\n${waysOn(run_id, jobs, config)}`
  if (jobs.some(({ items }) => items.failed > 0))
    return `\nTry the failed items again with: npx node ingest/run.ts retry --failed ${run_id}`
  return ''
}

/**
 * A run keeps its providers, so that no series mixes two: either it goes on later, or another run asks the
 * next of each list.
 */
function waysOn(run_id: string, jobs: RunReport['jobs'], config: Config): string {
  const later = `Go on, once it answers again, with: npx node ingest/run.ts resume ${run_id}`
  const silent = silentProviders(jobs)
  try {
    if (silent.length === 0 || config.source.mode !== 'live') return later
    chooseProviders(config.providers.set, credentialsOf(config), silent)
  } catch {
    return later // Nobody stands behind it in the lists.
  }
  return [
    later,
    `Or ask the next of bootstrap.json, in a run of its own, with: npx node ingest/run.ts run all --without ${silent.join(' ')}`,
    'Securities keep their security_id; a price that the other one states differently is recorded in ingestion.price_revisions.',
  ].join('\n')
}

/** Of a combination it is the part whose words the items were deferred with. */
const silentProviders = (jobs: RunReport['jobs']): string[] => [
  ...new Set(
    jobs.flatMap(({ provider, gaps }) => {
      const words = gaps.flatMap(({ status, reason }) => (status === 'deferred' ? [reason] : []))
      return namesOfCombined(provider).filter((part) => words.some((reason) => reason.includes(part)))
    }),
  ),
]

export function say(text: string): void {
  process.stdout.write(redact(text))
}
