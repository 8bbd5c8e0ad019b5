import type { Database } from '../../helpers/postgres/database.ts'
import type { Window } from '../contract/job.ts'
import { onPairs } from './coverage.ts'

/** Securities that are shown one by one: those with the most bars missing. The row of all has the others. */
const SECURITIES_SHOWN_MAX = 60

/** How complete the bars are, for a picture: symbol × month, and session by session. */
export interface CoverageMonths {
  /** Month of the first character of every `months`, YYYY-MM. */
  readonly first_month: string
  readonly securities_complete: number
  /**
   * All securities in one row, then those with the most bars missing. `months` has one character a month:
   * `#` every listed session has a bar, `9` … `1` tenths of them, `0` none, `-` not listed, or not known to
   * be.
   */
  readonly coverage_by_security: readonly {
    readonly source_id: string
    readonly ticker: string
    readonly expected: number
    readonly missing: number
    readonly months: string
  }[]
  /** By month: of each session in turn, how many securities were listed, and how many have a bar. */
  readonly bars_by_session: readonly {
    readonly month: string
    readonly listed: string
    readonly bars: string
  }[]
}

export async function coverageMonths(
  db: Database,
  { start_date, end_date }: Window,
): Promise<CoverageMonths> {
  const values = [start_date, end_date]
  const [securities, bars_by_session] = await Promise.all([
    db.rows<CoverageMonths['coverage_by_security'][number]>(onPairs('coverage-months'), values),
    db.rows<CoverageMonths['bars_by_session'][number]>(onPairs('coverage-sessions'), values),
  ])
  const [all, ...each] = securities
  const short = each.filter(({ missing }) => missing > 0)
  return {
    first_month: start_date.slice(0, 7),
    securities_complete: each.length - short.length,
    coverage_by_security: [...(all === undefined ? [] : [all]), ...short.slice(0, SECURITIES_SHOWN_MAX)],
    bars_by_session,
  }
}
