import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Connection } from '../../helpers/config/connection.ts'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { MIGRATIONS_DIRECTORY } from '../../helpers/database/migrate-state.ts'
import { createEmptyDatabase, localeOf } from '../../helpers/database/scratch.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { quoteLiteral } from '../../helpers/postgres/sql.ts'
import type { Window } from '../contract/job.ts'
import type { RunReport } from '../pipeline/report.ts'
import type { Universe } from '../universe/read.ts'
import type {
  BarDifference,
  CurrentProvider,
  EventDifference,
  ProviderReport,
  Span,
  ValueDifference,
} from './report.ts'

// Loads a new provider into a database of its own, and compares it with what is stored.

const SQL = join(import.meta.dirname, 'sql')
/** Each is one query, asked of both databases. */
const TABLES = ['securities', 'intervals', 'bars', 'events', 'facts'] as const
/** Closes that are farther apart differ; nearer ones are the rounding of another vendor. */
const CLOSE_TOLERANCE = 0.005

const REASONS_SHOWN_MAX = 5

export interface Comparison {
  readonly report: ProviderReport
  /** Spans of bars that only the former provider has. */
  readonly kept: readonly Span[]
}

/** What loaded the bars that are stored; undefined when nothing was loaded yet. */
export async function currentProvider(db: Database): Promise<CurrentProvider | undefined> {
  const [row] = await db.rows<CurrentProvider & Record<string, unknown>>(queryFile(SQL, 'newest-load'))
  return row
}

/**
 * Loads the universe from a new provider into `scratch`, a database that does not exist yet, and compares it
 * with `target`, which is only read. The scratch database is left to the caller, whatever happens.
 *
 * @throws PreconditionError when nothing is stored, or when the new provider cannot be loaded.
 */
export async function compareProvider(
  target: Connection,
  scratch: Connection,
  { universe, window }: { readonly universe: Universe; readonly window: Window },
  next: CurrentProvider,
  load: (scratch: Connection) => Promise<RunReport>,
): Promise<Comparison> {
  const former = await withDatabase(target, currentProvider)
  if (former === undefined)
    throw new PreconditionError(
      `${target.database} has no bars, so there is no provider to change. Load it first: ` +
        'npm run ingest -- run all',
    )
  await createEmptyDatabase(target, scratch.database, await localeOf(target))
  await migrate(scratch, MIGRATIONS_DIRECTORY)
  const { state, state_reason, jobs } = await load(scratch)
  if (state !== 'complete' && state !== 'complete_with_gaps') {
    const reasons = jobs.flatMap(({ gaps }) => gaps.filter(({ status }) => status === 'failed'))
    throw new PreconditionError(
      [
        `The new provider, ${next.provider} of ${next.source}, cannot be compared, since its load ended ` +
          `${state}: ${state_reason ?? 'no reason was recorded'} ${target.database} was not changed.`,
        ...reasons.slice(0, REASONS_SHOWN_MAX).map(({ item, reason }) => `  ${item}: ${reason}`),
      ].join('\n'),
    )
  }
  const members = universe.members.map(({ source_id }) => quoteLiteral(source_id))
  const fragments = {
    members: `array[${members.join(', ')}]::text[]`,
    start_date: `date ${quoteLiteral(window.start_date)}`,
    end_date: `date ${quoteLiteral(window.end_date)}`,
  }
  return withDatabase(target, (ours) =>
    withDatabase(scratch, async (theirs) => {
      await theirs.execute('create schema compared')
      for (const table of TABLES) await placeSideBySide(ours, theirs, table, fragments)
      await theirs.execute('analyze')
      const gaps = jobs.flatMap(({ job, gaps: named }) => (job === 'prices-daily' ? named : []))
      const reasons = new Map(gaps.map(({ item, reason }) => [item, reason]))
      return { report: await reportOf(theirs, former, next, reasons), kept: await keptIn(theirs) }
    }),
  )
}

/** Gives the new database both answers to one query: `compared.old_…` and `compared.new_…`. */
async function placeSideBySide(
  ours: Database,
  theirs: Database,
  table: (typeof TABLES)[number],
  fragments: Readonly<Record<string, string>>,
): Promise<void> {
  // Each file has the fragments that it names, and no other.
  const text = queryFile(SQL, table, table === 'bars' ? fragments : { members: fragments['members'] ?? '' })
  await theirs.execute(`create table compared.new_${table} as ${text}`)
  await theirs.execute(`create table compared.old_${table} (like compared.new_${table})`)
  await ours.session((from) =>
    theirs.session(async (into) => {
      await pipeline(
        from.client().query(copyTo(`copy (${text}) to stdout`)),
        into.client().query(copyFrom(`copy compared.old_${table} from stdin`)),
      )
    }),
  )
}

async function reportOf(
  db: Database,
  former: CurrentProvider,
  next: CurrentProvider,
  reasons: ReadonlyMap<string, string>,
): Promise<ProviderReport> {
  const bars = await db.rows<BarDifference & Record<string, unknown>>(queryFile(SQL, 'compare-bars'), [
    String(CLOSE_TOLERANCE),
  ])
  const values = await db.rows<ValueDifference & Record<string, unknown>>(
    queryFile(SQL, 'compare-securities'),
  )
  const events = await db.rows<EventDifference & Record<string, unknown>>(queryFile(SQL, 'compare-events'))
  const counts = await db.one<ProviderReport['counts'] & Record<string, unknown>>(
    queryFile(SQL, 'compare-counts'),
  )
  const isEqual = (row: BarDifference): boolean =>
    row.lost_count + row.gained_count + row.close_differs_count + row.others_differ_count === 0
  const sum = (of: 'old_count' | 'new_count'): number => bars.reduce((total, row) => total + row[of], 0)
  return {
    former,
    next,
    counts: { ...counts, old_bars: sum('old_count'), new_bars: sum('new_count') },
    without_bars: bars
      .filter(({ old_count, new_count }) => old_count > 0 && new_count === 0)
      .map(({ source_id }) => ({ source_id, reason: reasons.get(source_id) ?? 'It has no bars there.' })),
    values,
    bars: bars.filter((row) => !isEqual(row)),
    events,
  }
}

const keptIn = (db: Database): Promise<Span[]> =>
  db.rows<Span & Record<string, unknown>>(queryFile(SQL, 'kept-spans'))
