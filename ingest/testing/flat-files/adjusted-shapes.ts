import {
  ADJUSTED,
  american,
  lines,
  type Names,
  ohlcv,
  PLAIN,
  plain,
  plainDay,
  type VendorShape,
} from './company-of-known-truth.ts'
import { zipOf } from './formats.ts'

const YAHOO_FORM = (): string =>
  `Date,Open,High,Low,Close,Adj Close,Volume\n${lines(
    ({ date, open, high, low, close, volume }) =>
      `${date},${open},${high},${low},${close},${(Number(close) * 0.99).toFixed(6)},${volume}`,
    ADJUSTED,
  )}`
const STOOQ = '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n'
const stooq = ({ last }: Names): string =>
  STOOQ + lines((bar) => `${last}.US,D,${plainDay(bar.date)},000000,${ohlcv(bar)},0`, ADJUSTED)

/** Files of vendors whose prices are adjusted. */
export const ADJUSTED_SHAPES: readonly VendorShape[] = [
  { vendor: 'Yahoo', files: ({ last }) => ({ [`${last}.csv`]: YAHOO_FORM() }), gives: 'refused' },
  {
    vendor: 'yfinance Ticker.history',
    files: ({ last }) => ({
      [`${last}.csv`]:
        'Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n' +
        lines((bar) => `${bar.date} 00:00:00-04:00,${ohlcv(bar)},0.0,0.0`, ADJUSTED),
    }),
    gives: 'refused',
  },
  {
    vendor: 'yfinance download',
    files: ({ last }) => ({
      [`${last}.csv`]:
        `Price,Close,High,Low,Open,Volume\nTicker,${`${last},`.repeat(5).slice(0, -1)}\nDate,,,,,\n` +
        lines(
          ({ date, open, high, low, close, volume }) => [date, close, high, low, open, volume].join(),
          ADJUSTED,
        ),
    }),
    gives: 'refused',
  },
  {
    vendor: 'a table of many tickers',
    files: ({ last }) => ({
      'stacked.csv':
        'Date,Ticker,Open,High,Low,Close,Volume\n' +
        lines((bar) => `${bar.date},${last},${ohlcv(bar)}`, ADJUSTED),
    }),
    gives: 'refused',
    is_stated: true,
  },
  {
    vendor: 'a table of many tickers',
    files: ({ last }) => ({
      'all_stocks_5yr.csv': `${PLAIN.trim()},Name\n${lines((bar) => `${plain(bar)},${last}`, ADJUSTED)}`,
    }),
    gives: 'refused',
    is_stated: true,
  },
  {
    vendor: 'Stooq',
    files: (names) => ({ [`${names.last.toLowerCase()}.us.txt`]: stooq(names) }),
    gives: 'refused',
  },
  {
    vendor: 'Stooq',
    files: async (names) => ({
      'd_us_txt.zip': await zipOf({
        [`data/daily/us/nyse stocks/1/${names.last.toLowerCase()}.us.txt`]: stooq(names),
      }),
    }),
    gives: 'refused',
  },
  {
    vendor: 'Stooq, one symbol',
    files: ({ last }) => ({
      [`${last.toLowerCase()}_us_d.csv`]: `Date,Open,High,Low,Close,Volume\n${lines(plain, ADJUSTED)}`,
    }),
    gives: 'refused',
  },
  {
    vendor: 'Kaggle "Huge Stock Market Dataset"',
    files: ({ last }) => ({
      [`Stocks/${last.toLowerCase()}.txt`]: [
        `${PLAIN.trim()},OpenInt`,
        lines((bar) => `${plain(bar)},0`, ADJUSTED),
      ].join('\n'),
    }),
    gives: 'refused',
  },
  {
    vendor: 'SimFin',
    files: ({ last }) => ({
      'us-shareprices-daily.csv':
        'Ticker;SimFinId;Date;Open;High;Low;Close;Adj. Close;Volume;Dividend;Shares Outstanding\n' +
        lines(
          ({ date, open, high, low, close, volume }) =>
            `${last};1;${date};${open};${high};${low};${close};${close};${volume};;100`,
          ADJUSTED,
        ),
    }),
    gives: 'refused',
  },
  {
    vendor: 'Kibot',
    files: ({ last }) => ({
      [`${last}.txt`]: lines((bar) => `${american(bar.date)},${ohlcv(bar)}`, ADJUSTED),
    }),
    gives: 'refused',
    is_stated: true,
  },
  {
    vendor: 'FirstRate Data, adjusted',
    files: ({ last }) => ({ [`${last}_full_1day_adjsplitdiv.txt`]: lines(plain, ADJUSTED) }),
    gives: 'refused',
  },
  {
    vendor: 'FMP',
    files: ({ last }) => ({
      [`${last}.csv`]: `date,open,high,low,close,adjClose,volume,unadjustedVolume\n${lines(
        ({ date, open, high, low, close, volume }) =>
          [date, open, high, low, close, close, volume, volume].join(),
        ADJUSTED,
      )}`,
    }),
    gives: 'refused',
  },
]
