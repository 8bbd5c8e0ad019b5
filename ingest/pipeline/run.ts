import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Connection } from '../../helpers/config/connection.ts'
import { PRODUCT_VERSION } from '../../helpers/config/version.ts'
import { messageOf, RefusedError, StocksError } from '../../helpers/core/errors.ts'
import { type Log, silentLog } from '../../helpers/core/log.ts'
import { recordContent, recordUnseenChanges } from '../../helpers/database/content-hashes.ts'
import { type Database, openDatabase } from '../../helpers/postgres/database.ts'
import { loadCalendar } from '../calendar/load.ts'
import type { Job, JobName, JobReport, Window } from '../contract/job.ts'
import type { Provider } from '../contract/provider.ts'
import type { Universe } from '../universe/read.ts'
import { runDerived } from './derived.ts'
import { startHeart } from './heart.ts'
import { loadKnownSecurities } from './identity.ts'
import { providersOfRun, renewLeases, reopenItems, windowsOfRun } from './items.ts'
import { jobReport, type RunReport, stateOf } from './report.ts'
import { beginRun, endRun, markDeadRuns, releaseIngestionLock, takeIngestionLock } from './run-record.ts'
import { chooseProvider, isSourced } from './source.ts'
import { runSourced } from './sourced.ts'
import type { Progress, Surroundings, Thresholds } from './surroundings.ts'
import { writerOf } from './writer.ts'

export interface IngestOptions {
  readonly connection: Connection
  /** Any of the seven, in any order; they run in the order of their needs. */
  /** In the order of their needs. The pipeline knows no job by itself. */
  readonly jobs: readonly Job[]
  readonly universe: Universe
  readonly window: Window
  /**
   * Jobs that are asked about another window than the run's, e.g. only about the newest days. A resumed run
   * asks about the whole one.
   */
  readonly windows?: Readonly<Partial<Record<JobName, Window>>>
  /** For each job the first one that serves its dataset is asked. Derived jobs need none. */
  readonly providers: readonly Provider[]
  /** Mode and place of the source, for the ledger, e.g. `flat-files:<folder>`. */
  readonly source: string
  readonly thresholds: Thresholds
  readonly log?: Log
  /**
   * Stops the run after the group of items in flight; the run then reads `interrupted` and can be resumed.
   */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /** Awaited before each job: who watches a run job by job lets the next one start by it. */
  readonly beforeJob?: (job: JobName) => Promise<void>
  readonly onJob?: (report: JobReport) => void
  /** For the ledger; the jobs when not given. */
  readonly command?: string
  /** Goes on with this run: its finished items stay as they are. */
  readonly resume_run_id?: string
  /** With `resume_run_id`: statuses that are tried again besides what was left open. */
  readonly reopen?: readonly ('failed' | 'deferred' | 'not_found')[]
  /** Rows after which a group of items is committed; 100,000 when not given. */
  readonly group_rows_max?: number
  /** How often the leases of the items in flight are renewed, milliseconds; 20,000 when not given. */
  readonly heartbeat_ms?: number
  /** Derives every item anew, also those of which nothing has changed; false when not given. */
  readonly is_full?: boolean
}

const HEARTBEAT_MS = 20_000

/**
 * Runs jobs against one database, under its ingestion lock, and records the run, each item and each change.
 *
 * A second run over the same source inserts and updates nothing. A killed run loses at most the groups in
 * flight, and is resumed by `resume_run_id`. Items that fail do not throw: they are in the report. What
 * throws is a database or a program in trouble.
 *
 * @throws RefusedError when another run is ingesting into the database; names it. And when a run that is to
 *   go on has asked another
 * provider: the series of one run are of one source.
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

async function runLocked(
  db: Database,
  session: Database,
  run_id: string,
  options: IngestOptions,
): Promise<RunReport> {
  const started = performance.now()
  const log = (options.log ?? silentLog()).child({ run_id })
  const lock_pid = await takeIngestionLock(session)
  for (const dead of await markDeadRuns(session, run_id))
    log.info({ dead_run_id: dead }, 'a run whose process is gone is marked interrupted')
  const { jobs } = options
  const { universe, window, source } = options
  if (options.resume_run_id !== undefined)
    await refuseOtherProviders(session, run_id, jobs, options.providers)
  await beginRun(
    session,
    {
      run_id,
      command: options.command ?? `run ${jobs.map(({ name }) => name).join(' ')}`,
      source,
      jobs: jobs.map(({ name }) => name),
      universe_file: universe.file,
      universe_sha256: universe.sha256,
      window,
    },
    PRODUCT_VERSION,
  )
  if (options.resume_run_id !== undefined) await reopen(session, run_id, jobs, options.reopen ?? [])

  // Before this run changes anything: what it recorded at its end would make such an edit the truth.
  for (const { name, detail } of await recordUnseenChanges(db)) {
    log.warn(
      { table: name, detail },
      'a table was edited round its triggers; the edit now stands in the ledger',
    )
  }
  const write = writerOf(run_id, lock_pid)
  await write(session, (tx) => loadCalendar(tx, { today: new Date().toISOString().slice(0, 10) }))
  await analyzeNew(session)

  const lost = new AbortController()
  const stopHeart = startHeart(
    () => renewLeases(session, run_id),
    options.heartbeat_ms ?? HEARTBEAT_MS,
    (error) => lost.abort(error),
  )
  const surroundings: Surroundings = {
    run_id,
    universe,
    window,
    thresholds: options.thresholds,
    log,
    signal: AbortSignal.any([lost.signal, ...(options.signal === undefined ? [] : [options.signal])]),
    write,
    owner: `${hostname()}:${process.pid}`,
    group_rows_max: options.group_rows_max ?? 100_000,
    is_full: options.is_full ?? false,
    onProgress: options.onProgress ?? (() => {}),
  }
  // A daily run asks for a few days of some jobs alone, and says so to nobody but its items.
  const windows =
    options.windows ?? (options.resume_run_id === undefined ? {} : await windowsOfRun(session, run_id))
  const reports: JobReport[] = []
  const finish = async (state: RunReport['state'], state_reason: string | null): Promise<RunReport> => {
    await stopHeart()
    const recorded = await recordContent(db, run_id)
    await endRun(session, run_id, state, state_reason)
    log.info({ content_recorded_of: recorded }, 'content recorded')
    log.info({ state, state_reason }, 'run ended')
    return {
      run_id,
      state,
      state_reason,
      jobs: reports,
      duration_ms: Math.round(performance.now() - started),
    }
  }
  try {
    for (const job of jobs) {
      await options.beforeJob?.(job.name)
      const report = await runJob(db, job, options.providers, {
        ...surroundings,
        window: windows[job.name] ?? window,
      })
      reports.push(report)
      options.onJob?.(report)
    }
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
    // A closed connection gives its locks back in its own time; the next run of this process may start at
    // once.
    await releaseIngestionLock(session).catch(() => {})
  }
}

/**
 * Gathers statistics where there are none yet. What migrations and the calendar fill belongs to no job, and
 * would wait for autovacuum: a check that joins it was planned so badly that it took fifty times as long.
 */
async function analyzeNew(db: Database): Promise<void> {
  await db.rows(
    `select ingestion.analyze_table(oid) from pg_class
     where relnamespace = 'stocks_research'::regnamespace and relkind = 'r' and reltuples < 0 and pg_relation_size(oid) > 0`,
  )
}

/** A person's signal says nothing more; a lock that was lost says why. */
const whyStopped = (reason: unknown): string =>
  reason instanceof StocksError ? reason.message : 'It was told to stop.'

/** Half of a run from one provider and half from another would be a mixture that nobody has asked for. */
async function refuseOtherProviders(
  db: Database,
  run_id: string,
  jobs: readonly Job[],
  providers: readonly Provider[],
): Promise<void> {
  const asked = await providersOfRun(db, run_id)
  const others = jobs.filter(isSourced).flatMap(({ name, dataset }) => {
    const [before, now] = [asked.get(name), chooseProvider(providers, dataset).name]
    return before === undefined || before === now ? [] : [`${name} of ${before}, and would now ask ${now}`]
  })
  if (others.length === 0) return
  throw new RefusedError(
    `Run ${run_id} has asked for ${others.join('; ')}. A run keeps its providers: put the settings back (BOOTSTRAP_PROVIDERS, --without), or start a new run.`,
  )
}

/** Runs one job and reports it. */
async function runJob(
  db: Database,
  job: Job,
  providers: readonly Provider[],
  surroundings: Surroundings,
): Promise<JobReport> {
  const { run_id, universe, log } = surroundings
  surroundings.signal.throwIfAborted()
  const started = performance.now()
  const known = await loadKnownSecurities(db, universe.members)
  const provider = isSourced(job) ? chooseProvider(providers, job.dataset) : undefined
  log.info({ job: job.name, provider: provider?.name ?? 'derived' }, 'job started')
  const counts =
    isSourced(job) && provider !== undefined
      ? await runSourced(db, job, provider, known, surroundings)
      : await runDerived(db, job as Exclude<Job, { kind: 'sourced' }>, known, surroundings)
  // Plans of the jobs that follow depend on what is there now, not on what autovacuum has seen.
  if (counts.rows_inserted + counts.rows_updated + counts.rows_deleted > 0)
    await db.rows('select ingestion.analyze_table($1)', [`stocks_research.${job.table}`])
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
 * Opens what is to be tried again. What was derived from it is derived again; with nothing to try, nothing
 * is.
 */
async function reopen(
  db: Database,
  run_id: string,
  jobs: readonly Job[],
  statuses: readonly string[],
): Promise<void> {
  await reopenItems(db, run_id, ['running', ...statuses])
  const derived = jobs.filter((job) => !isSourced(job)).map(({ name }) => name)
  await db.rows(
    `update ingestion.items set status = 'pending', updated_at = now() where run_id = $1 and job = any($2)
        and exists (select from ingestion.items open where open.run_id = $1 and open.status = 'pending' and open.job <> all($2))`,
    [run_id, derived],
  )
}
