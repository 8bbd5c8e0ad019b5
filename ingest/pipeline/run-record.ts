import { hostname } from 'node:os'
import { RefusedError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { JOB_NAMES, type JobName, type Window } from '../contract/job.ts'
import { INGESTION_LOCK } from './writer.ts'

export type RunState = 'running' | 'complete' | 'complete_with_gaps' | 'halted' | 'failed' | 'interrupted'

/** What a run was asked for, as `ingestion.runs` keeps it. */
export interface RunRequest {
  readonly run_id: string
  readonly command: string
  readonly source: string
  readonly jobs: readonly JobName[]
  readonly universe_file: string
  readonly universe_sha256: string
  readonly window: Window
}

/** SQL: the lock `l` of pg_locks is the ingestion lock of this database, and somebody has it. */
export const IS_INGESTION_LOCK = `l.locktype = 'advisory' and l.granted and l.objid = ${INGESTION_LOCK} and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())`

/**
 * Takes the ingestion lock of this database for the life of the session; returns the server process that
 * holds it.
 *
 * @throws RefusedError that names the holder, when another run is ingesting.
 */
export async function takeIngestionLock(db: Database): Promise<number> {
  const { is_taken, pid } = await db.one<{ is_taken: boolean; pid: number }>(
    'select pg_try_advisory_lock($1) as is_taken, pg_backend_pid() as pid',
    [INGESTION_LOCK],
  )
  if (is_taken) return pid
  const [holder] = await db.rows<{ holder: string }>(
    `select format('%s, server process %s, since %s UTC', coalesce(nullif(a.application_name, ''), 'a session without a name'), l.pid,
         to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) as holder
     from pg_locks l join pg_stat_activity a on a.pid = l.pid where ${IS_INGESTION_LOCK}`,
  )
  const [run] = await db.rows<{ run: string }>(
    `select format('run %s, host %s, process %s, started %s UTC', run_id, host, process_id, to_char(started_at, 'YYYY-MM-DD HH24:MI:SS')) as run
     from ingestion.runs where state = 'running' order by started_at desc limit 1`,
  )
  throw new RefusedError(
    `Another run is ingesting into this database: ${[run?.run, holder?.holder].filter((each) => each !== undefined).join('; ') || 'it ended just now'}. Nothing was touched; wait for it, or stop it, and start again.`,
  )
}

/** Gives the ingestion lock back before the session ends. */
export async function releaseIngestionLock(db: Database): Promise<void> {
  await db.rows('select pg_advisory_unlock($1)', [INGESTION_LOCK])
}

/** What is said of a run that nobody ended. */
export const DIED = 'Its process ended without a word.'

/** Marks runs whose process is gone. Whoever holds the lock knows that no other run is alive. */
export async function markDeadRuns(db: Database, except_run_id: string): Promise<string[]> {
  const rows = await db.rows<{ run_id: string }>(
    `update ingestion.runs set state = 'interrupted', state_reason = '${DIED}'
     where state = 'running' and run_id <> $1 returning run_id`,
    [except_run_id],
  )
  return rows.map(({ run_id }) => run_id)
}

/** Writes the run as running; a run that is resumed keeps its row. */
export async function beginRun(db: Database, request: RunRequest, product_version: string): Promise<void> {
  await db.rows(
    `insert into ingestion.runs (run_id, command, source, jobs, state, universe_file, universe_sha256, start_date, end_date, host, process_id, product_version)
     values ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9, $10, $11)
     on conflict (run_id) do update set state = 'running', state_reason = null, ended_at = null, host = excluded.host, process_id = excluded.process_id`,
    [
      request.run_id,
      request.command,
      request.source,
      request.jobs,
      request.universe_file,
      request.universe_sha256,
      request.window.start_date,
      request.window.end_date,
      hostname(),
      process.pid,
      product_version,
    ],
  )
}

export async function endRun(
  db: Database,
  run_id: string,
  state: RunState,
  state_reason: string | null,
): Promise<void> {
  await db.rows(
    'update ingestion.runs set state = $2, state_reason = $3, ended_at = now() where run_id = $1',
    [run_id, state, state_reason],
  )
}

/** A run as it stands in the ledger. */
export interface RunRow {
  readonly run_id: string
  readonly command: string
  readonly source: string
  readonly jobs: JobName[]
  readonly state: RunState
  readonly state_reason: string | null
  readonly universe_file: string
  readonly universe_sha256: string
  readonly start_date: string
  readonly end_date: string
  /** ISO 8601, UTC. */
  readonly started_at: string
  readonly [column: string]: unknown
}

/** One run by its id or the start of it; without one, the newest. Undefined when there is none. */
export async function findRun(db: Database, run_id?: string): Promise<RunRow | undefined> {
  const rows = await db.rows<RunRow>(
    `select run_id, command, source, jobs, state, state_reason, universe_file, universe_sha256, start_date, end_date,
       to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at
     from ingestion.runs where $1::text is null or starts_with(run_id::text, $1) order by started_at desc limit 1`,
    [run_id ?? null],
  )
  return rows[0]
}

/** The newest run of all seven jobs that came to its end: what a rebuild repeats. */
export async function findFullRun(db: Database): Promise<RunRow | undefined> {
  const rows = await db.rows<RunRow>(
    `select run_id, command, source, jobs, state, state_reason, universe_file, universe_sha256, start_date, end_date
     from ingestion.runs where jobs @> $1 and state in ('complete', 'complete_with_gaps') order by started_at desc limit 1`,
    [JOB_NAMES],
  )
  return rows[0]
}
