/** Ingestion runs of the phases: in this process, each with a log of its own beside the evidence. */
import { join } from 'node:path'
import type { Config } from '../helpers/config/config.ts'
import { type SourceConfig, sourceText } from '../helpers/config/source.ts'
import { openLog } from '../helpers/core/log.ts'
import { connectionOf } from '../helpers/database/roles.ts'
import { JOB_NAMES, type JobName, type JobReport } from '../ingest/contract/job.ts'
import { jobsInOrder } from '../ingest/jobs.ts'
import type { Progress } from '../ingest/pipeline/context.ts'
import type { RunReport } from '../ingest/pipeline/report.ts'
import { ingest } from '../ingest/pipeline/run.ts'
import { openRunProviders } from '../ingest/providers/index.ts'
import type { Universe } from '../ingest/universe/read.ts'
import type { Target } from './prepare.ts'

export interface IngestAsk {
  readonly jobs: readonly JobName[]
  readonly universe: Universe
  /** Another database than the target, e.g. a rebuild. */
  readonly database?: string
  /** Another source than the configured one, e.g. the archive. */
  readonly source?: SourceConfig
}

/** A run, and its log. */
export interface LoggedRun {
  readonly report: RunReport
  readonly log_file: string
  /** Requests sent to providers. */
  readonly requests: number
}

interface RunJobsOptions extends IngestAsk {
  readonly config: Config
  readonly target: Target
  readonly signal: AbortSignal
  /** What the log is named after. */
  readonly log_name: string
  readonly onProgress: (line: string) => void
  readonly beforeJob?: (job: JobName) => Promise<void>
  readonly onJob?: (report: JobReport) => void
}

export async function runJobs(options: RunJobsOptions): Promise<LoggedRun> {
  const { config, target, jobs, universe, database, source = config.source, onProgress } = options
  const log_file = logFileOf(target, options.log_name)
  const log = openLog(log_file, { checklist_run_id: target.run_id })
  // Rows are loaded as the role for that, where it is given; a rebuild in another database has no such role.
  const connection =
    database === undefined
      ? await connectionOf(target.connection, 'ingest', config.role_passwords)
      : { ...target.connection, database }
  const opened = await openRunProviders({ ...config, source }, log, { connection })
  const report = await ingest({
    connection,
    jobs: jobsInOrder(jobs),
    universe,
    window: config.window,
    providers: opened.providers,
    source: sourceText(source),
    thresholds: config.bootstrap.thresholds,
    log,
    signal: options.signal,
    // A box that claims "run again it changes nothing" derives again, and does not rely on recorded hashes.
    is_full: true,
    command: `checklist ${target.run_id}: ${jobs.join(' ')}`,
    onProgress: (at) => onProgress(progressLine(at)),
    ...(options.beforeJob === undefined ? {} : { beforeJob: options.beforeJob }),
    ...(options.onJob === undefined ? {} : { onJob: options.onJob }),
  }).finally(opened.close)
  return { report, log_file, requests: opened.requests() }
}

/** One run of all seven jobs, of which each box lets one job run. */
export interface ProductionRun {
  readonly log_file: string
  /** Lets `job` run, and returns its report. The job after it waits until it is asked for. */
  runJob(job: JobName, box: Pick<RunJobsOptions, 'signal' | 'onProgress'>): Promise<JobReport>
  /** The run, after its last job. */
  ended(): Promise<LoggedRun>
  /** Interrupts the run when a job has not run; it can be resumed then. */
  stop(): Promise<void>
}

/**
 * It is one run, and not seven, so that one command resumes it, and one command retries what failed in any of
 * its jobs and derives again what depends on that.
 */
export function productionRun(
  { config, target }: { config: Config; target: Target },
  universe: Universe,
): ProductionRun {
  const stopped = new AbortController()
  const turns = new Map(JOB_NAMES.map((job) => [job, Promise.withResolvers<void>()]))
  const reports = new Map(JOB_NAMES.map((job) => [job, Promise.withResolvers<JobReport>()]))
  const log_name = 'production run'
  let onProgress: RunJobsOptions['onProgress'] = () => {}
  let run: Promise<LoggedRun> | undefined
  const start = (): Promise<LoggedRun> =>
    runJobs({
      config,
      target,
      universe,
      jobs: JOB_NAMES,
      signal: stopped.signal,
      log_name,
      onProgress: (line) => onProgress(line),
      beforeJob: async (job) => turns.get(job)?.promise,
      onJob: (report) => reports.get(report.job)?.resolve(report),
    })
  const stop = (reason: unknown): void => {
    stopped.abort(reason)
    for (const turn of turns.values()) turn.resolve()
  }
  return {
    log_file: logFileOf(target, log_name),
    async runJob(job, box) {
      onProgress = box.onProgress
      run ??= start()
      turns.get(job)?.resolve()
      const onAbort = (): void => stop(box.signal.reason)
      if (box.signal.aborted) onAbort() // A signal that has fired already calls no listener.
      box.signal.addEventListener('abort', onAbort, { once: true })
      const endedEarly = run.then(({ report }) => {
        throw new TypeError(`The run ended before ${job}: ${report.state_reason ?? report.state}`)
      })
      try {
        return await Promise.race([reports.get(job)?.promise ?? endedEarly, endedEarly])
      } finally {
        endedEarly.catch(() => {}) // It rejects at the end of the run; the job has its report by then.
        box.signal.removeEventListener('abort', onAbort)
      }
    },
    ended: () => run ?? Promise.reject(new TypeError('No job of the production run was started.')),
    async stop() {
      stop(new Error('The phase has ended.'))
      await run?.catch(() => {}) // The box that waited for it has failed with its error.
    },
  }
}

const logFileOf = (target: Target, name: string): string =>
  join(target.run_directory, 'logs', `${slugOf(name)}.jsonl`)

const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80)

const progressLine = ({ job, label, step, items_done, items_total, rows_read }: Progress): string =>
  `${job} · ${step} ${label} · ${items_done} of ${items_total} items, ${rows_read.toLocaleString('en')} rows`
