import type { Calendar } from './calendar.ts'

/**
 * One security of the simulated market, with everything that is true of it. Days are YYYY-MM-DD; money is
 * decimal text in USD.
 */
export interface Security {
  /** Permanent, e.g. `rehearsal:s0017`. */
  readonly source_id: string
  /** The identifier that the simulated broker gives it, a UUID. */
  readonly asset_id: string
  /** What it is there to show; `plain` for most. */
  readonly scenario: Scenario
  readonly name: string
  /** Null where a way of delivery does not say it. */
  readonly security_type: 'stock' | 'etf' | 'preferred' | 'unit' | 'warrant' | 'right' | null
  readonly exchange_mic: 'XNYS' | 'XNAS' | 'ARCX'
  /** Ten digits; null for a fund that files no facts. Two share classes have one. */
  readonly cik: string | null
  readonly cusip: string
  /** First day of listing, null when it was listed before the world begins. */
  readonly list_date: string | null
  /** Last day of listing, inclusive; null while listed. */
  readonly delist_date: string | null
  readonly tickers: readonly TickerInterval[]
  /** Ascending by day. */
  readonly actions: readonly Action[]
  /** One for each session of its listing, but for the sessions in which nothing traded. */
  readonly bars: readonly Bar[]
  /** True when it trades in this market, but no universe of ours contains it. */
  readonly is_outsider: boolean
}

export const SCENARIOS = [
  'plain', 'dividend_payer', 'etf', 'rename', 'rename_twice', 'ticker_first_owner',
  'ticker_second_owner', 'ticker_returns', 'ticker_handed_over', 'ticker_taken_over', 'split',
  'split_twice', 'reverse_split', 'reverse_splits', 'split_with_dividend', 'stock_dividend',
  'special_dividend', 'equal_dividends_one_day', 'unequal_dividends_one_day', 'dividend_on_holiday',
  'spin_off_parent', 'spin_off_child', 'cash_merger', 'stock_merger', 'stock_and_cash_merger',
  'acquirer', 'bankruptcy', 'liquidation', 'halted', 'voluntary_delisting', 'ipo', 'class_a', 'class_b',
  'week_year', 'retail_year', 'annual_restatement', 'quarter_restatement', 'late_filer', 'tag_change',
  'loss_maker', 'no_facts', 'illiquid', 'crash', 'surge', 'outsider',
] as const // biome-ignore format: a list to be read, not a column
/** `real_notation` is made of plain stocks by `withRealNotations`. */
export type Scenario = (typeof SCENARIOS)[number] | 'real_notation'

export interface TickerInterval {
  readonly ticker: string
  readonly valid_from: string
  /** Inclusive; null while it is still valid. */
  readonly valid_to: string | null
}

export interface Bar {
  readonly date: string
  /** As traded, whole cents. */
  readonly open_cents: number
  readonly high_cents: number
  readonly low_cents: number
  readonly close_cents: number
  readonly volume_shares: number
}

export type Action =
  | {
      readonly kind: 'cash_dividend' | 'special_dividend' | 'liquidation' | 'return_of_capital'
      readonly ex_date: string
      readonly amount: string
      /** USD unless another is stated; cash in another currency cannot be applied without a rate. */
      readonly currency?: 'CAD'
      /** Listed debt pays interest, which goes ex as a dividend does. */
      readonly is_interest?: true
    }
  | {
      readonly kind: 'split' | 'reverse_split' | 'stock_dividend'
      readonly ex_date: string
      readonly split_from: string
      readonly split_to: string
    }
  | {
      readonly kind: 'spin_off'
      readonly ex_date: string
      /** Value per parent share: `new_rate / source_rate` times the first close of the child. */
      readonly amount: string
      readonly child_source_id: string
      readonly source_rate: string
      readonly new_rate: string
    }
  | {
      readonly kind: 'merger'
      /** The last day of trading. */
      readonly ex_date: string
      /** The session after it: the terms take effect. */
      readonly effective_date: string
      readonly acquirer_source_id: string | null
      readonly cash_rate: string | null
      readonly stock_rate: string | null
      /** The broker lists it under `reorganizations`, not under mergers. */
      readonly is_reorganization?: true
    }
  | {
      readonly kind: 'delisting'
      readonly ex_date: string
      readonly reason: 'merger' | 'bankruptcy' | 'liquidation' | 'voluntary' | 'unit_split'
      /** What a split unit became: its share and its warrant. */
      readonly part_source_ids?: readonly [share: string, warrant: string]
    }
  | {
      readonly kind: 'name_change'
      readonly ex_date: string
      readonly old_ticker: string
      readonly new_ticker: string
      /** The broker lists two changes: to a CUSIP as the symbol, and from it to the new ticker. */
      readonly is_through_cusip?: true
      /** The broker states the new ticker in the reverse split of the same day, and no change of name. */
      readonly is_in_split?: true
    }

/** A registrant. Facts belong to it, not to its securities. */
export interface Filer {
  readonly cik: string
  readonly name: string
  /** The last day of its fiscal year, MMDD, as the SEC writes it. */
  readonly fiscal_year_end: string
  /** Ascending by day of filing. */
  readonly filings: readonly Filing[]
  /** Forms 8-K with results (item 2.02), in the order of their periods. */
  readonly announcements: readonly Announcement[]
  /** Ex-dates of its splits: facts per share and in shares are on the basis of the day of filing. */
  readonly split_dates: readonly string[]
  /** Its quarters as they really were, by the newest books; also those that no filing shows. */
  readonly quarters: readonly QuarterTruth[]
}

export interface FiscalQuarter {
  readonly fiscal_year: number
  readonly quarter: 1 | 2 | 3 | 4
  readonly start: string
  readonly end: string
}

/** Flows of one quarter and balances at its end, whole USD, after every restatement. */
export interface QuarterTruth extends FiscalQuarter {
  readonly revenue_usd: string
  readonly net_income_usd: string
  readonly operating_cash_flow_usd: string
  readonly assets_usd: string
}

export interface Filing {
  readonly accession: string
  readonly form: '10-K' | '10-K/A' | '10-Q' | '10-Q/A'
  readonly fiscal_year: number
  readonly fiscal_period: 'FY' | 'Q1' | 'Q2' | 'Q3'
  /** Last day of the period that it reports. */
  readonly report_date: string
  readonly filed: string
  /** When the SEC accepted it: a UTC instant to the second. */
  readonly accepted_at: string
  readonly facts: readonly Fact[]
}

/** A form 8-K that announces the results of a period before the report of it. */
export interface Announcement {
  readonly accession: string
  readonly filed: string
  readonly accepted_at: string
  readonly period_end: string
}

export interface Fact {
  readonly taxonomy: 'us-gaap' | 'dei'
  readonly tag: string
  readonly unit: 'USD' | 'shares' | 'USD/shares'
  /** Null for an instant. */
  readonly start: string | null
  readonly end: string
  readonly value: string
  /** The SEC's calendar frame, on the newest filing of a fact. */
  readonly frame: string | null
}

/** A fact together with its filing: one row of raw fundamentals. */
export interface FiledFact extends Fact {
  readonly cik: string
  readonly accession: string
  readonly form: Filing['form']
  readonly fiscal_year: number
  readonly fiscal_period: Filing['fiscal_period']
  readonly filed: string
}

/** The simulated market. The truth that tests have and the product does not have. */
export interface World {
  readonly seed: string
  readonly calendar: Calendar
  /** First and last session with bars. */
  readonly start_date: string
  readonly end_date: string
  /** The securities of the universe, by source_id. */
  readonly securities: readonly Security[]
  /** Securities that trade in the same market under no universe of ours. */
  readonly outsiders: readonly Security[]
  readonly filers: readonly Filer[]
}
