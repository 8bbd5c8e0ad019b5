import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeDelivery } from '../../testing/flat-files/delivery.ts'
import { zipOf } from '../../testing/flat-files/formats.ts'
import { readFolder, subjectsOf } from '../../testing/flat-files/read-delivery.ts'
import { adopt } from './adopt.ts'

type Files = Readonly<Record<string, string | Buffer>>

/** Adopts files, and reads the prices of the delivery for a security with the ticker of its universe. */
async function adopted(files: Files, adjusted?: 'raw' | 'split') {
  const root = await writeDelivery(files)
  const page = await adopt(root, { adjusted })
  const into = `${root}-delivery`
  const universe = await readFile(join(into, 'universe.csv'), 'utf8')
  const [, line = ''] = universe.split('\n')
  const { records, reasons } = await readFolder(into, 'prices_daily', subjectsOf([line.split(',')[1] ?? '']))
  expect(reasons).toEqual([])
  const bars = records.map(
    ({ record, malformed }) => malformed ?? `${record['source_id']} ${record['date']} ${record['close']}`,
  )
  return { page, into, universe, bars }
}

describe('adopt makes a delivery of', () => {
  it.each([
    [
      'Tiingo',
      {
        'KO.csv':
          'date,close,high,low,open,volume,adjClose,divCash,splitFactor\n' +
          '2020-02-03,58.5,59,58,58.2,100,55.1,0.0,1.0\n',
      },
    ],
    [
      'Alpha Vantage',
      {
        'KO.csv':
          'timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n' +
          '2020-02-03,58.2,59,58,58.5,55.1,100,0.0,1.0\n',
      },
    ],
    [
      'Nasdaq Data Link WIKI',
      {
        'wiki.csv':
          'ticker,date,open,high,low,close,volume,ex-dividend,split_ratio,adj_close\n' +
          'KO,2020-02-03,58.2,59,58,58.5,100,0.0,1.0,55.1\n',
      },
    ],
    [
      'Sharadar',
      {
        'sep.csv':
          'ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n' +
          'KO,2020-02-03,29.1,29.5,29,29.25,200,27,58.5,2026-01-02\n',
      },
    ],
    [
      'Norgate',
      {
        'KO.csv':
          'Date,Open,High,Low,Close,Volume,Turnover,Unadjusted ' +
          'Close\n2020-02-03,29.1,29.5,29,29.25,200,9,58.5\n',
      },
    ],
    [
      'Massive',
      {
        '2020-02-03.csv':
          'ticker,volume,open,close,high,low,window_start,transactions\n' +
          'KO,100,58.2,58.5,59,58,1580706000000000000,7\n',
      },
    ],
    [
      'CRSP',
      {
        'dsf.csv':
          'PERMNO,date,PRC,VOL,BIDLO,ASKHI,OPENPRC\n11308,2020-02-03,58.5,100,58,59,58.2\n' +
          '11308,2020-02-04,-58.4,0,58,59,\n',
      },
    ],
    [
      'Databento',
      {
        'xnas.csv':
          'ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n' +
          '2020-02-03T00:00:00.000000000Z,35,2,1,58.2,59,58,58.5,100,KO\n',
      },
    ],
    ['LEAN', { 'ko.csv': '20200203 00:00,582000,590000,580000,585000,100\n' }],
  ] as const)('%s', async (vendor, files) => {
    const { page, bars } = await adopted(files)
    expect(page).toContain(`of ${vendor}`)
    expect(bars).toHaveLength(1)
    expect(bars[0]).toMatch(/ 2020-02-03 58\.5$/)
  })

  it.each([
    ['Kibot', { 'KO.txt': '02/03/2020,58.2,59,58,58.5,100\n' }],
    ['FirstRate', { 'KO.txt': '2020-02-03 00:00:00,58.2,59,58,58.5,100\n' }],
    [
      'EODHD',
      { 'KO.US.csv': 'Date,Open,High,Low,Close,Adjusted_close,Volume\n2020-02-03,58.2,59,58,58.5,55,100\n' },
    ],
    [
      'Nasdaq.com',
      { 'KO.csv': 'Date,Close/Last,Volume,Open,High,Low\n02/03/2020,$58.5,100,$58.2,$59.00,$58.00\n' },
    ],
    [
      'Investing.com',
      {
        'KO.csv':
          '"Date","Price","Open","High","Low","Vol.","Change ' +
          '%"\n"02/03/2020","58.5","58.2","59","58","10.5M","1%"\n',
      },
    ],
    [
      'a table of many tickers',
      { 'all.csv': 'Symbol,Date,Open,High,Low,Close,Volume\nKO,03-Feb-2020,58.2,59,58,58.5,100\n' },
    ],
    ['one table a ticker', { 'KO.csv': 'date;open;close\n2020-02-03;58.2;58.5\n' }],
  ] as const)('%s only where a person states that its prices are as traded', async (vendor, files) => {
    const root = await writeDelivery(files)
    await expect(adopt(root)).rejects.toThrow(
      new RegExp(`of ${vendor}[\\s\\S]*nothing here shows that these are[\\s\\S]*--adjusted raw`),
    )
    await expect(adopt(root, { adjusted: 'split' })).rejects.toThrow(/Refused: these prices are adjusted/)
    const { bars } = await adopted(files, 'raw')
    expect(bars).toEqual(['x:1 2020-02-03 58.5'])
  })

  it('a zip with a file a ticker, under a permanent id for each', async () => {
    const header = 'date,close,adjClose,divCash,splitFactor\n'
    const zip = await zipOf({
      'a/KO.csv': `${header}2020-02-03,1,1,0,1\n`,
      'a/PEP.csv': `${header}2019-05-03,2,2,0,1\n`,
    })
    const { page, universe, into } = await adopted({ 'all.zip': zip })
    expect(universe).toBe('source_id,ticker\nticker:KO@2020-02-03,KO\nticker:PEP@2019-05-03,PEP\n')
    expect(await readFile(join(into, 'ticker_history/ticker_history.csv'), 'utf8')).toContain(
      'ticker:PEP@2019-05-03,PEP,2019-05-03,,,the first bar of the files\n',
    )
    expect(page).toContain('1 have no bar near 2020-02-03: delisted, or renamed? PEP (2019-05-03)')
  })
})

describe('adopt refuses, and writes nothing,', () => {
  const YAHOO = 'Date,Open,High,Low,Close,Adj Close,Volume\n2020-08-28,1,2,1,1.5,1.4,9\n'
  it.each([
    ['Yahoo', Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`T${at}.csv`, YAHOO]))],
    [
      'yfinance Ticker.history',
      { 'A.csv': 'Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2020-08-28,1,2,1,1.5,9,0,0\n' },
    ],
    [
      'yfinance download',
      { 'A.csv': 'Price,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A\nDate,,,,,\n2020-08-28,1,1,1,1,1\n' },
    ],
    [
      'Stooq',
      {
        'a.us.txt':
          '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n' +
          'A.US,D,20200828,000000,1,2,1,1.5,9,0\n',
      },
    ],
    [
      'FMP',
      {
        'A.csv': 'date,open,high,low,close,adjClose,volume,unadjustedVolume\n2020-08-28,1,2,1,1.5,1.4,9,9\n',
      },
    ],
    ['SimFin', { 'us.csv': 'Ticker;SimFinId;Date;Open;Close;Adj. Close\nA;1;2020-08-28;1;1.5;1.4\n' }],
  ] as const)('adjusted prices of %s', async (vendor, files) => {
    const root = await writeDelivery(files as Files)
    await expect(adopt(root)).rejects.toThrow(
      new RegExp(`of ${vendor.replace('.', '\\.')}[\\s\\S]*Refused: these prices are adjusted`),
    )
    await expect(readFile(join(`${root}-delivery`, 'mapping.json'))).rejects.toThrow(/ENOENT/)
  })

  it.each([
    [
      'a form that is not known',
      { 'notes.csv': 'a,b\n1,2\n' },
      /the form of 1 file is not known: notes\.csv \(a,b\)/,
    ],
    [
      'two forms',
      { 'A.csv': YAHOO, 'b.csv': 'ticker,date,close\nB,2020-02-03,1\n' },
      /tables of 2 forms[\s\S]*Yahoo: A\.csv/,
    ],
    [
      'a delivery',
      { 'prices_daily/p.csv': 'x' },
      /is a delivery already\. Look at it with: npm run ingest -- check/,
    ],
    ['a folder without prices', { 'README.md': 'x' }, /has no file of prices/],
  ])('%s', async (_, files, reason) => {
    await expect(adopt(await writeDelivery(files))).rejects.toThrow(reason)
  })
})
