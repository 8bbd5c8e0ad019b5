import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { referenceFolder } from '../../../helpers/testing/reference.ts'
import type { Dataset } from '../../contract/job.ts'
import { readDelivery, readFolder, subjectsOf } from '../../testing/flat-files/read-delivery.ts'

const content = (name: string): string => readFileSync(join(referenceFolder(), 'failing', name), 'utf8')
const folderOf = (name: string): string => join(referenceFolder(), 'failing', name)

interface Case {
  /** Path in the delivery → file of the reference folder. */
  readonly files: Readonly<Record<string, string>>
  readonly mapping?: Readonly<Record<string, unknown>>
  readonly folder?: string
  readonly tickers?: readonly string[]
  readonly dataset?: Dataset
}

async function read({ files, mapping, folder = 'prices_daily', tickers = ['AAPL'], dataset }: Case) {
  const contents = Object.fromEntries(Object.entries(files).map(([path, name]) => [path, content(name)]))
  const mapped =
    mapping === undefined
      ? {}
      : { 'mapping.json': JSON.stringify({ spec: 1, folders: { [folder]: mapping } }) }
  return readDelivery({ ...contents, ...mapped }, dataset, subjectsOf(tickers))
}
const valuesOf = ({ records }: Awaited<ReturnType<typeof read>>) =>
  records.map(({ record, malformed }) => malformed ?? record)

describe('adjusted prices', () => {
  const LAST = { ticker_is: 'last', file_name_is: 'ticker' }

  it.each([
    ['flat-yahoo-AAPL.csv', LAST, 'it has a column "Adj Close"'],
    ['flat-yahoo-AAPL.csv', { file_name_is: 'ticker' }, 'it has a column "Adj Close"'],
    ['flat-fmp-AAPL.csv', LAST, 'it has a column "adjClose"'],
    ['flat-simfin.csv', { delimiter: ';' }, 'it has a column "Adj. Close"'],
    [
      'flat-yfinance-multi-header.csv',
      { ...LAST, header_rows: 3, columns: { date: 'Price' } },
      'several header rows',
    ],
    ['flat-stooq-aapl.us.txt', { profile: 'stooq' }, 'its prices are adjusted for splits and dividends'],
    ['yfinance-history-adjusted/prices_daily/AAPL.csv', LAST, '"Dividends" and "Stock Splits"'],
    ['wiki-events-in-rows/prices_daily/p.csv', { ticker_is: 'last' }, 'it has a column "adj_open"'],
  ])('of %s are refused under %j', async (name, mapping, reason) => {
    const ending = name.endsWith('.txt') ? 'aapl.us.txt' : 'AAPL.csv'
    const { records, reasons } = await read({ files: { [`prices_daily/${ending}`]: name }, mapping })
    expect(records).toEqual([])
    expect(reasons).toEqual([expect.stringContaining(reason)])
  })

  it.each([
    'flat-yahoo-AAPL.csv',
    'flat-fmp-AAPL.csv',
    'flat-stooq-aapl.us.txt',
    'flat-yfinance-multi-header.csv',
  ])('of %s are refused without a mapping', async (name) => {
    const { records, reasons } = await read({ files: { [`prices_daily/ticker=AAPL/${name}`]: name } })
    expect(records).toEqual([])
    expect(reasons).toEqual([expect.stringMatching(/^malformed: .* is refused: it has .* adjusted/)])
  })

  it('that the mapping calls raw are refused all the same where they do not move at a split', async () => {
    const { reasons } = await read({
      files: { 'prices_daily/AAPL.csv': 'flat-yahoo-AAPL.csv', 'splits/s.csv': 'flat-sharadar-actions.csv' },
      mapping: { ...LAST, adjusted: 'raw' },
    })
    // The file of splits is Sharadar's: without its mapping it has none to compare.
    expect(reasons).toEqual([])
    const split = 'source_id,ex_date,split_from,split_to\nx:1,2020-08-31,1,4\n'
    const { reasons: compared } = await readDelivery(
      {
        'prices_daily/AAPL.csv': content('flat-yahoo-AAPL.csv'),
        'splits/s.csv': split,
        'mapping.json': JSON.stringify({ spec: 1, folders: { prices_daily: { ...LAST, adjusted: 'raw' } } }),
      },
      'prices_daily',
      subjectsOf(['AAPL']),
    )
    expect(compared).toEqual([expect.stringContaining('x:1 2020-08-31, 4 for 1: 124.807503 to 129.039993')])
  })
})

describe('events', () => {
  it('of Sharadar in dividends/ and delistings/ are rejected where their kind is unknown there', async () => {
    const columns = { ex_date: 'date', kind: 'action', amount: 'value' }
    const dividends = await read({
      files: { 'dividends/a.csv': 'flat-sharadar-actions.csv' },
      folder: 'dividends',
      mapping: { columns },
      dataset: 'corporate_actions',
    })
    expect(valuesOf(dividends)).toEqual([
      expect.stringMatching(/^kind is "split", which is unknown here/),
      expect.objectContaining({ kind: 'cash_dividend', cash_amount: '0.82', ex_date: '2020-08-07' }),
      expect.stringMatching(/^kind is "acquisitionby", which is unknown here/),
      expect.stringMatching(/^kind is "tickerchangeto", which is unknown here/),
    ])
    const delistings = await read({
      files: { 'delistings/a.csv': 'flat-sharadar-actions.csv' },
      folder: 'delistings',
      mapping: { columns: { date: 'date', kind: 'action' } },
      dataset: 'corporate_actions',
    })
    expect(delistings.records.map(({ malformed }) => malformed)).toEqual(
      ['split', 'dividend', 'acquisitionby', 'tickerchangeto'].map((kind) =>
        expect.stringMatching(`^kind is "${kind}", which is unknown here`),
      ),
    )
  })

  it('of Alpha Vantage are in its rows: 0 and 1 mean none', async () => {
    const asked = {
      files: { 'prices_daily/p.csv': 'flat-alphavantage-inline-actions.csv' },
      mapping: { ticker_is: 'last', adjusted: 'raw' },
    }
    expect(valuesOf(await read({ ...asked, dataset: 'corporate_actions' }))).toMatchObject([
      { source_id: 'x:1', ex_date: '2020-08-31', kind: 'split', split_from: '1', split_to: '4' },
      { source_id: 'x:1', ex_date: '2020-08-07', kind: 'cash_dividend', cash_amount: '0.8200' },
    ])
    const prices = await read(asked)
    expect(prices.reasons).toEqual([])
    expect(prices.records.map(({ record }) => record['close'])).toEqual(['129.04', '499.23', '444.45'])
  })

  it('of WIKI/PRICES are in its rows, and its closes are raw', async () => {
    const asked = {
      files: { 'prices_daily/p.csv': 'wiki-events-in-rows/prices_daily/p.csv' },
      mapping: { profile: 'nasdaq-data-link-wiki' },
      tickers: ['NKE'],
    }
    const { records, reasons } = await read({ ...asked, dataset: 'corporate_actions' })
    expect(reasons).toEqual([])
    expect(records.map(({ record }) => record)).toMatchObject([
      { ex_date: '2018-05-09', kind: 'split', split_from: '1', split_to: '2' },
      { ex_date: '2018-06-01', kind: 'cash_dividend', cash_amount: '0.2' },
    ])
    const prices = await read(asked)
    expect(prices.reasons).toEqual([])
    expect(prices.records[0]?.record).toMatchObject({ date: '2018-03-01', close: '120.20' })
  })

  it('whose unused date is 0000-00-00 count', async () => {
    const { records } = await readFolder(folderOf('zero-date-in-an-unused-column'), 'corporate_actions')
    expect(records).toMatchObject([
      { record: { ex_date: '2018-05-09', cash_amount: '0.805', pay_date: null } },
    ])
    expect(records[0]?.malformed).toBeUndefined()
  })
})

describe('notations', () => {
  it('of classes find the securities of the universe', async () => {
    const { records } = await readFolder(
      folderOf('class-notations-in-files'),
      'prices_daily',
      subjectsOf(['MOG.A', 'LGF.B', 'HEI.A', 'BF.B', 'RDS.A']),
    )
    expect([...new Set(records.map(({ record }) => record['ticker']))]).toEqual([
      'MOG.A',
      'LGF.B',
      'HEI.A',
      'BF.B',
      'RDS.A',
    ])
  })

  it('of days and numbers are read', async () => {
    const days = await readFolder(folderOf('yfinance-day-with-offset'))
    expect(days.records.map(({ record }) => record['date'])).toEqual(['2021-01-04', '2021-07-06'])
    const named = await read({ files: { 'prices_daily/p.csv': 'flat-eoddata-month-name.csv' } })
    expect(named.records[0]?.record).toMatchObject({ ticker: 'AAPL', date: '2024-01-02', close: '185.64' })
    const mapping = { thousands: ',' }
    const grouped = await read({
      files: { 'prices_daily/p.csv': 'numbers-with-thousands/prices_daily/p.csv' },
      mapping,
    })
    expect(grouped.records[0]?.record).toMatchObject({ close: '1234.56', volume: '10520000' })
  })

  it('without a header are read by position, and refused with that advice otherwise', async () => {
    const kibot = { 'prices_daily/AAPL.csv': 'flat-kibot-no-header.csv' }
    expect((await read({ files: kibot })).reasons).toEqual([
      expect.stringMatching(/AAPL\.csv has no header row: .* Name its columns by position in mapping\.json/),
    ])
    const columns = { date: 1, open: 2, high: 3, low: 4, close: 5, volume: 6 }
    const mapping = { header_rows: 0, columns, date_format: 'MM/DD/YYYY', file_name_is: 'ticker' }
    expect(valuesOf(await read({ files: kibot, mapping }))[0]).toEqual({
      ticker: 'AAPL',
      date: '2005-01-03',
      open: '64.78',
      high: '65.11',
      low: '62.6',
      close: '63.29',
      volume: '24714048',
    })
    const lean = { 'prices_daily/aapl.csv': 'flat-lean-no-header.csv' }
    const { records } = await read({ files: lean, mapping: { profile: 'lean-daily' } })
    expect(records).toHaveLength(3)
    expect(records[0]?.record).toMatchObject({ date: '1998-01-02', close: '16.25', volume: '6315000' })
  })
})
