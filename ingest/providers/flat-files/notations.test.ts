import { describe, expect, it } from 'vitest'
import { parquetOfCsv, zipOf } from '../../testing/flat-files/formats.ts'
import { readDelivery, subjectsOf } from '../../testing/flat-files/read-delivery.ts'

const read = async (
  files: Readonly<Record<string, string | Buffer>>,
  mapping: Readonly<Record<string, unknown>> = {},
  tickers: readonly string[] = ['ONE'],
) => {
  const { records, reasons } = await readDelivery(
    { ...files, 'mapping.json': JSON.stringify({ spec: 1, folders: { prices_daily: mapping } }) },
    'prices_daily',
    subjectsOf(tickers),
  )
  return reasons.length > 0 ? reasons : records.map(({ record, malformed }) => malformed ?? record)
}

describe('a day', () => {
  it.each([
    [undefined, '03-Feb-2020', '2020-02-03'],
    [undefined, 'Feb 3, 2020', '2020-02-03'],
    [undefined, '3 September 2020', '2020-09-03'],
    [undefined, 'Sept. 3, 2020', '2020-09-03'],
    [undefined, '03-Fab-2020', '03-Fab-2020'],
    [undefined, '2020-02-03 00:00:00-05:00', '2020-02-03'],
    [undefined, '2020-07-03T00:00:00-04:00', '2020-07-03'],
    [undefined, '2020-07-03T04:00:00+00:00', '2020-07-03'],
    [undefined, '2020-07-03T00:00:00Z', '2020-07-03'],
    [undefined, '2020-07-03T20:00:00-04:00', '2020-07-04'], // Midnight UTC.
    [undefined, '2020-07-03T16:00:00-04:00', '2020-07-03T16:00:00-04:00'],
    ['MMM DD, YYYY', 'Feb 03, 2020', '2020-02-03'],
    ['DD-MMM-YYYY', '03-FEB-2020', '2020-02-03'],
    ['MMMM DD, YYYY', 'February 3, 2020', '2020-02-03'],
    ['YYYYMMDD HH:mm', '20200203 00:00', '2020-02-03'],
    ['DD/MM/YYYY HH:mm:ss', '03/02/2020 16:00:00', '2020-02-03'],
    ['DD-MMM-YYYY', '03-02-2020', '03-02-2020'],
  ])('in the form %s: %s is %s', async (date_format, text, date) => {
    const mapping = date_format === undefined ? {} : { date_format }
    const file = `source_id|date|close\nx:1|${text}|1\n`
    expect(await read({ 'prices_daily/p.csv': file }, { ...mapping, delimiter: '|' })).toMatchObject([
      { date },
    ])
  })
})

describe('a number', () => {
  it.each([
    [{ currency_sign: '$' }, '$187.15', '187.15'],
    [{ currency_sign: '$' }, '187.15', '187.15'],
    [{ thousands: ',' }, '1,234,567.5', '1234567.5'],
    [{ thousands: ',' }, '1,23,4.5', '"1,23,4.5" with the decimal sign "."'],
    [{ thousands: ',', currency_sign: '$' }, '$1,234.50', '1234.50'],
    [{ thousands: "'" }, "9'876.5", '9876.5'],
    [{ thousands: ' ', decimal: ',' }, '9 876,5', '9876.5'],
    [{ unit_suffixes: true }, '10.52M', '10520000'],
    [{ unit_suffixes: true }, '1.1B', '1100000000'],
    [{ unit_suffixes: true }, '750K', '750000'],
    [{ unit_suffixes: true }, '750', '750'],
    [{}, '1,234.50', '1,234.50'],
    [{}, '$5', '$5'],
  ])('under %j: %s is %s', async (mapping, text, close) => {
    const file = `source_id|date|close\nx:1|2020-02-03|${text}\n`
    expect(await read({ 'prices_daily/p.csv': file }, { ...mapping, delimiter: '|' })).toMatchObject([
      { close },
    ])
  })

  it('of Nasdaq.com and of Investing.com is read where a mapping describes it', async () => {
    const nasdaq =
      'Date,Close/Last,Volume,Open,High,Low\n01/03/2024,$184.25,58414460,$184.22,$185.88,$183.43\n'
    const common = { date_format: 'MM/DD/YYYY', file_name_is: 'ticker' }
    expect(
      await read(
        { 'prices_daily/ONE.csv': nasdaq },
        { ...common, columns: { close: 'Close/Last' }, currency_sign: '$' },
      ),
    ).toMatchObject([{ ticker: 'ONE', date: '2024-01-03', close: '184.25', volume: '58414460' }])
    const investing =
      '"Date","Price","Open","High","Low","Vol.","Change ' +
      '%"\n"01/03/2024","1,184.25","1,184.22","1,185.88","1,183.43","58.41M","-0.75%"\n'
    const columns = { close: 'Price', volume: 'Vol.' }
    expect(
      await read(
        { 'prices_daily/ONE.csv': investing },
        { ...common, columns, thousands: ',', unit_suffixes: true },
      ),
    ).toMatchObject([{ date: '2024-01-03', close: '1184.25', volume: '58410000' }])
  })

  it('below zero is a day without a trade under the profile crsp-dsf, and an error elsewhere', async () => {
    const text =
      'PERMNO,date,PRC,VOL,BIDLO,ASKHI,OPENPRC\nx:1,2020-02-03,12.5,100,12,13,12.25\n' +
      'x:1,2020-02-04,-12.375,0,12.25,12.5,\n' +
      'x:1,2020-02-05,0,-99,,,\n'
    expect(await read({ 'prices_daily/dsf.csv': text }, { profile: 'crsp-dsf' })).toEqual([
      {
        source_id: 'x:1',
        date: '2020-02-03',
        open: '12.25',
        high: '13',
        low: '12',
        close: '12.5',
        volume: '100',
      },
    ])
  })
})

describe('a table', () => {
  const BARS = 'ticker,date,close\nONE,2020-02-03,1.5\nONE,2020-02-04,1.25\n'

  it('may be .txt, .tsv, or Parquet inside a zip', async () => {
    const bars = [
      { ticker: 'ONE', date: '2020-02-03' },
      { ticker: 'ONE', date: '2020-02-04' },
    ]
    expect(await read({ 'prices_daily/p.txt': BARS })).toMatchObject(bars)
    expect(
      await read({ 'prices_daily/p.tsv': BARS.replaceAll(',', '\t') }, { delimiter: '\t' }),
    ).toMatchObject(bars)
    const zip = await zipOf({ 'a/p.parquet': parquetOfCsv(BARS), 'b/q.txt': BARS })
    expect(await read({ 'prices_daily/all.zip': zip })).toMatchObject([...bars, ...bars])
    const damaged = await zipOf({ 'p.parquet': parquetOfCsv(BARS).subarray(0, -9) })
    expect(await read({ 'prices_daily/all.zip': damaged })).toEqual([
      expect.stringMatching(/^truncated: prices_daily\/all\.zip\/p\.parquet begins as Parquet/),
    ])
  })

  it('may have several header rows, or none', async () => {
    const several = 'Price,Close\nTicker,ONE\nDate,\n2020-02-03,1.5\n'
    const mapping = { header_rows: 3, columns: { date: 'Price' }, file_name_is: 'ticker', adjusted: 'raw' }
    expect(await read({ 'prices_daily/ONE.csv': several }, mapping)).toEqual([
      { ticker: 'ONE', date: '2020-02-03', close: '1.5' },
    ])
    const none = { header_rows: 0, columns: { ticker: 1, date: 2, close: 4 } }
    expect(await read({ 'prices_daily/p.csv': 'ONE,2020-02-03,9,1.5\n' }, none)).toEqual([
      { ticker: 'ONE', date: '2020-02-03', close: '1.5' },
    ])
    expect(await read({ 'prices_daily/p.csv': 'ONE,2020-02-03,9,1.5\n' })).toEqual([
      expect.stringMatching(/has no header row: its first row is ONE,2020-02-03,9,1\.5\. Name its columns/),
    ])
    expect(await read({ 'prices_daily/p.csv': BARS }, { columns: { close: 9 } })).toEqual([
      expect.stringMatching(/has no column 9, which mapping\.json names as its close/),
    ])
  })

  it('may be in a folder whose path holds signs', async () => {
    const { records } = await readDelivery({ 'prices_daily/a #1 (copy)/100%/p.csv': BARS })
    expect(records).toHaveLength(2)
  })
})

describe('a day of zeros in a column that enters no number', () => {
  it.each([
    ['dividends/d.csv', 'source_id,ex_date,amount,pay_date', 'x:1,2020-02-03,0.2,0000-00-00', 'pay_date'],
    [
      'dividends/d.csv',
      'source_id,ex_date,amount,record_date,pay_date',
      'x:1,2020-02-03,0.2,0000-00-00 00:00:00,2020-02-10',
      'record_date',
    ],
    [
      'dividends/d.csv',
      'source_id,ex_date,amount,declared_date',
      'x:1,2020-02-03,0.2,00/00/0000',
      'declared_date',
    ],
    [
      'splits/s.csv',
      'source_id,ex_date,split_from,split_to,pay_date',
      'x:1,2020-02-03,1,2,0000-00-00',
      'pay_date',
    ],
  ])('leaves the event of %s, with %s: %s', async (file, header, row, field) => {
    const { records, reasons } = await readDelivery({ [file]: `${header}\n${row}\n` }, 'corporate_actions')
    expect(reasons).toEqual([])
    expect(records).toHaveLength(1)
    expect(records[0]?.malformed).toBeUndefined()
    expect(records[0]?.record).toMatchObject({ source_id: 'x:1', ex_date: '2020-02-03' })
    expect(records[0]?.record[field] ?? null).toBeNull()
  })
})

describe('a ticker', () => {
  it.each([
    ['BRK-B', 'BRK.B'],
    ['brk/b', 'BRK.B'],
    ['BRK B', 'BRK.B'],
    ['BRK_B', 'BRK.B'],
    ['BRK.B', 'BRK.B'],
    ['GEF-B', 'GEF-B'],
    ['Two', 'TWO'],
    ['TWO.A', 'TWO.A'], // Two securities of the universe fit.
  ])('in another notation is that of the universe: %s is %s', async (written, ticker) => {
    const text = `ticker,date,close\n${written},2020-02-03,1\n`
    const universe = ['BRK.B', 'GEF-B', 'TWO', 'TWO-A', 'TWO/A']
    expect(await read({ 'prices_daily/p.csv': text }, {}, universe)).toMatchObject([{ ticker }])
  })
})
