import type { GivenMapping } from './given-mapping.ts'

/** Formats of vendors, as mappings: each from the vendor's documentation or a recording of its answer. */
export const PROFILES: Readonly<Record<string, { readonly folder: string; readonly mapping: GivenMapping }>> =
  {
    /**
     * us_stocks_sip/day_aggs_v1: tickers as traded; not adjusted for splits; a day is the midnight of New
     * York that starts its window.
     */
    'massive-day-aggs': {
      folder: 'prices_daily',
      mapping: { columns: { date: 'window_start' }, date_format: 'epoch_ns', timezone: 'America/New_York' },
    },
    /** stocks: whole histories under the last ticker; all but closeunadj is adjusted for splits. */
    sharadar: {
      folder: 'prices_daily',
      mapping: { ticker_is: 'last', adjusted: 'split', raw_close: 'closeunadj' },
    },
    /** One file for each ticker, named for it; its adjusted prices stand in columns of their own. */
    'tiingo-csv': { folder: 'prices_daily', mapping: { ticker_is: 'last', file_name_is: 'ticker' } },
    /**
     * The files of a symbol: adjusted for splits and dividends, so that only the reason why not can be given.
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
  }
