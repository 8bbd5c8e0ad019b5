import type { GivenMapping } from './given-mapping.ts'

interface Profile {
  readonly folder: string
  readonly mapping: GivenMapping
}

const EVENTS_ARE_RAW = { ticker_is: 'last', file_name_is: 'ticker', adjusted: 'raw' } as const

/** Formats of vendors, as mappings: each from the vendor's documentation or a recording of its answer. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  /**
   * us_stocks_sip/day_aggs_v1: tickers as traded; not adjusted for splits; a day is the midnight in New York
   * that starts its window.
   */
  'massive-day-aggs': {
    folder: 'prices_daily',
    mapping: {
      columns: { date: 'window_start' },
      date_format: 'epoch_ns',
      timezone: 'America/New_York',
      adjusted: 'raw',
    },
  },
  /** stocks: whole histories under the last ticker; all but closeunadj is adjusted for splits. */
  sharadar: {
    folder: 'prices_daily',
    mapping: { ticker_is: 'last', adjusted: 'split', raw_close: 'closeunadj' },
  },
  /** One file for each ticker, named for it; adjusted prices are in adjClose and its siblings. */
  'tiingo-csv': { folder: 'prices_daily', mapping: EVENTS_ARE_RAW },
  /** TIME_SERIES_DAILY_ADJUSTED: prices as traded, adjusted_close beside them; one file for each ticker. */
  'alpha-vantage': {
    folder: 'prices_daily',
    mapping: { ...EVENTS_ARE_RAW, columns: { date: 'timestamp' } },
  },
  /** WIKI/PRICES: prices as traded, adjusted ones in adj_open to adj_volume; whole histories in one table. */
  'nasdaq-data-link-wiki': { folder: 'prices_daily', mapping: { ticker_is: 'last', adjusted: 'raw' } },
  /**
   * The daily stock file: prices as traded. A negative close is the middle of bid and ask on a day without a
   * trade, and a close of 0 means that there is neither.
   */
  'crsp-dsf': {
    folder: 'prices_daily',
    mapping: {
      columns: {
        source_id: 'PERMNO',
        date: 'date',
        open: 'OPENPRC',
        high: 'ASKHI',
        low: 'BIDLO',
        close: 'PRC',
        volume: 'VOL',
      },
      nulls: ['B', 'C', '-99', '-99.0'],
      close_not_above_zero: 'no_trade',
      adjusted: 'raw',
    },
  },
  /** equity/usa/daily: no header, prices times 10,000, one file for each ticker as traded on the day. */
  'lean-daily': {
    folder: 'prices_daily',
    mapping: {
      header_rows: 0,
      columns: { date: 1, open: 2, high: 3, low: 4, close: 5, volume: 6 },
      date_format: 'YYYYMMDD HH:mm',
      scale: { open: '0.0001', high: '0.0001', low: '0.0001', close: '0.0001' },
      symbol_transform: { upper_case: true },
      file_name_is: 'ticker',
      adjusted: 'raw',
    },
  },
  /**
   * The files of a symbol: adjusted for splits and dividends, so the profile can only give the reason why
   * they are refused.
   */
  stooq: {
    folder: 'prices_daily',
    mapping: {
      columns: {
        ticker: '<TICKER>',
        date: '<DATE>',
        open: '<OPEN>',
        high: '<HIGH>',
        low: '<LOW>',
        close: '<CLOSE>',
        volume: '<VOL>',
      },
      date_format: 'YYYYMMDD',
      symbol_transform: { strip_suffix: '.US' },
      ticker_is: 'last',
      adjusted: 'total',
    },
  },
  /** Downloads of a symbol: adjusted for every split up to the day of the download. */
  'yahoo-csv': {
    folder: 'prices_daily',
    mapping: { ticker_is: 'last', file_name_is: 'ticker', adjusted: 'split' },
  },
  /** yfinance `download()`: three header rows; adjusted for splits and, by default, for dividends. */
  'yfinance-download': {
    folder: 'prices_daily',
    mapping: {
      header_rows: 3,
      columns: { date: 'Price' },
      ticker_is: 'last',
      file_name_is: 'ticker',
      adjusted: 'total',
    },
  },
}
