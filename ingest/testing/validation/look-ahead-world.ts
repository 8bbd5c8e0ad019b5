import type { World } from './random-world.ts'

/**
 * A world in which each kind of later knowledge changes an answer that was right without it. Random
 * worlds have each of these too, but some only in one of a hundred.
 */

const LATER_FILER = '0000000002'

type Fact = World['facts'][number]
interface Period {
  readonly period_start: string | null
  readonly period_end: string
}
const instant = (period_end: string): Period => ({ period_start: null, period_end })
const NINE_MONTHS: Period = { period_start: '2018-01-01', period_end: '2018-09-30' }
const YEAR: Period = { period_start: '2018-01-01', period_end: '2018-12-31' }
const LAST_QUARTER: Period = { period_start: '2018-10-01', period_end: '2018-12-31' }

/** What one filing states. */
function filing(form: string, filed: string, facts: readonly [string, string, Period, number][]): Fact[] {
  return facts.map(([tag, unit, period, value]) => ({
    cik: LATER_FILER,
    tag,
    unit,
    ...period,
    value,
    accession: `${filed} ${form}`,
    form,
    filed,
  }))
}

const REVENUE = ['Revenues', 'USD'] as const
const EARNINGS = ['EarningsPerShareDiluted', 'USD/shares'] as const
const SHARES = ['CommonStockSharesOutstanding', 'shares'] as const

const facts: readonly Fact[] = [
  ...filing('10-Q', '2018-05-01', [[...SHARES, instant('2018-03-31'), 3]]),
  // A thousand times the count before: from this day on the first one is in doubt.
  ...filing('10-Q', '2018-08-01', [[...SHARES, instant('2018-06-30'), 3000]]),
  ...filing('10-Q', '2018-11-05', [
    [...SHARES, instant('2018-09-30'), 3100],
    [...REVENUE, NINE_MONTHS, 60],
    [...EARNINGS, NINE_MONTHS, 6],
  ]),
  // The last quarter of revenue is known from here on, and that of earnings per share is not a difference.
  ...filing('10-K', '2019-02-20', [
    [...REVENUE, YEAR, 100],
    [...EARNINGS, YEAR, 10],
  ]),
  // Another last quarter.
  ...filing('10-K/A', '2019-06-03', [
    [...REVENUE, NINE_MONTHS, 65],
    [...REVENUE, YEAR, 111],
  ]),
  // The first value of earnings per share for the last quarter of a year ago.
  ...filing('10-K', '2020-02-20', [[...EARNINGS, LAST_QUARTER, 4]]),
]

/** Bars of a security on every third session from one session to another, counted from the first of 2018. */
function bars(security_id: number, from: number, to: number): World['bars'][number][] {
  const found: World['bars'][number][] = []
  for (let at = from; at <= to; at += 3) found.push({ security_id, at, close: `${100 + (at % 7)}.5` })
  return found
}

const event = {
  security_id: 3,
  cash_amount: null,
  split_from: null,
  split_to: null,
  declared_date: null,
  new_source_id: null,
}

export const LOOK_AHEAD_WORLD: World = {
  securities: [1, 2, 3].map((security_id) => ({
    security_id,
    currency: 'USD',
    list_date: '2018-01-01',
    delist_date: null,
  })),
  tickers: [
    { security_id: 1, ticker: 'T1', valid_from: '2018-01-01', valid_to: null },
    { security_id: 2, ticker: 'T2', valid_from: '2018-01-01', valid_to: null },
    { security_id: 3, ticker: 'T3', valid_from: '2018-01-01', valid_to: '2018-12-31' },
    { security_id: 3, ticker: 'T3X1', valid_from: '2019-01-01', valid_to: null },
  ],
  // The first security has no bar for half a year; the third one trades throughout.
  bars: [...bars(1, 0, 30), ...bars(1, 200, 260), ...bars(3, 0, 560)],
  actions: [
    // Declared after its ex-date.
    {
      ...event,
      ex_date: '2018-10-01',
      declared_date: '2018-10-22',
      kind: 'split',
      occurrence: 1,
      split_from: '1',
      split_to: '2',
    },
    { ...event, ex_date: '2019-03-15', kind: 'cash_dividend', occurrence: 2, cash_amount: '1.50' },
  ],
  facts,
}

/** Days between two of the days above on which something became known. */
export const LOOK_AHEAD_DAYS: readonly string[] = [
  '2018-05-15',
  '2018-09-04',
  '2018-10-10',
  '2019-01-15',
  '2019-03-01',
  '2019-07-01',
  '2020-06-01',
]
