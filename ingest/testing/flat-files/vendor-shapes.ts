import {
  ADJUSTED,
  after,
  american,
  before,
  closeOf,
  dividendOf,
  lines,
  nameOn,
  nano,
  nanoseconds,
  newestFirst,
  ohlcv,
  PLAIN,
  plain,
  plainDay,
  type Row,
  splitOf,
  TRUTH,
  type TrueBar,
  type VendorShape,
} from './company-of-known-truth.ts'
import { gzipOf, parquetOfCsv, zipOf } from './formats.ts'

const AV_ADJUSTED = 'timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n'
const TIINGO = 'date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,divCash,splitFactor'
const tiingo: Row = ({ date, open, high, low, close, volume }) =>
  [date, close, high, low, open, volume, closeOf(date), 1, 1, 1, 1, dividendOf(date), splitOf(date)].join()
const EVENTS_BESIDE: Row = (bar) => `${ohlcv(bar)},${dividendOf(bar.date)},${splitOf(bar.date)}`
const DATABENTO = 'ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n'

/** Files of vendors whose prices, or whose closes, are as traded. */
export const TRADED_SHAPES: readonly VendorShape[] = [
  {
    vendor: 'a table of many tickers',
    files: ({ last }) => ({
      'prices.csv':
        'date,symbol,open,close,low,high,volume\n' +
        lines(({ date, open, high, low, close, volume }) =>
          [date, last, open, close, low, high, volume].join(),
        ),
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'a table of many tickers',
    files: ({ last }) => ({
      'panel.csv': `,date,open,high,low,close,volume,tic\n${lines((bar) => `7,${plain(bar)},${last}`)}`,
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'Alpha Vantage',
    files: ({ last }) => ({
      [`daily_adjusted_${last}.csv`]:
        AV_ADJUSTED +
        lines(({ date, open, high, low, close, volume }) => {
          const events = `${dividendOf(date)},${splitOf(date)}`
          return `${date},${open},${high},${low},${close},${closeOf(date)},${volume},${events}`
        }, newestFirst),
    }),
    gives: 'bars and events',
  },
  {
    vendor: 'Alpha Vantage without events',
    files: ({ last }) => ({
      [`daily_${last}.csv`]: `timestamp,open,high,low,close,volume\n${lines(plain, newestFirst)}`,
    }),
    gives: 'bars',
  },
  {
    vendor: 'Tiingo',
    files: ({ last }) => ({ [`${last}.csv`]: `${TIINGO}\n${lines(tiingo)}` }),
    gives: 'bars and events',
  },
  {
    vendor: 'Tiingo',
    files: ({ last }) => ({
      'tiingo.csv': [
        `symbol,${TIINGO}`,
        lines((bar) => `${last},${tiingo(bar).replace(',', ' 00:00:00+00:00,')}`),
      ].join('\n'),
    }),
    gives: 'bars and events',
  },
  {
    vendor: 'EODHD',
    files: ({ last }) => ({
      [`${last}.US.csv`]: `Date,Open,High,Low,Close,Adjusted_close,Volume\n${lines(
        ({ date, open, high, low, close, volume }) =>
          [date, open, high, low, close, closeOf(date), volume].join(),
      )}`,
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'EODHD',
    files: ({ last }) => ({
      'bulk.csv': `Code,Ex,Date,Open,High,Low,Close,Adjusted_close,Volume\n${lines(
        ({ date, open, high, low, close, volume }) =>
          [last, 'US', date, open, high, low, close, closeOf(date), volume].join(),
      )}`,
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'LEAN',
    files: async ({ old, last }) => {
      const row: Row = ({ date, open, high, low, close, volume }) => {
        const prices = [open, high, low, close].map((price) => `${price.replace('.', '')}00`)
        return `${plainDay(date)} 00:00,${prices.join()},${volume}`
      }
      const of = async (ticker: string, bars: readonly TrueBar[]) => ({
        [`equity/usa/daily/${ticker.toLowerCase()}.zip`]: await zipOf({
          [`${ticker.toLowerCase()}.csv`]: lines(row, bars),
        }),
      })
      return { ...(await of(old, before)), ...(await of(last, after)) }
    },
    gives: 'bars',
    is_as_traded: true,
  },
  {
    vendor: 'Nasdaq Data Link WIKI/PRICES',
    files: ({ last }) => ({
      'WIKI_PRICES.csv':
        `ticker,${PLAIN.trim()},ex-dividend,split_ratio,adj_open,adj_high,adj_low,adj_close,adj_volume\n` +
        lines((bar) => `${last},${bar.date},${EVENTS_BESIDE(bar)},1,1,1,${closeOf(bar.date)},1`),
    }),
    gives: 'bars and events',
  },
  {
    vendor: 'Nasdaq Data Link WIKI/PRICES',
    files: ({ last }) => ({
      [`WIKI-${last}.csv`]:
        'Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,' +
        'Adj. Open,Adj. High,Adj. Low,Adj. Close,Adj. Volume\n' +
        lines((bar) => `${bar.date},${EVENTS_BESIDE(bar)},1,1,1,${closeOf(bar.date)},1`, newestFirst),
    }),
    gives: 'bars and events',
  },
  {
    vendor: 'Nasdaq Data Link end of day (QuoteMedia)',
    files: ({ last }) => ({
      [`EOD-${last}.csv`]:
        'Date,Open,High,Low,Close,Volume,Dividend,Split,Adj_Open,Adj_High,Adj_Low,Adj_Close,Adj_Volume\n' +
        lines((bar) => `${bar.date},${EVENTS_BESIDE(bar)},1,1,1,${closeOf(bar.date)},1`, newestFirst),
    }),
    gives: 'bars and events',
  },
  {
    vendor: 'Kibot',
    files: ({ last }) => ({ [`${last}.txt`]: lines((bar) => `${american(bar.date)},${ohlcv(bar)}`) }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'FirstRate Data, unadjusted',
    files: ({ last }) => ({ [`${last}_full_1day_UNADJUSTED.txt`]: lines(plain) }),
    gives: 'bars',
  },
  {
    vendor: 'Databento',
    files: (names) => ({
      'equs.ohlcv-1d.csv':
        DATABENTO +
        lines((bar) => `${bar.date}T00:00:00.000000000Z,35,95,7,${ohlcv(bar)},${nameOn(bar.date, names)}`),
    }),
    gives: 'bars',
    is_as_traded: true,
  },
  {
    vendor: 'Databento',
    files: (names) => ({
      'equs.ohlcv-1d.csv.gz': gzipOf(
        DATABENTO +
          lines(({ date, open, high, low, close, volume }) => {
            const prices = [open, high, low, close].map(nano)
            const at = nanoseconds(date, '00:00:00Z')
            return [at, 35, 95, 7, ...prices, volume, nameOn(date, names)].join()
          }),
      ),
    }),
    gives: 'bars',
    is_as_traded: true,
  },
  {
    vendor: 'Sharadar',
    files: ({ last }) => ({
      'SHARADAR_SEP.csv':
        'ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n' +
        ADJUSTED.map(
          (bar, at) => `${last},${bar.date},${ohlcv(bar)},${bar.close},${TRUTH[at]?.close},2026-01-02\n`,
        ).join(''),
    }),
    gives: 'closes',
  },
  {
    vendor: 'Norgate',
    files: ({ last }) => ({
      [`${last}.csv`]:
        'Date,Open,High,Low,Close,Volume,Turnover,Unadjusted Close\n' +
        ADJUSTED.map((bar, at) => `${bar.date},${ohlcv(bar)},9,${TRUTH[at]?.close}\n`).join(''),
    }),
    gives: 'closes',
  },
  {
    vendor: 'Massive',
    files: (names) =>
      Object.fromEntries(
        TRUTH.map(({ date, open, high, low, close, volume }) => [
          `us_stocks_sip/day_aggs_v1/2020/08/${date}.csv.gz`,
          gzipOf(
            'ticker,volume,open,close,high,low,window_start,transactions\n' +
              `${nameOn(date, names)},${volume},${open},${close},${high},${low},` +
              `${nanoseconds(date, '04:00:00Z')},7\n`,
          ),
        ]),
      ),
    gives: 'bars',
    is_as_traded: true,
  },
  {
    vendor: 'CRSP daily stock file',
    files: () => ({
      'dsf.csv':
        'PERMNO,date,PRC,VOL,BIDLO,ASKHI,OPENPRC\n' +
        lines(({ date, open, high, low, close, volume }) =>
          [90_210, date, close, volume, low, high, open].join(),
        ),
    }),
    gives: 'bars',
    source_id: '90210',
  },
  {
    vendor: 'Nasdaq.com history',
    files: ({ last }) => ({
      [`${last}.csv`]: `Date,Close/Last,Volume,Open,High,Low\n${lines(
        ({ date, open, high, low, close, volume }) =>
          `${american(date)},$${close},"${Number(volume).toLocaleString('en-US')}",$${open},$${high},$${low}`,
        newestFirst,
      )}`,
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'Investing.com history',
    files: ({ last }) => ({
      [`${last} Historical Data.csv`]: `\uFEFF"Date","Price","Open","High","Low","Vol.","Change %"\n${lines(
        ({ date, open, high, low, close, volume }) =>
          [american(date), close, open, high, low, `${Number(volume) / 1_000}K`, '0.5%']
            .map((text) => `"${text}"`)
            .join(),
        newestFirst,
      )}`,
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'one table a ticker',
    files: ({ last }) => ({
      [`${last}_daily.csv`]:
        'datetime;open;high;low;close;volume\n' +
        lines((bar) => plain(bar).replaceAll(',', ';'), newestFirst),
    }),
    gives: 'bars',
    is_stated: true,
  },
  {
    vendor: 'one table a ticker',
    files: async ({ last }) => ({
      'export.zip': await zipOf({ [`p/${last}.parquet`]: parquetOfCsv(PLAIN + lines(plain)) }),
    }),
    gives: 'bars',
    is_stated: true,
  },
]
