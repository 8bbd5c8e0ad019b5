import type { Quarter } from './books.ts'
import { addDays } from './calendar.ts'
import type { Fact, Filing } from './types.ts'

export interface StatementOptions {
  readonly form: Filing['form']
  /** The quarter that it reports, the fourth for a year: an index into the books. */
  readonly index: number
  readonly filed: string
  /** The books that are valid on the day of filing. */
  readonly books: readonly Quarter[]
  /** New shares for each share of the world's first day, by the splits until the day of filing. */
  readonly share_multiple: number
  readonly revenue_tag: string
  /** Some companies print the fourth quarter beside the year. */
  readonly prints_fourth_quarter: boolean
}

/**
 * The facts of one filing: the period and its comparatives, flows by quarter and by year to date, balances at
 * the end and at the end of the last fiscal year. Cash flows are given to date alone. Everything per share is
 * on the split basis of the day of filing.
 */
export function stateFacts(options: StatementOptions): Fact[] {
  const { books, index } = options
  const current = at(books, index)
  const facts = new Map<string, Fact>()
  const put = (fact: Omit<Fact, 'frame'>): void => {
    facts.set(`${fact.tag}|${fact.unit}|${fact.start}|${fact.end}`, { ...fact, frame: null })
  }
  const is_annual = options.form.startsWith('10-K')
  const years_back = is_annual ? [0, 1, 2] : [0, 1]
  for (const back of years_back) {
    const last = index - 4 * back
    putFlows(put, options, span(books, last, at(books, last).quarter), true)
    if (!is_annual && current.quarter > 1) putFlows(put, options, span(books, last, 1), false)
    if (is_annual && options.prints_fourth_quarter && back < 2)
      putFlows(put, options, span(books, last, 1), false)
  }
  for (const quarter of [
    current,
    at(books, index - current.quarter),
    ...(is_annual ? [at(books, index - 8)] : []),
  ].slice(0, 2)) {
    putBalances(put, quarter)
  }
  const shares = Math.round(current.shares * options.share_multiple)
  put({
    taxonomy: 'dei',
    tag: 'EntityCommonStockSharesOutstanding',
    unit: 'shares',
    start: null,
    end: addDays(options.filed, -6),
    value: `${shares}`,
  })
  return [...facts.values()]
}

type Put = (fact: Omit<Fact, 'frame'>) => void

function putFlows(
  put: Put,
  options: StatementOptions,
  quarters: readonly Quarter[],
  is_to_date: boolean,
): void {
  const start = at(quarters, 0).start
  const end = at(quarters, quarters.length - 1).end
  const sum = (field: 'revenue' | 'cost' | 'operating' | 'net' | 'cash_flow'): number =>
    quarters.reduce((total, quarter) => total + quarter[field], 0)
  const usd = (tag: string, thousands: number): void =>
    put({ taxonomy: 'us-gaap', tag, unit: 'USD', start, end, value: thousandsText(thousands) })
  usd(options.revenue_tag, sum('revenue'))
  usd('CostOfRevenue', sum('cost'))
  usd('GrossProfit', sum('revenue') - sum('cost'))
  usd('OperatingIncomeLoss', sum('operating'))
  usd('NetIncomeLoss', sum('net'))
  if (is_to_date) usd('NetCashProvidedByUsedInOperatingActivities', sum('cash_flow'))
  const average = quarters.reduce((total, quarter) => total + quarter.shares, 0) / quarters.length
  const shares = Math.round(average * options.share_multiple)
  put({
    taxonomy: 'us-gaap',
    tag: 'WeightedAverageNumberOfDilutedSharesOutstanding',
    unit: 'shares',
    start,
    end,
    value: `${shares}`,
  })
  put({
    taxonomy: 'us-gaap',
    tag: 'EarningsPerShareDiluted',
    unit: 'USD/shares',
    start,
    end,
    value: centsText(Math.round((sum('net') * 100_000) / shares)),
  })
}

function putBalances(put: Put, quarter: Quarter): void {
  const usd = (tag: string, thousands: number): void =>
    put({
      taxonomy: 'us-gaap',
      tag,
      unit: 'USD',
      start: null,
      end: quarter.end,
      value: thousandsText(thousands),
    })
  usd('Assets', quarter.liabilities + quarter.equity)
  usd('Liabilities', quarter.liabilities)
  usd('StockholdersEquity', quarter.equity)
  usd('LiabilitiesAndStockholdersEquity', quarter.liabilities + quarter.equity)
  usd('CashAndCashEquivalentsAtCarryingValue', quarter.cash)
}

/** The `count` quarters that end with the one at `last`. */
const span = (books: readonly Quarter[], last: number, count: number): readonly Quarter[] =>
  books.slice(last - count + 1, last + 1)

function at(books: readonly Quarter[], index: number): Quarter {
  const quarter = books[index]
  if (quarter === undefined) throw new RangeError(`The books have no quarter ${index}.`)
  return quarter
}

export const thousandsText = (thousands: number): string => (thousands === 0 ? '0' : `${thousands}000`)

/** Shortest text, as a filing service prints numbers: 6.3, not 6.30. */
function centsText(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`.replace(/\.?0+$/, '')
}
