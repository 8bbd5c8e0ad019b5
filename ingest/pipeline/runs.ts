import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { JOB_NAMES, type JobName, type Window } from '../contract/job.ts'

// The table `ingestion.runs`: one row for each run, from its beginning to its end.

const SQL = join(import.meta.dirname, 'sql')

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

/** The reason of a run that did not record its end. */
export const DIED = 'Its process ended without recording an end.'

/** Marks runs whose process is gone: while the ingestion lock is held, no other run is alive. */
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
  await db.rows(queryFile(SQL, 'begin-run'), [
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
  ])
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

/** A run as `ingestion.runs` has it. */
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
  const condition = '$1::text is null or starts_with(run_id::text, $1)'
  const [run] = await db.rows<RunRow>(queryFile(SQL, 'find-run', { condition }), [run_id ?? null])
  return run
}

/** The newest run that has work items of one of these statuses; undefined when there is none. */
export async function findRunWithItems(
  db: Database,
  statuses: readonly string[],
): Promise<RunRow | undefined> {
  const condition = `exists (
    select from ingestion.items i where i.run_id = runs.run_id and i.status = any ($1)
  )`
  const [run] = await db.rows<RunRow>(queryFile(SQL, 'find-run', { condition }), [statuses])
  return run
}

/**
 * The runs of all seven jobs that ended complete, oldest first, without those that a later one repeats: the
 * same universe and source over at least the same days. What a rebuild repeats, in this order.
 */
export const findFullRuns = (db: Database): Promise<RunRow[]> =>
  db.rows<RunRow>(queryFile(SQL, 'full-runs'), [JOB_NAMES])
