import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../../helpers/config/connection.ts'
import { PRODUCT_VERSION } from '../../helpers/config/version.ts'
import { messageOf, RefusedError, StocksError } from '../../helpers/core/errors.ts'
import { type Log, silentLog } from '../../helpers/core/log.ts'
import { recordContent, recordUnseenChanges } from '../../helpers/database/content-hashes.ts'
import { type Database, openDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { loadCalendar } from '../calendar/load.ts'
import {
  type Job,
  type JobName,
  type JobReport,
  type SourcedJob,
  tablesOf,
  type Window,
} from '../contract/job.ts'
import { type Provider, SourceError } from '../contract/provider.ts'
import type { Universe } from '../universe/read.ts'
import { addCounts, type JobCounts, type Progress, type RunContext, type Thresholds } from './context.ts'
import { runDerived } from './derive.ts'
import { type KnownSecurity, loadKnownSecurities } from './identity.ts'
import { providersOfRun, renewLeases, reopenItems, reopenRun, windowsOfRun } from './items.ts'
import { releaseIngestionLock, startHeart, takeIngestionLock, writerOf } from './lock.ts'
import { chooseProvider, isSourced } from './plan.ts'
import { jobReport, type RunReport, stateOf } from './report.ts'
import { beginRun, endRun, markDeadRuns } from './runs.ts'
import { loadSharedTable } from './shared-table.ts'
import { runSourced } from './sourced.ts'
import { rulesOf } from './unchanged.ts'
import { filersOnce } from './unchanged-filers.ts'

// The way of the data, file by file:
//   run.ts     takes the lock (lock.ts), records the run (runs.ts), runs its jobs in order
//   plan.ts    the work items of a job (items.ts); sourced.ts reads them in batches, derive.ts derives them
//   batch.ts   one batch: read.ts → stage.ts → settle.ts → merge.ts → record.ts; beside.ts brings in the
//              table that its job loads beside its own
//   report.ts  what the run did, and the state in which it ended
// context.ts is what all steps share; identity.ts says which security a record is about; sql/ has the
// statements.

const SQL = join(import.meta.dirname, 'sql')

export interface IngestOptions {
  readonly connection: Connection
  /** In the order of their needs: the pipeline is given its jobs. */
  readonly jobs: readonly Job[]
  readonly universe: Universe
  readonly window: Window
  /**
   * Jobs with another window than the run's, e.g. only the newest days. A resumed run keeps the windows that
   * it was started with.
   */
  readonly windows?: Readonly<Partial<Record<JobName, Window>>>
  /** A job reads the first one that serves its dataset. Derived jobs need none. */
  readonly providers: readonly Provider[]
  /** Mode and place of the source, for `ingestion.runs`, e.g. `flat-files:<folder>`. */
  readonly source: string
  readonly thresholds: Thresholds
  readonly log?: Log
  /**
   * Stops the run after the group of items in flight; the run then reads `interrupted` and can be resumed.
   */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** Awaited before each job: the checklist starts each job when its box is due. */
  readonly beforeJob?: (job: JobName) => Promise<void>
  readonly onJob?: (report: JobReport) => void
  /** For `ingestion.runs`; the jobs when not given. */
  readonly command?: string
  /** Continues this run: its finished items stay as they are. */
  readonly resume_run_id?: string
  /** With `resume_run_id`: statuses that are tried again besides the open ones. */
  readonly reopen?: readonly ('failed' | 'deferred' | 'not_found')[]
  /** Rows after which a group of items is committed; 100,000 when not given. */
  readonly group_rows_max?: number
  /** How often the leases of the items in flight are renewed, milliseconds; 20,000 when not given. */
  readonly heartbeat_ms?: number
  /** Reads and derives everything again, also what has unchanged inputs; false when not given. */
  readonly is_full?: boolean
  /**
   * Filers that have filed nothing are not requested, unless their last request was so many days before the
   * end of the window. When not given, every filer is requested.
   */
  readonly filer_request_max_days?: number
}

const HEARTBEAT_MS = 20_000

/**
 * Runs jobs against one database, under its ingestion lock, and records the run, each work item and each
 * change.
 *
 * A second run over the same source inserts and updates nothing. A killed run loses at most the groups in
 * flight, and is resumed by `resume_run_id`. Items that fail do not throw: they are in the report.
 *
 * @throws RefusedError when another run is ingesting into the database, and when a run that is resumed used
 *   another provider. DatabaseError when the server fails.
 */
export async function ingest(options: IngestOptions): Promise<RunReport> {
  const run_id = options.resume_run_id ?? randomUUID()
  const db = openDatabase(options.connection, {
    connections_max: 3 + Math.max(1, ...options.providers.map(({ concurrency }) => concurrency ?? 1)),
    application: `ingest ${run_id}`,
  })
  try {
    return await db.session((session) => runLocked(db, session, run_id, options))
  } finally {
    await db.close()
  }
}

/** `session` holds the lock; jobs work on other sessions of `db`. */
async function runLocked(
  db: Database,
  session: Database,
  run_id: string,
  options: IngestOptions,
): Promise<RunReport> {
  const started = performance.now()
  const log = (options.log ?? silentLog()).child({ run_id })
  const lock_pid = await takeIngestionLock(session)
  const write = writerOf(run_id, lock_pid)
  await openRun(db, session, run_id, options, log)
  await write(session, (tx) => loadCalendar(tx, { today: new Date().toISOString().slice(0, 10) }))
  await analyzeNew(session)
  const rules = await rulesOf(session)

  const lost = new AbortController()
  const stopHeart = startHeart(
    () => renewLeases(session, run_id),
    options.heartbeat_ms ?? HEARTBEAT_MS,
    (error) => lost.abort(error),
  )
  const signal = AbortSignal.any([lost.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const run: RunContext = {
    run_id,
    universe: options.universe,
    window: options.window,
    thresholds: options.thresholds,
    rules,
    log,
    signal,
    write,
    owner: `${hostname()}:${process.pid}`,
    group_rows_max: options.group_rows_max ?? 100_000,
    is_full: options.is_full ?? false,
    unchangedFilers: filersOnce(db, run_id, options, log, signal),
    onProgress: options.onProgress ?? (() => {}),
  }
  const reports: JobReport[] = []
  const finish = async (state: RunReport['state'], state_reason: string | null): Promise<RunReport> => {
    await stopHeart()
    const recorded = await recordContent(db, run_id)
    await endRun(session, run_id, state, state_reason)
    log.info({ content_recorded_of: recorded }, 'content recorded')
    log.info({ state, state_reason }, 'run ended')
    const duration_ms = Math.round(performance.now() - started)
    return { run_id, state, state_reason, jobs: reports, duration_ms }
  }
  try {
    await runJobs(db, session, options, run, reports)
    const { state, state_reason } = stateOf(reports, options.thresholds)
    return await finish(state, state_reason)
  } catch (error) {
    await stopHeart()
    if (options.signal?.aborted === true) {
      await reopenItems(session, run_id, ['running'])
      return await finish('interrupted', `${whyStopped(options.signal.reason)} Resume it.`)
    }
    // The server may be what failed: then the run stays `running`, and the next one marks it.
    await recordContent(db, run_id).catch(() => {})
    await endRun(session, run_id, 'failed', messageOf(error)).catch(() => {})
    log.error({ err: error }, 'run failed')
    throw error
  } finally {
    // A closed connection releases its locks some time later, and the next run of this process may start at
    // once.
    await releaseIngestionLock(session).catch(() => {})
  }
}

/** Records the beginning of the run, and what happened to the database before it. */
async function openRun(
  db: Database,
  session: Database,
  run_id: string,
  options: IngestOptions,
  log: Log,
): Promise<void> {
  const { jobs, universe, window, source, resume_run_id } = options
  for (const dead of await markDeadRuns(session, run_id))
    log.info({ dead_run_id: dead }, 'a run whose process is gone is marked interrupted')
  if (resume_run_id !== undefined) await refuseOtherProviders(session, run_id, jobs, options.providers)
  const names = jobs.map(({ name }) => name)
  await beginRun(
    session,
    {
      run_id,
      command: options.command ?? `run ${names.join(' ')}`,
      source,
      jobs: names,
      universe_file: universe.file,
      universe_sha256: universe.sha256,
      window,
    },
    PRODUCT_VERSION,
  )
  if (resume_run_id !== undefined) {
    const derived = jobs.filter((job) => !isSourced(job)).map(({ name }) => name)
    await reopenRun(session, run_id, options.reopen ?? [], derived)
  }
  // Before this run changes anything: what it records at its end would hide such an edit.
  for (const { name, detail } of await recordUnseenChanges(db)) {
    log.warn({ table: name, detail }, 'a table was edited around its triggers; the edit is now recorded')
  }
}

/** Runs the jobs one after the other, each with its window; adds to `reports` as they end. */
async function runJobs(
  db: Database,
  session: Database,
  options: IngestOptions,
  run: RunContext,
  reports: JobReport[],
): Promise<void> {
  // A daily run requests a few days of some jobs; only its items record that.
  const recorded = options.resume_run_id === undefined ? {} : await windowsOfRun(session, run.run_id)
  const windows = options.windows ?? recorded
  for (const job of options.jobs) {
    await options.beforeJob?.(job.name)
    const window = windows[job.name] ?? run.window
    const report = await runJob(db, job, options.providers, { ...run, window })
    reports.push(report)
    options.onJob?.(report)
  }
}

/** Runs one job and reports it. */
async function runJob(
  db: Database,
  job: Job,
  providers: readonly Provider[],
  run: RunContext,
): Promise<JobReport> {
  const { run_id, universe, log } = run
  run.signal.throwIfAborted()
  const started = performance.now()
  const known = await loadKnownSecurities(db, universe.members)
  const provider = isSourced(job) ? chooseProvider(providers, job.dataset) : undefined
  log.info({ job: job.name, provider: provider?.name ?? 'derived' }, 'job started')
  const counts =
    isSourced(job) && provider !== undefined
      ? await runWithShared(db, job, provider, known, run)
      : await runDerived(db, job as Exclude<Job, { kind: 'sourced' }>, known, run)
  // The queries of the jobs that follow are planned by what is there now, not by what autovacuum last saw.
  if (counts.rows_inserted + counts.rows_updated + counts.rows_deleted > 0)
    for (const table of [...tablesOf(job), ...sharedTables(job)])
      await db.rows('select ingestion.analyze_table($1)', [`stocks_research.${table}`])
  const report = await jobReport(
    db,
    { run_id, job: job.name, provider: provider?.name ?? 'derived' },
    counts,
    Math.round(performance.now() - started),
  )
  const { gaps, ...figures } = report
  log.info(figures, 'job ended')
  for (const gap of gaps) log.info({ job: job.name, ...gap }, 'gap')
  return report
}

/**
 * Runs a job that reads a provider, after the table that it loads first, where the provider serves that. When
 * that table cannot be read, nothing of it changes, and the items of the job fail with the reason.
 */
async function runWithShared(
  db: Database,
  job: SourcedJob,
  provider: Provider,
  known: readonly KnownSecurity[],
  run: RunContext,
): Promise<JobCounts> {
  const { loads_first: shared } = job
  if (shared === undefined || !provider.datasets.includes(shared.dataset))
    return runSourced(db, job, provider, known, run)
  try {
    const loaded = await loadSharedTable(db, job.name, shared, provider, run)
    const own = await runSourced(db, job, provider, known, run)
    return { ...own, ...addCounts(loaded, own) }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return runSourced(db, job, failing(provider, error), known, run)
  }
}

/** The provider, when nothing can be read from it. */
function failing({ name, datasets, batches }: Provider, error: SourceError): Provider {
  const read: Provider['read'] = () => {
    throw error
  }
  return { name, datasets, batches, read }
}

const sharedTables = (job: Job): string[] =>
  isSourced(job) && job.loads_first !== undefined ? [job.loads_first.table] : []

/**
 * A run with half of its data from one provider and half from another would mix two sources in one series.
 */
async function refuseOtherProviders(
  db: Database,
  run_id: string,
  jobs: readonly Job[],
  providers: readonly Provider[],
): Promise<void> {
  const asked = await providersOfRun(db, run_id)
  const others = jobs.filter(isSourced).flatMap(({ name, dataset }) => {
    const before = asked.get(name)
    const now = chooseProvider(providers, dataset).name
    return before === undefined || before === now ? [] : [`${name} read ${before}, now it would read ${now}`]
  })
  if (others.length === 0) return
  throw new RefusedError(
    `Run ${run_id} cannot change its providers: ${others.join('; ')}. Restore the settings ` +
      '(BOOTSTRAP_PROVIDERS, --without), or start a new run.',
  )
}

/**
 * Gathers statistics where there are none yet. No job analyzes what migrations and the calendar fill, and
 * until autovacuum does, a check that joins it is planned so badly that it takes fifty times as long.
 */
async function analyzeNew(db: Database): Promise<void> {
  await db.rows(queryFile(SQL, 'analyze-new'))
}

/** A signal from a person has no reason; a lost lock has one. */
const whyStopped = (reason: unknown): string =>
  reason instanceof StocksError ? reason.message : 'It was stopped by a signal.'
