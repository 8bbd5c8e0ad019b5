import type { Database } from '../../helpers/postgres/database.ts'
import type { Window } from '../contract/job.ts'

/** Sessions in a row on which a listed security has no bar. */
export interface Gap {
  readonly source_id: string
  readonly ticker: string
  readonly first_date: string
  readonly last_date: string
  /** Sessions without a bar. */
  readonly missing: number
}

/**
 * A security of which no source tells the listing day, and that has its first bar after the window begins.
 */
export interface UnknownListing {
  readonly source_id: string
  readonly ticker: string
  readonly first_trade_date: string
  /** Sessions of the window before its first bar, under a ticker of its own. */
  readonly sessions: number
}

export interface Coverage {
  /**
   * Over the securities that have bars at all: (security, session) pairs inside listing, ticker interval and
   * window.
   */
  readonly total: {
    readonly expected: number
    readonly present: number
    readonly missing: number
    readonly ratio: number
  }
  /**
   * Not listed yet, or not delivered: nobody can tell. Counted apart, since among holes they would ask for a
   * bound so wide that true holes pass too.
   */
  readonly listing_unknown: readonly UnknownListing[]
  /** Their sessions, as a share of these and of all that were expected. */
  readonly listing_unknown_ratio: number
  /** Every missing pair, by security and run of sessions, the longest first. */
  readonly gaps: readonly Gap[]
  /**
   * Securities that were listed in the window and have no bar in it: a source without them, named here rather
   * than counted above.
   */
  readonly without_bars: readonly {
    readonly source_id: string
    readonly ticker: string
    readonly sessions: number
  }[]
}

/**
 * What should be there and is not, by name. An illiquid security has sessions without a trade: a gap is a
 * finding, not yet an error.
 */
export async function coverageOf(db: Database, window: Window): Promise<Coverage> {
  const values = [window.start_date, window.end_date]
  // Each reads all bars of the window; side by side where `db` has the connections.
  const [totals, gaps, listing_unknown] = await Promise.all([
    db.rows<{ source_id: string; ticker: string; expected: number; present: number }>(
      `${EXPECTED} select source_id, max(ticker) as ticker, count(*)::integer as expected, count(close)::integer as present
       from pairs group by source_id order by source_id`,
      values,
    ),
    db.rows<Gap & Record<string, unknown>>(GAPS, values),
    db.rows<UnknownListing & Record<string, unknown>>(LISTING_UNKNOWN, values),
  ])
  const unknown = listing_unknown.reduce((sum, { sessions }) => sum + sessions, 0)
  const covered = totals.filter(({ present }) => present > 0)
  const expected = covered.reduce((sum, each) => sum + each.expected, 0)
  const present = covered.reduce((sum, each) => sum + each.present, 0)
  return {
    total: { expected, present, missing: expected - present, ratio: expected === 0 ? 0 : present / expected },
    gaps,
    listing_unknown,
    listing_unknown_ratio: unknown === 0 ? 0 : unknown / (expected + unknown),
    without_bars: totals
      .filter((each) => each.present === 0)
      .map(({ source_id, ticker, expected: sessions }) => ({ source_id, ticker, sessions })),
  }
}

const SPANS = `
  with spans as (
    select s.security_id, s.source_id, h.ticker, greatest(h.valid_from, s.list_date, $1::date) as first_date,
      least(h.valid_to, s.delist_date, $2::date) as last_date,
      -- Without a listing day the first bar is all that tells of its beginning.
      case when s.list_date is null then (select min(p.trade_date) from stocks_research.prices_daily p where p.security_id = s.security_id) end as first_bar
    from stocks_research.securities s join stocks_research.ticker_history h using (security_id)
  )`

/** Each (security, session) pair that should have a bar, and its close. `$1`, `$2`: the window. */
export const EXPECTED = `${SPANS}, pairs as (
    select n.security_id, n.source_id, n.ticker, c.session_date, p.close,
      row_number() over (partition by n.security_id order by c.session_date) as session_no
    from spans n
    join stocks_research.trading_sessions c on c.session_date between greatest(n.first_date, case when n.first_bar <= $2 then n.first_bar end) and n.last_date
    left join stocks_research.prices_daily p on p.security_id = n.security_id and p.trade_date = c.session_date
  )`

const GAPS = `${EXPECTED}, missing as (
    select m.*, m.session_no - row_number() over (partition by m.security_id order by m.session_date) as island
    from pairs m
    where m.close is null and exists (select from stocks_research.prices_daily p where p.security_id = m.security_id and p.trade_date between $1 and $2)
  )
  select source_id, max(ticker) as ticker, min(session_date) as first_date, max(session_date) as last_date, count(*)::integer as missing
  from missing group by source_id, island order by missing desc, source_id, first_date`

const LISTING_UNKNOWN = `${SPANS}
  select n.source_id, max(n.ticker) as ticker, n.first_bar as first_trade_date, count(*)::integer as sessions
  from spans n join stocks_research.trading_sessions c on c.session_date between n.first_date and least(n.last_date, n.first_bar - 1)
  where n.first_bar between $1 and $2
  group by n.source_id, n.first_bar order by sessions desc, source_id`
