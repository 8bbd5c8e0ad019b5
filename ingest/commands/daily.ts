import { join } from 'node:path'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { JobName, Window } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import type { RunReport } from '../pipeline/report.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { finishedBy } from '../validation/freshness.ts'
import { VALIDATING, type ValidateOptions, type ValidationReport, validate } from '../validation/validate.ts'

const SQL = join(import.meta.dirname, 'sql')

export interface DailyOptions extends Omit<IngestOptions, 'jobs' | 'windows' | 'resume_run_id' | 'reopen'> {
  /** The moment that counts as now. */
  readonly now: Date
  /** Sessions before the newest bar that are asked for again. */
  readonly overlap_sessions: number
  /** What is checked at the end; see `checksOf`. */
  readonly checks: ValidateOptions['checks']
}

export interface DailyReport {
  /** The last session that had ended at `now`. */
  readonly last_session_date: string
  /** First day that every security was asked for. */
  readonly overlap_start_date: string
  /**
   * Securities whose bars in the overlap are not what they were, or that were never requested: their whole
   * history is requested.
   */
  readonly pulled_again: readonly string[]
  /** Securities of which only days before the former start of the window were requested. */
  readonly extended: readonly string[]
  /** The increment, and the second pull where there was one. */
  readonly runs: readonly RunReport[]
  readonly validation: ValidationReport
}

/**
 * Brings every job up to the last finished session. Prices are asked for from some sessions before the newest
 * bar on; if any bar of a security differs from the stored one, its whole history is requested again, by this
 * run or the next. A security that was never requested is loaded as a whole, and when the window begins
 * earlier than it did, only the days before are requested. All other jobs are whole each time: an action or a
 * fact may be reported late.
 * Ends with validation. A second call on the same day changes nothing.
 *
 * @throws PreconditionError when nothing was loaded yet. RefusedError when another run is ingesting.
 */
export async function runDaily({
  now,
  overlap_sessions,
  filer_request_max_days,
  checks,
  ...options
}: DailyOptions): Promise<DailyReport> {
  const { connection, universe } = options
  const ask = <T>(work: (db: Database) => Promise<T>): Promise<T> => withDatabase(connection, work)
  const { last_session_date, newest_date, overlap_start_date } = await ask((db) =>
    spanOf(db, now, overlap_sessions),
  )
  const start_date = options.window.start_date
  const whole: Window = { start_date, end_date: last_session_date }
  const overlap: Window = {
    start_date: overlap_start_date < start_date ? start_date : overlap_start_date,
    end_date: last_session_date,
  }

  const source_ids = universe.members.map(({ source_id }) => source_id)
  const requested_from = await ask((db) => requestedFrom(db, source_ids))
  const before = await ask((db) => hashesOf(db, overlap.start_date, newest_date))
  const increment = await ingest({
    ...options,
    window: whole,
    jobs: jobsInOrder(),
    ...(filer_request_max_days === undefined ? {} : { filer_request_max_days }),
    windows: { 'prices-daily': overlap },
  })
  const after = await ask((db) => hashesOf(db, overlap.start_date, newest_date))
  const restated = await ask((db) => securitiesRestated(db, start_date))
  const members = universe.members.filter(({ source_id }) => {
    const hash = after.get(source_id)
    const isChanged = hash !== undefined && hash !== before.get(source_id)
    return isChanged || restated.has(source_id) || !requested_from.has(source_id)
  })
  const runs = [increment]
  const RERUN: readonly JobName[] = ['prices-daily', 'adjustment-factors']
  if (members.length > 0) {
    options.log?.info(
      { securities: members.map(({ source_id }) => source_id) },
      'the history has changed: it is requested again, completely',
    )
    runs.push(
      await ingest({
        ...options,
        universe: { ...universe, members },
        window: whole,
        jobs: jobsInOrder(RERUN),
      }),
    )
  }
  // The window begins earlier than it did: of all others only the days that no run has requested.
  const is_again = new Set(members.map(({ source_id }) => source_id))
  const earlier = universe.members.filter(
    ({ source_id }) => !is_again.has(source_id) && (requested_from.get(source_id) ?? start_date) > start_date,
  )
  if (earlier.length > 0) {
    const firsts = earlier.map(({ source_id }) => requested_from.get(source_id) ?? start_date)
    const missing: Window = { start_date, end_date: firsts.toSorted().at(-1) ?? start_date }
    options.log?.info({ securities: earlier.length, ...missing }, 'the window begins earlier than it did')
    runs.push(
      await ingest({
        ...options,
        universe: { ...universe, members: earlier },
        window: whole,
        jobs: jobsInOrder(RERUN),
        windows: { 'prices-daily': missing },
      }),
    )
  }
  return {
    last_session_date,
    overlap_start_date: overlap.start_date,
    pulled_again: members.map(({ source_id }) => source_id),
    extended: earlier.map(({ source_id }) => source_id),
    runs,
    validation: await withDatabase(connection, (db) => validate(db, { checks }), VALIDATING),
  }
}

async function spanOf(db: Database, now: Date, overlap_sessions: number) {
  const row = await db.one<{
    last_session_date: string | null
    newest_date: string | null
    overlap_start_date: string | null
  }>(queryFile(SQL, 'span'), [finishedBy(now), overlap_sessions])
  const { last_session_date, newest_date, overlap_start_date } = row
  if (last_session_date === null || newest_date === null || overlap_start_date === null) {
    throw new PreconditionError(
      'There are no prices yet, and a daily run starts from the newest. Load the complete window first: ' +
        'npx node ingest/run.ts run all',
    )
  }
  return { last_session_date, newest_date, overlap_start_date }
}

async function requestedFrom(db: Database, source_ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.rows<{ source_id: string; start_date: string }>(queryFile(SQL, 'requested-from'), [
    source_ids,
  ])
  return new Map(rows.map(({ source_id, start_date }) => [source_id, start_date]))
}

/** What each security has in a span of days, as one hash: equal exactly when the bars are. */
async function hashesOf(db: Database, start_date: string, end_date: string): Promise<Map<string, string>> {
  const rows = await db.rows<{ source_id: string; hash: string }>(queryFile(SQL, 'bar-hashes'), [
    start_date,
    end_date,
  ])
  return new Map(rows.map(({ source_id, hash }) => [source_id, hash]))
}

/**
 * Securities of which a run that asked for some days alone overwrote a bar, and that no run has been asked
 * for from `start_date` on since: also those of an earlier run, which was killed, or its provider had enough,
 * before it came to their history.
 */
async function securitiesRestated(db: Database, start_date: string): Promise<Set<string>> {
  const rows = await db.rows<{ item: string }>(queryFile(SQL, 'restated'), [start_date])
  return new Set(rows.map(({ item }) => item))
}
