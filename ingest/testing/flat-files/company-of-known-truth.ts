import type { Files } from './formats.ts'

/** One day of the company of known truth, in exact decimals. */
export interface TrueBar {
  readonly date: string
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
}

const DAYS = ['17', '18', '19', '20', '21', '24', '25', '26', '27', '28', '31'].map((day) => `2020-08-${day}`)
export const RENAME_DATE = '2020-08-19'
export const SPLIT = { ex_date: '2020-08-31', from: '1', to: '4' }
export const DIVIDENDS: Readonly<Record<string, string>> = { '2020-08-20': '0.82' }

/** Prices as traded of a company that was renamed, paid a dividend and was split 4 for 1. */
export const TRUTH: readonly TrueBar[] = DAYS.map((date, at) => {
  const isAfter = date >= SPLIT.ex_date
  const cents = isAfter ? 12_904 : 44_400 + at * 600
  const text = (moved: number): string => ((cents + moved) / 100).toFixed(2)
  return {
    date,
    open: text(-40),
    high: text(80),
    low: text(-80),
    close: text(0),
    volume: `${1_000 + at * 4}`,
  }
})

/** The tickers under which a vendor writes the company. */
export interface Names {
  readonly old: string
  readonly last: string
}

export interface VendorShape {
  readonly vendor: string
  readonly files: (names: Names) => Files | Promise<Files>
  /**
   * Which fields of a day before the split can be read, and whether the files have the events. `refused`:
   * adopt refuses the files as they are, and a run loads none of their prices whatever a person states.
   */
  readonly gives: 'bars' | 'bars and events' | 'closes' | 'refused'
  /** True if the form does not show whether prices are adjusted, so that a person has to state it. */
  readonly is_stated?: boolean
  /** True where a file has the ticker of its day. */
  readonly is_as_traded?: boolean
  /** The id of the company at the vendor. */
  readonly source_id?: string
}

export type Row = (bar: TrueBar) => string
export const lines = (row: Row, bars: readonly TrueBar[] = TRUTH): string => `${bars.map(row).join('\n')}\n`
export const newestFirst = TRUTH.toReversed()
export const before = TRUTH.filter(({ date }) => date < RENAME_DATE)
export const after = TRUTH.filter(({ date }) => date >= RENAME_DATE)
export const ohlcv: Row = ({ open, high, low, close, volume }) => [open, high, low, close, volume].join(',')
export const american = (date: string): string => `${date.slice(5, 7)}/${date.slice(8)}/${date.slice(0, 4)}`
export const plainDay = (date: string): string => date.replaceAll('-', '')
export const dividendOf = (date: string): string => DIVIDENDS[date] ?? '0.0'
export const splitOf = (date: string): string => (date === SPLIT.ex_date ? '4.0' : '1.0')
export const nanoseconds = (date: string, time: string): string => `${Date.parse(`${date}T${time}`)}000000`
export const nameOn = (date: string, { old, last }: Names): string => (date < RENAME_DATE ? old : last)
export const nano = (price: string): string => `${price.replace('.', '')}0000000`

/** Adjusted for the split, as most free sources print prices. */
export const ADJUSTED: readonly TrueBar[] = TRUTH.map((bar) => {
  if (bar.date >= SPLIT.ex_date) return bar
  const of = (text: string): string => (Number(text) / 4).toFixed(6)
  const { date, open, high, low, close, volume } = bar
  return {
    date,
    open: of(open),
    high: of(high),
    low: of(low),
    close: of(close),
    volume: String(Number(volume) * 4),
  }
})
export const closeOf = (date: string): string => ADJUSTED.find((bar) => bar.date === date)?.close ?? ''

export const PLAIN = 'date,open,high,low,close,volume\n'
export const plain: Row = (bar) => `${bar.date},${ohlcv(bar)}`
