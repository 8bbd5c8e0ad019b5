import { plainName, reasonOf } from './adjusted.ts'
import type { GivenMapping } from './given-mapping.ts'

/** What adopt writes for a folder of mapping.json. */
export type AdoptedMapping = GivenMapping & { readonly profile?: string }

/** The form of a vendor's daily prices, and what is known of it. */
export interface Shape {
  readonly vendor: string
  /** raw: as traded. adjusted: cannot be loaded. unknown: the form does not tell, a person has to. */
  readonly prices: 'raw' | 'adjusted' | 'unknown'
  /** Why, in words for a person. */
  readonly why: string
  readonly mapping: AdoptedMapping
}

const BY_NAME = { ticker_is: 'last', file_name_is: 'ticker' } as const
const ASK = 'the vendor sells both forms: look it up, then adopt it with --adjusted raw or --adjusted split'

interface Rule extends Shape {
  readonly fits: (features: Features) => boolean
  /** The name of the form where a column has the tickers. */
  readonly of_many?: string
  /** What the first rows add to the mapping. */
  readonly adds?: (features: Features) => AdoptedMapping
}

/** What a rule sees of a table. */
export interface Features {
  /** Whether all of these are columns. Names are in lower case without signs. */
  readonly has: (...names: readonly string[]) => boolean
  readonly first: readonly string[]
  /** The text of the first record under a header, by the name of its column. */
  readonly textOf: (column: string) => string
  /** The name of the file without its folder. */
  readonly name: string
}

const isUnsigned = (text: string | undefined): boolean => /^\d+$/.test(text ?? '')
const OHLCV = { date: 1, open: 2, high: 3, low: 4, close: 5, volume: 6 }

const isFirstRate = (first: readonly string[]): boolean =>
  first.length === 6 && /^\d{4}-\d\d-\d\d( 00:00:00)?$/.test(first[0] ?? '')

/** The units of Databento, unless it was asked for readable ones: nanoseconds, and 10⁻⁹ dollars. */
function databentoUnits({ textOf }: Features): AdoptedMapping {
  const nano = '0.000000001'
  return {
    ...(isUnsigned(textOf('tsevent')) ? { date_format: 'epoch_ns', timezone: 'UTC' } : {}),
    ...(isUnsigned(textOf('close')) ? { scale: { open: nano, high: nano, low: nano, close: nano } } : {}),
  }
}

/** The most specific forms first. */
export const RULES: readonly Rule[] = [
  {
    vendor: 'yfinance download()',
    prices: 'adjusted',
    why: 'three header rows; adjusted for splits and, by default, for dividends',
    mapping: { profile: 'yfinance-download' },
    fits: ({ has, first }) => plainName(first[0] ?? '') === 'price' && has('close'),
  },
  {
    vendor: 'yfinance Ticker.history()',
    prices: 'adjusted',
    why:
      '"Dividends" and "Stock Splits" beside the prices; adjusted for splits and, by default, ' +
      'for dividends',
    mapping: { ...BY_NAME, adjusted: 'total' },
    fits: ({ has }) => has('dividends', 'stocksplits'),
  },
  {
    vendor: 'Tiingo',
    prices: 'raw',
    why: 'divCash and splitFactor beside the prices; the adjusted prices are in adjClose and its siblings',
    mapping: { profile: 'tiingo-csv' },
    fits: ({ has }) => has('date', 'close', 'divcash', 'splitfactor'),
  },
  {
    vendor: 'Alpha Vantage',
    prices: 'raw',
    why: 'dividend_amount and split_coefficient beside the prices; adjusted_close is the adjusted one',
    mapping: { profile: 'alpha-vantage' },
    fits: ({ has }) => has('timestamp', 'close', 'dividendamount', 'splitcoefficient'),
  },
  {
    vendor: 'Nasdaq Data Link WIKI/PRICES',
    prices: 'raw',
    why: 'ex-dividend and split_ratio beside the prices; the adjusted prices are in adj_open to adj_volume',
    mapping: { ...BY_NAME, adjusted: 'raw' },
    fits: ({ has }) => has('date', 'close', 'exdividend', 'splitratio'),
  },
  {
    vendor: 'Nasdaq Data Link end of day (QuoteMedia)',
    prices: 'raw',
    why: 'Dividend and Split beside the prices; the adjusted prices are in Adj_Open to Adj_Volume',
    mapping: { ...BY_NAME, adjusted: 'raw' },
    fits: ({ has }) => has('date', 'close', 'dividend', 'split', 'adjopen', 'adjclose'),
  },
  {
    vendor: 'Alpha Vantage without events',
    prices: 'raw',
    why: 'timestamp and five numbers: TIME_SERIES_DAILY, which is as traded',
    mapping: { profile: 'alpha-vantage' },
    fits: ({ first }) => first.join() === 'timestamp,open,high,low,close,volume',
  },
  {
    vendor: 'Sharadar',
    prices: 'raw',
    why: 'closeunadj has the closes as traded; the other prices are adjusted for splits',
    mapping: { profile: 'sharadar' },
    fits: ({ has }) => has('ticker', 'date', 'close', 'closeunadj'),
  },
  {
    vendor: 'Norgate',
    prices: 'raw',
    why: '"Unadjusted Close" has the closes as traded; the other prices may be adjusted',
    mapping: { ...BY_NAME, adjusted: 'split', raw_close: 'Unadjusted Close' },
    fits: ({ has }) => has('date', 'close', 'unadjustedclose'),
  },
  {
    vendor: 'Massive (Polygon) day aggregates',
    prices: 'raw',
    why: 'window_start in nanoseconds; its flat files are not adjusted',
    mapping: { profile: 'massive-day-aggs' },
    fits: ({ has }) => has('ticker', 'windowstart', 'close'),
  },
  {
    vendor: 'CRSP daily stock file',
    prices: 'raw',
    why: 'PERMNO and PRC; prices as traded, a negative one is a day without a trade',
    mapping: { profile: 'crsp-dsf' },
    fits: ({ has }) => has('permno', 'prc', 'date'),
  },
  {
    vendor: 'Databento',
    prices: 'raw',
    why: 'ts_event and publisher_id; prices as the exchange reported them',
    mapping: { columns: { date: 'ts_event', ticker: 'symbol' }, adjusted: 'raw' },
    adds: databentoUnits,
    fits: ({ has }) => has('tsevent', 'publisherid', 'close', 'symbol'),
  },
  {
    vendor: 'Stooq',
    prices: 'adjusted',
    why: '<TICKER>,<PER>,<DATE>; adjusted for splits and dividends',
    mapping: { profile: 'stooq' },
    fits: ({ has }) => has('ticker', 'per', 'date', 'openint'),
  },
  {
    vendor: 'Stooq, one symbol',
    prices: 'adjusted',
    why: 'the name of the file is one of Stooq; adjusted for splits and dividends',
    mapping: { ...BY_NAME, adjusted: 'total' },
    fits: ({ has, name }) => has('date', 'close') && (/_us_d\.\w+$/i.test(name) || /\.us\.txt$/i.test(name)),
  },
  {
    vendor: 'Kaggle "Huge Stock Market Dataset"',
    prices: 'adjusted',
    why: 'OpenInt beside daily prices of stocks: a copy of Stooq; adjusted for splits and dividends',
    mapping: { ...BY_NAME, adjusted: 'total' },
    fits: ({ has }) => has('date', 'close', 'openint'),
  },
  {
    vendor: 'FMP',
    prices: 'adjusted',
    why: 'unadjustedVolume beside adjClose; adjusted for splits',
    mapping: { ...BY_NAME, adjusted: 'split' },
    fits: ({ has }) => has('date', 'close', 'adjclose', 'unadjustedvolume'),
  },
  {
    vendor: 'SimFin',
    prices: 'adjusted',
    why: 'SimFinId and "Adj. Close"; adjusted for splits',
    mapping: { ticker_is: 'last', adjusted: 'split' },
    fits: ({ has }) => has('simfinid', 'date', 'close', 'adjclose'),
  },
  {
    vendor: 'EODHD',
    prices: 'unknown',
    why: 'Adjusted_close beside Close, which is documented as raw and is not for every security',
    mapping: { ...BY_NAME, symbol_transform: { strip_suffix: '.US' } },
    fits: ({ first }) => first.includes('Adjusted_close'),
  },
  {
    vendor: 'Yahoo',
    prices: 'adjusted',
    why: '"Adj Close" beside Close; every price is adjusted for the splits up to the day of the download',
    mapping: { profile: 'yahoo-csv' },
    // Who adjusts the opens as well (Marketstack) has prices as traded beside them.
    fits: ({ has }) => has('date', 'close', 'adjclose') && !has('adjopen'),
  },
  {
    vendor: 'Nasdaq.com history',
    prices: 'unknown',
    why: 'Close/Last with dollar signs; the page does not state whether it is adjusted',
    mapping: {
      ...BY_NAME,
      columns: { close: 'Close/Last' },
      date_format: 'MM/DD/YYYY',
      currency_sign: '$',
      thousands: ',',
    },
    fits: ({ has }) => has('date', 'closelast', 'volume'),
  },
  {
    vendor: 'Investing.com history',
    prices: 'unknown',
    why: '"Vol." with K, M and B; the page does not state whether it is adjusted',
    mapping: {
      ...BY_NAME,
      columns: { close: 'Price', volume: 'Vol.' },
      date_format: 'MM/DD/YYYY',
      thousands: ',',
      unit_suffixes: true,
    },
    fits: ({ has }) => has('date', 'price', 'vol', 'change'),
  },
  {
    vendor: 'LEAN (QuantConnect) daily',
    prices: 'raw',
    why: 'no header, YYYYMMDD HH:mm and prices times 10,000',
    mapping: { profile: 'lean-daily' },
    fits: ({ first }) =>
      first.length === 6 && /^\d{8} \d\d:\d\d$/.test(first[0] ?? '') && isUnsigned(first[4]),
  },
  {
    vendor: 'FirstRate Data, unadjusted',
    prices: 'raw',
    why: 'no header, days with dashes, and UNADJUSTED in the name of the file',
    mapping: { ...BY_NAME, header_rows: 0, columns: OHLCV, adjusted: 'raw' },
    fits: ({ first, name }) => isFirstRate(first) && /UNADJUSTED/i.test(name),
  },
  {
    vendor: 'FirstRate Data, adjusted',
    prices: 'adjusted',
    why: 'no header, days with dashes, and "adj" in the name of the file',
    mapping: { ...BY_NAME, header_rows: 0, columns: OHLCV, adjusted: 'split' },
    fits: ({ first, name }) => isFirstRate(first) && /[_-]adj_?(split|div)/i.test(name),
  },
  {
    vendor: 'FirstRate Data',
    prices: 'unknown',
    why: `no header, days with dashes; ${ASK}`,
    mapping: { ...BY_NAME, header_rows: 0, columns: OHLCV },
    fits: ({ first }) => isFirstRate(first),
  },
  {
    vendor: 'Kibot',
    prices: 'unknown',
    why: `no header, days as MM/DD/YYYY; ${ASK}`,
    mapping: { ...BY_NAME, header_rows: 0, columns: OHLCV, date_format: 'MM/DD/YYYY' },
    fits: ({ first }) => first.length === 6 && /^\d\d\/\d\d\/\d{4}$/.test(first[0] ?? ''),
  },
  {
    vendor: 'one table a ticker, with adjusted prices beside the others',
    of_many: 'a table of many tickers, with adjusted prices beside the others',
    prices: 'unknown',
    why: 'the header has adjusted prices, and does not show whether the others are adjusted as well',
    mapping: BY_NAME,
    fits: ({ has, first }) => dayOf(has) !== undefined && has('close') && reasonOf(first) !== undefined,
    adds: namedDay,
  },
  {
    vendor: 'one table a ticker',
    of_many: 'a table of many tickers',
    prices: 'unknown',
    why: 'a day and a close; the header does not show whether they are adjusted',
    mapping: BY_NAME,
    fits: ({ has }) => dayOf(has) !== undefined && has('close'),
    adds: namedDay,
  },
]

/** The column of the day, where a table has one of the usual names. */
const dayOf = (has: Features['has']): string | undefined =>
  ['date', 'tradedate', 'timestamp', 'datetime', 'time', 'day'].find((name) => has(name))

/** Names the column of the day where the layout does not know it, and its form where it can mean one day. */
function namedDay({ has, first, textOf }: Features): AdoptedMapping {
  const day = dayOf(has)
  const column = first.find((name) => plainName(name) === day)
  if (day === undefined || column === undefined) return {}
  const is_known = ['date', 'trade_date', 'timestamp'].includes(column.toLowerCase())
  const [, date_format] = YEAR_FIRST.find(([form]) => form.test(textOf(day))) ?? []
  return {
    ...(is_known ? {} : { columns: { date: column } }),
    ...(date_format === undefined ? {} : { date_format }),
  }
}
const YEAR_FIRST: readonly (readonly [RegExp, string])[] = [
  [/^(19|20)\d{6}$/, 'YYYYMMDD'],
  [/^\d{4}\/\d\d\/\d\d$/, 'YYYY/MM/DD'],
]
