import { sessions } from '../../calendar/xnys.ts'
import type { Files } from './formats.ts'
import { gzipOf } from './formats.ts'

/** One day of an invented company, as traded. */
export interface Bar {
  readonly ticker: string
  readonly date: string
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
}

const DAYS = sessions('2016-01-01', '2020-12-31').map(({ session_date }) => session_date)
const SPLIT_DATE = '2018-06-11'
/** As a person has them: with a class, of one letter to five. */
const TICKERS = [
  ...['AAB', 'AAC', 'AAD', 'AAE', 'B', 'CC', 'DDDD', 'EEEEE', 'FFA', 'FFB', 'FFC', 'GGG', 'HHH', 'III'],
  ...['JJJ', 'KKK', 'LLL', 'MMM', 'BRX-B', 'BFX-A'],
]

const text = (cents: number): string => (cents / 100).toFixed(2)

/** Five years of one company: moves of at most two percent, and, for some, a split of two for one. */
function barsOf(ticker: string, number: number): Bar[] {
  let cents = 5_000 + 300 * number
  return DAYS.map((date, at) => {
    if (date === SPLIT_DATE && isSplit(number)) cents = Math.round(cents / 2)
    cents += Math.round((((at * 7 + number * 13) % 11) - 5) * cents * 0.004)
    const open = cents + ((at % 5) - 2)
    return {
      ticker,
      date,
      open: text(open),
      high: text(Math.max(open, cents) + 7),
      low: text(Math.min(open, cents) - 6),
      close: text(cents),
      volume: String(100_000 + ((at * 7_919 + number) % 50_000)),
    }
  })
}
const isSplit = (number: number): boolean => number % 7 === 3

/** Prices as traded of twenty companies. */
const BARS = TICKERS.map(barsOf)

interface FiveYears {
  readonly files: Files
  /** What a person states about them. */
  readonly stated: readonly string[]
  readonly bars: readonly Bar[]
  readonly splits: number
}

const byTicker = (header: string, row: (bar: Bar, number: number) => string, companies = BARS): Files =>
  Object.fromEntries(
    companies.map((bars, number) => [
      `${TICKERS[number]}.csv`,
      `${header}\n${bars.map((bar) => row(bar, number)).join('\n')}\n`,
    ]),
  )

const yahoo = ({ date, open, high, low, close, volume }: Bar): string =>
  [date, open, high, low, close, close, volume].join()

/** Folders of price files, as a newcomer has them. */
export const FOLDERS: Readonly<Record<'yahoo' | 'tiingo' | 'databento', FiveYears>> = {
  // No company with a split: nothing states it here.
  yahoo: (() => {
    const whole = TICKERS.map((ticker, number) => barsOf(ticker, number * 7))
    return {
      files: byTicker('Date,Open,High,Low,Close,Adj Close,Volume', yahoo, whole),
      stated: ['--adjusted', 'raw'],
      bars: whole.flat(),
      splits: 0,
    }
  })(),
  tiingo: {
    files: byTicker(
      'date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor',
      ({ date, open, high, low, close, volume }, number) => {
        const factor = date === SPLIT_DATE && isSplit(number) ? '2.0' : '1.0'
        return [date, close, high, low, open, volume, close, 1, 1, 1, 1, '0.0', factor].join()
      },
    ),
    stated: [],
    bars: BARS.flat(),
    splits: 3,
  },
  databento: {
    files: {
      'equs.ohlcv-1d.csv.gz': gzipOf(
        `ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n${BARS.slice(0, 3)
          .flat()
          .map(({ ticker, date, open, high, low, close, volume }) =>
            [`${date}T00:00:00.000000000Z`, 35, 95, 7, open, high, low, close, volume, ticker].join(),
          )
          .join('\n')}\n`,
      ),
    },
    stated: [],
    bars: BARS.slice(0, 3).flat(),
    splits: 0,
  },
}
