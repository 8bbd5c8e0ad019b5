import type { Scratch } from '../../../helpers/testing/scratch.ts'

/** Rows that statements have visited so far, by table. */
export async function visitedRows({ db }: Scratch): Promise<Map<string, number>> {
  const rows = await db.rows<{ name: string; visited: number }>(
    `select schemaname || '.' || relname as name,
       (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as visited
     from pg_stat_user_tables`,
  )
  return new Map(rows.map(({ name, visited }) => [name, visited]))
}

/** What one evening cost. */
export interface Cost {
  readonly day: string
  readonly requests: number
  /** Of the tables that no run reads completely. */
  readonly rows: number
  /** Visits of a stored bar: its hash before and after a run, and the factors of its security. */
  readonly visits_a_bar: number
}

/**
 * Read completely by the hashes before and after each run. The budget looks at the requests of the last
 * minute, which here is many evenings.
 */
const READ_WHOLE = /\.(prices_daily|fundamentals_\w+|adjustment_factors|requests)$/

/** What an evening cost since `before`, what was visited then. */
export async function costOf(
  day: string,
  scratch: Scratch,
  before: ReadonlyMap<string, number>,
  requests: number,
): Promise<Cost> {
  const after = await visitedRows(scratch)
  const { bars } = await scratch.db.one<{ bars: number }>(
    'select count(*)::integer as bars from stocks_research.prices_daily',
  )
  const visits = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0)
  const others = [...after.keys()].filter((name) => !READ_WHOLE.test(name))
  return {
    day,
    requests,
    rows: others.reduce((sum, name) => sum + visits(name), 0),
    visits_a_bar: visits('stocks_research.prices_daily') / bars,
  }
}
