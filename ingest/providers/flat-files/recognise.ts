import { plainName } from './adjusted.ts'
import { hashFile, textOf } from './bytes.ts'
import type { GivenMapping } from './given-mapping.ts'
import { RecordSplitter } from './lines.ts'
import { openParquet } from './parquet.ts'
import type { Part } from './parts.ts'

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

/** The first rows of a table, its delimiter, and its name. */
export interface Peek {
  readonly name: string
  readonly delimiter: ',' | ';' | '\t' | '|'
  readonly rows: readonly (readonly string[])[]
}

const ROWS_PEEKED = 4
const BY_NAME = { ticker_is: 'last', file_name_is: 'ticker' } as const
const ASK = 'the vendor sells both forms: look it up, then adopt it with --adjusted raw or --adjusted split'

interface Rule extends Shape {
  readonly fits: (peek: Features) => boolean
}
interface Features {
  readonly has: (...names: readonly string[]) => boolean
  readonly first: readonly string[]
  readonly name: string
}

const isUnsigned = (text: string | undefined): boolean => /^\d+$/.test(text ?? '')
const OHLCV = { date: 1, open: 2, high: 3, low: 4, close: 5, volume: 6 }

/** The most specific forms first. Names are in lower case without signs. */
const RULES: readonly Rule[] = [
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
    mapping: { profile: 'nasdaq-data-link-wiki' },
    fits: ({ has }) => has('ticker', 'date', 'close', 'exdividend', 'splitratio'),
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
    fits: ({ has }) => has('date', 'close', 'adjclose'),
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
    vendor: 'FirstRate Data',
    prices: 'unknown',
    why: `no header, days with dashes; ${ASK}`,
    mapping: { ...BY_NAME, header_rows: 0, columns: OHLCV },
    fits: ({ first }) => first.length === 6 && /^\d{4}-\d\d-\d\d( 00:00:00)?$/.test(first[0] ?? ''),
  },
  {
    vendor: 'Kibot',
    prices: 'unknown',
    why: `no header, days as MM/DD/YYYY; ${ASK}`,
    mapping: { ...BY_NAME, header_rows: 0, columns: OHLCV, date_format: 'MM/DD/YYYY' },
    fits: ({ first }) => first.length === 6 && /^\d\d\/\d\d\/\d{4}$/.test(first[0] ?? ''),
  },
  {
    vendor: 'a table of many tickers',
    prices: 'unknown',
    why: 'ticker, date and close; the header does not tell whether they are adjusted',
    mapping: { ticker_is: 'last' },
    fits: ({ has }) => (has('ticker') || has('symbol')) && (has('date') || has('timestamp')) && has('close'),
  },
  {
    vendor: 'one table a ticker',
    prices: 'unknown',
    why:
      'date and close, the name of the file is the ticker; the header does not tell whether they ' +
      'are adjusted',
    mapping: BY_NAME,
    fits: ({ has }) => (has('date') || has('timestamp')) && has('close'),
  },
]

/** The form of a table; undefined where it is none that is known. */
export function recognise({ name, rows, delimiter }: Peek): Shape | undefined {
  const [first = []] = rows
  const names = new Set(first.map(plainName))
  const has = (...wanted: readonly string[]): boolean => wanted.every((each) => names.has(each))
  const rule = RULES.find(({ fits }) => fits({ has, first: first.map((text) => text.trim()), name }))
  if (rule === undefined) return undefined
  const { vendor, prices, why, mapping } = rule
  const given = delimiter === ',' ? mapping : { ...mapping, delimiter }
  const named = rule.prices === 'unknown' && (has('ticker') || has('symbol')) ? withoutName(given) : given
  return { vendor, prices, why, mapping: named }
}

const withoutName = ({ file_name_is: _, ...mapping }: AdoptedMapping): AdoptedMapping => mapping

/** Reads the first rows of a table. */
export async function peekAt(part: Part): Promise<Peek> {
  if (part.kind === 'parquet') {
    const table = await openParquet(part)
    await table.close()
    return { name: part.name, delimiter: ',', rows: [table.columns] }
  }
  let start = ''
  for await (const { text } of textOf(part, await hashFile(part.file))) {
    start += text
    if (start.split('\n').length > ROWS_PEEKED) break
  }
  const [line = ''] = start.split('\n')
  const counted = ([',', ';', '\t', '|'] as const).map((each) => ({ each, count: line.split(each).length }))
  const delimiter = counted.toSorted((a, b) => b.count - a.count)[0]?.each ?? ','
  const rows = new RecordSplitter(delimiter).take(`${start}\n`).slice(0, ROWS_PEEKED)
  return {
    name: part.name,
    delimiter,
    rows: rows.map(({ fields }) => (fields ?? []).map((each) => each ?? '')),
  }
}
