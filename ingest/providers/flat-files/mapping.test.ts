import { describe, expect, it } from 'vitest'
import { column, parquetOf, zipOf } from '../../testing/flat-files/formats.ts'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'

type Content = string | Buffer

async function read(
  folders: Record<string, unknown>,
  files: Readonly<Record<string, Content>>,
  dataset?: Parameters<typeof readDelivery>[1],
) {
  const { records, reasons } = await readDelivery(
    { ...files, 'mapping.json': JSON.stringify({ spec: 1, folders }) },
    dataset,
  )
  return reasons.length > 0
    ? reasons
    : records.map(({ record, malformed }) => (malformed === undefined ? record : malformed))
}
const prices = (mapping: Record<string, unknown>, text: Content, name = 'p.csv') =>
  read({ prices_daily: mapping }, { [`prices_daily/${name}`]: text })

describe('a mapping', () => {
  it('reads another layout: columns, delimiter, decimal comma, days, nulls, scale, footer', async () => {
    const text =
      'Symbol;Datum;Schluss;Umsatz\r\nbrk/b.us;31.01.2020;1.234.567,50;k.A.\r\n' +
      'aa.us;03.02.2020;0,5;12\r\nStand: 03.02.2020\r\n'
    const mapping = {
      columns: { ticker: 'Symbol', date: 'Datum', close: 'Schluss', volume: 'Umsatz' },
      delimiter: ';',
      decimal: ',',
      date_format: 'DD.MM.YYYY',
      nulls: ['k.A.'],
      scale: { volume: '1000', close: '0.01' },
      symbol_transform: { upper_case: true, strip_suffix: '.US', replace: { '/': '.' } },
      skip_footer: 1,
    }
    expect(await prices(mapping, text)).toEqual([
      { ticker: 'BRK.B', date: '2020-01-31', close: '12345.675', volume: null },
      { ticker: 'AA', date: '2020-02-03', close: '0.005', volume: '12000' },
    ])
  })

  it.each([
    ['YYYYMMDD', '20200131', '2020-01-31'],
    ['MM/DD/YYYY', '1/31/2020', '2020-01-31'],
    ['DD-MM-YYYY', '31-01-2020', '2020-01-31'],
    ['YYYYMMDD', '2020131', '2020131'],
    ['MM/DD/YYYY', '31/01/2020', '2020-31-01'], // No day of any calendar: a reject, not another day.
    ['DD.MM.YYYY', '31x01x2020', '31x01x2020'],
  ])('of days %s reads %s as %s', async (date_format, text, date) => {
    expect(await prices({ date_format }, `source_id,date,close\nx:1,${text},1\n`)).toEqual([
      { source_id: 'x:1', date, close: '1' },
    ])
  })

  it.each([
    ['epoch_ns', '1678680000000000000', '2023-03-13'],
    ['epoch_us', '1678680000000000', '2023-03-13'],
    ['epoch_ms', '1678679999999', '2023-03-12'],
    ['epoch_s', '1678679999', '2023-03-12'],
    ['epoch_s', '-1', '1969-12-31'],
    ['epoch_s', '1e9', '1e9'],
    [undefined, '2023-03-13T01:00:00Z', '2023-03-12'],
    [undefined, '2023-03-13 06:30:00+02:00', '2023-03-13'],
    [undefined, '2023-03-13', '2023-03-13'],
  ])('of moments %s in New York reads %s as %s', async (date_format, text, date) => {
    const mapping = { timezone: 'America/New_York', ...(date_format === undefined ? {} : { date_format }) }
    expect(await prices(mapping, `source_id,date,close\nx:1,${text},1\n`)).toEqual([
      { source_id: 'x:1', date, close: '1' },
    ])
  })

  it('holds for Parquet and for members of a zip', async () => {
    const parquet = parquetOf(
      [
        column({ name: 'T', type: 'BYTE_ARRAY' }, ['x:1']),
        column({ name: 'when', type: 'INT32' }, [20_200_131]),
        column({ name: 'c', type: 'DOUBLE' }, [1.5]),
      ],
      'ZSTD',
    )
    const mapping = { columns: { source_id: 'T', date: 'WHEN', close: 'c' }, date_format: 'YYYYMMDD' }
    const record = { source_id: 'x:1', date: '2020-01-31', close: '1.5' }
    expect(await prices(mapping, parquet, 'p.parquet')).toEqual([record])
    expect(await prices(mapping, await zipOf({ 'p.csv': 'T,when,c\nx:1,20200131,1.5\n' }), 'p.zip')).toEqual([
      record,
    ])
  })

  it('does not make a number of what is none', async () => {
    const text = 'source_id;date;close\nx:1;2020-01-31;1.5\nx:1;2020-02-03;1.50,5\nx:1;2020-02-04;n,n\n'
    const records = await prices({ delimiter: ';', decimal: ',', scale: { close: '0.01' } }, text)
    expect(records.map((record) => (record as { close: string }).close)).toEqual([
      '"1.5" with the decimal sign ","',
      '"1.50,5" with the decimal sign ","',
      'n.n',
    ])
  })

  it('names each fault in itself', async () => {
    const reasons = await read(
      { prices_daily: { columns: { closs: 'x' }, scale: { volume: '3' } }, quotes: {} },
      { 'prices_daily/p.csv': 'date\n' },
    )
    expect(reasons).toEqual([
      expect.stringMatching(
        /^malformed: mapping\.json cannot be used: folders\.prices_daily\.scale\.volume: must be a power of ten/,
      ),
    ])
    expect(
      await read(
        {
          prices_daily: {
            columns: { closs: 'x' },
            date_format: 'epoch_ms',
            profile: 'sharadar',
            adjusted: 'raw',
          },
          splits: { adjusted: 'split', profile: 'stooq' },
          securities: { ticker_is: 'last' },
          quotes: {},
        },
        { 'prices_daily/p.csv': 'date\n' },
      ),
    ).toEqual([
      'malformed: mapping.json cannot be used: ' +
        'folders.prices_daily.columns.closs: no such column; it has source_id, ticker, date, open, high, ' +
        'low, close, volume, currency, period, exchange, unit, session, dividend, split, capital_gain; ' +
        'folders.prices_daily.raw_close: it is for prices whose "adjusted" is "split" or "total"; ' +
        'folders.prices_daily.timezone: epoch_ms needs one, e.g. America/New_York; ' +
        'folders.splits.profile: "stooq" is for prices_daily/; ' +
        'folders.splits.columns.date: no such column; it has source_id, ticker, ex_date, ' +
        'split_from, split_to, kind; ' +
        'folders.splits.columns.open: no such column; it has source_id, ticker, ex_date, ' +
        'split_from, split_to, kind; ' +
        'folders.splits.columns.high: no such column; it has source_id, ticker, ex_date, ' +
        'split_from, split_to, kind; ' +
        'folders.splits.columns.low: no such column; it has source_id, ticker, ex_date, split_from, ' +
        'split_to, kind; ' +
        'folders.splits.columns.close: no such column; it has source_id, ticker, ex_date, ' +
        'split_from, split_to, kind; ' +
        'folders.splits.columns.volume: no such column; it has source_id, ticker, ex_date, ' +
        'split_from, split_to, kind; ' +
        'folders.splits: only prices are adjusted or raw; ' +
        'folders.securities.ticker_is: its records have a source_id; ' +
        'folders.quotes: a delivery has no such folder. See docs/flat-files.md.',
    ])
    expect(await prices({ colums: {} }, 'date\n')).toEqual([
      expect.stringMatching(/folders\.prices_daily: Unrecognized key: "colums"/),
    ])
    expect(await prices({ timezone: 'Mars/Base' }, 'date\n')).toEqual([
      expect.stringMatching(/timezone: is not a time zone/),
    ])
    expect(await prices({ columns: { close: 'Last' } }, 'source_id,date,close\n')).toEqual([
      'malformed: prices_daily/p.csv has no column Last, which mapping.json names as its close; its ' +
        'columns are source_id, date, close.',
    ])
    expect((await readDelivery({ 'prices_daily/p.csv': 'x', 'mapping.json': '{' })).reasons).toEqual([
      expect.stringMatching(/^malformed: mapping\.json is not JSON: /),
    ])
  })
})

describe('prices that are adjusted', () => {
  it.each([
    ['split', 'splits'],
    ['total', 'splits and dividends'],
  ])('for %s are refused, not loaded as traded', async (adjusted, what) => {
    expect(await prices({ adjusted }, 'source_id,date,close\nx:1,2020-01-31,1\n')).toEqual([
      `malformed: prices_daily/p.csv is refused: its prices are adjusted for ${what}, by ` +
        'mapping.json, and the traded prices cannot be derived. ' +
        'Deliver unadjusted prices, or name raw_close where a column has the closes as traded.' +
        (what === 'splits' ? ' With a complete list of splits, "unadjust" rebuilds them.' : ''),
    ])
  })

  it('give the close as traded from its column, the other prices on unadjusted days', async () => {
    const text =
      'source_id,date,open,close,volume,asTraded\nx:1,2020-01-31,1,2,3,4\nx:1,2020-02-03,1,2.0,3,2\n' +
      'x:1,2020-02-04,1,2,3,\n'
    expect(await prices({ adjusted: 'split', raw_close: 'asTraded' }, text)).toEqual([
      { source_id: 'x:1', date: '2020-01-31', open: null, close: '4', volume: null },
      { source_id: 'x:1', date: '2020-02-03', open: '1', close: '2', volume: '3' },
      { source_id: 'x:1', date: '2020-02-04', open: null, close: null, volume: null },
    ])
  })

  it('are recognised by their headers where no mapping describes them', async () => {
    const { reasons } = await readDelivery({ 'prices_daily/p.csv': 'ticker,date,close,closeunadj\n' })
    expect(reasons).toEqual([
      expect.stringMatching(
        /p\.csv is refused: it has a column closeunadj, so its other prices are adjusted for splits\. Give prices_daily the profile sharadar/,
      ),
    ])
    const yahoo = {
      'prices_daily/ticker=A/p.csv': 'Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-31,1,1,1,1,1,1\n',
    }
    expect((await readDelivery(yahoo)).reasons).toEqual([expect.stringMatching(/has a column "Adj Close"/)])
    expect(await read({ prices_daily: { adjusted: 'raw' } }, yahoo)).toHaveLength(1)
  })
})

describe('a ticker that is the last one', () => {
  it('names its security over its whole history, and none if several had it', async () => {
    const text = 'ticker,date,close\nONE,1999-01-04,1\nNONE,1999-01-04,1\nTWICE,1999-01-04,1\n'
    expect(await prices({ ticker_is: 'last' }, text)).toEqual([
      { source_id: 'x:1', ticker: 'ONE', date: '1999-01-04', close: '1' },
      { source_id: 'nobody: NONE', ticker: null, date: '1999-01-04', close: '1' },
      'several securities of the universe held the ticker "TWICE" last; state source_id instead',
    ])
  })

  it('may be the name of the file', async () => {
    expect(
      await prices({ ticker_is: 'last', file_name_is: 'ticker' }, 'date,close\n2020-01-31,1\n', 'ONE.csv'),
    ).toEqual([{ ticker: 'ONE', source_id: 'x:1', date: '2020-01-31', close: '1' }])
    const zip = await zipOf({ 'data/ONE.csv': 'date,close\n2020-01-31,1\n' })
    expect(await prices({ file_name_is: 'ticker' }, zip, 'all.zip')).toEqual([
      { ticker: 'ONE', date: '2020-01-31', close: '1' },
    ])
  })
})

it('a partition folder that means null, or is not encoded, is read as it is', async () => {
  const files = {
    'prices_daily/ticker=100%/p.csv': 'date,close\n2020-01-31,1\n',
    'prices_daily/ticker=__HIVE_DEFAULT_PARTITION__/p.csv': 'date,close\n2020-01-31,2\n',
  }
  expect((await readDelivery(files)).records.map(({ record }) => record['ticker'])).toEqual(['100%', null])
})
