import type { Database } from '../../helpers/postgres/database.ts'
import type { Window } from '../contract/job.ts'
import { EXPECTED } from './coverage.ts'

/** Securities that are shown one by one: those that miss most. The others are in the row of all. */
const SECURITIES_SHOWN_MAX = 60

/** How complete the bars are, for a picture: symbol × month, and session by session. */
export interface CoverageMonths {
  /** Month of the first character of every `months`, YYYY-MM. */
  readonly first_month: string
  readonly securities_complete: number
  /**
   * All securities in one row, then those that miss most. In `months` stands one character a month: `#` every
   * listed session has a bar, `9` … `1` tenths of them, `0` none, `-` not listed, or not known to be.
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
    db.rows<CoverageMonths['coverage_by_security'][number]>(BY_SECURITY, values),
    db.rows<CoverageMonths['bars_by_session'][number]>(BY_SESSION, values),
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

// The grouping sets give the row of all too: its security is '', which is nobody's id, and it comes first.
const BY_SECURITY = `${EXPECTED}, months as (
    select to_char(m, 'YYYY-MM') as month from generate_series(date_trunc('month', $1::date), $2::date, '1 month') m
  ), counted as (
    select coalesce(source_id, '') as source_id, to_char(month, 'YYYY-MM') as month, max(ticker) as ticker, count(*) as expected, count(close) as present
    from (select source_id, ticker, close, date_trunc('month', session_date) as month from pairs) p
    group by grouping sets ((source_id, month), (month))
  ), named as (
    select source_id, max(ticker) as ticker, sum(expected)::integer as expected, sum(expected - present)::integer as missing from counted group by 1
  )
  select case when n.source_id = '' then 'all' else n.source_id end as source_id, case when n.source_id = '' then 'all securities' else n.ticker end as ticker,
    n.expected, n.missing,
    string_agg(
      case when c.expected is null then '-' when c.present = c.expected then '#' when c.present = 0 then '0'
           else greatest(1, c.present * 10 / c.expected)::text end, '' order by m.month) as months
  from named n cross join months m left join counted c on c.month = m.month and c.source_id = n.source_id
  group by n.source_id, n.ticker, n.expected, n.missing
  order by n.source_id = '' desc, n.missing desc, n.source_id`

const BY_SESSION = `${EXPECTED}, sessions as (
    select session_date, count(*) as listed, count(close) as bars from pairs group by 1
  )
  select to_char(session_date, 'YYYY-MM') as month, string_agg(listed::text, ' ' order by session_date) as listed,
    string_agg(bars::text, ' ' order by session_date) as bars
  from sessions group by 1 order by 1`
