import { describe, expect, it } from 'vitest'
import { gzipOf } from '../../testing/flat-files/formats.ts'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'
import type { PROFILES } from './profiles.ts'

const read = async (profile: keyof typeof PROFILES, files: Readonly<Record<string, string | Buffer>>) =>
  readDelivery({
    ...files,
    'mapping.json': JSON.stringify({ spec: 1, folders: { prices_daily: { profile } } }),
  })

// Invented rows below the headers that the vendors document.
describe('the profile', () => {
  it('massive-day-aggs takes the day of New York on which a window starts, all year', async () => {
    const text =
      'ticker,volume,open,close,high,low,window_start,transactions\n' +
      'ONE,1200.5,10,11.25,12,9,1678680000000000000,62\nTWO,1,2,2,2,2,1675227600000000000,1\n'
    const { records, reasons, files } = await read('massive-day-aggs', {
      'prices_daily/2023/03/2023-03-13.csv.gz': gzipOf(text),
    })
    expect(reasons).toEqual([])
    expect(files).toEqual(['prices_daily/2023/03/2023-03-13.csv.gz'])
    expect(records.map(({ record }) => record)).toEqual([
      {
        ticker: 'ONE',
        date: '2023-03-13',
        open: '10',
        high: '12',
        low: '9',
        close: '11.25',
        volume: '1200.5',
      },
      { ticker: 'TWO', date: '2023-02-01', open: '2', high: '2', low: '2', close: '2', volume: '1' },
    ])
  })

  it('sharadar takes closes as traded, and the rest of a day before a split for not known', async () => {
    const text =
      'ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n' +
      'ONE,2020-09-01,10,12,9,11,500,10.9,11,2026-01-01\nONE,2020-08-28,10,12,9,11,500,10.9,44,2026-01-01\n'
    const { records } = await read('sharadar', { 'prices_daily/stocks.csv': text })
    expect(records.map(({ record }) => record)).toEqual([
      {
        source_id: 'x:1',
        ticker: 'ONE',
        date: '2020-09-01',
        open: '10',
        high: '12',
        low: '9',
        close: '11',
        volume: '500',
      },
      {
        source_id: 'x:1',
        ticker: 'ONE',
        date: '2020-08-28',
        open: null,
        high: null,
        low: null,
        close: '44',
        volume: null,
      },
    ])
  })

  it.each([
    [
      'stooq',
      'one.us.csv',
      '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>',
      'splits and dividends',
    ],
    ['yahoo-csv', 'ONE.csv', 'Date,Open,High,Low,Close,Adj Close,Volume', 'splits'],
  ] as const)('%s refuses its files by their reason', async (profile, name, header, what) => {
    expect((await read(profile, { [`prices_daily/${name}`]: `${header}\n` })).reasons).toEqual([
      `malformed: prices_daily/${name} is refused: its prices are adjusted for ${what}, by its ` +
        `profile ${profile}, and the traded prices cannot be derived. ` +
        'Deliver unadjusted prices, or name raw_close where a column has the closes as traded.' +
        (what === 'splits' ? ' With a complete list of splits, "unadjust" rebuilds them.' : ''),
    ])
  })

  it('may be corrected by the mapping beside it', async () => {
    const folders = { prices_daily: { profile: 'stooq', adjusted: 'raw', columns: { volume: 'Shares' } } }
    const text = '<TICKER>,<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,Shares\nONE.US,20200131,1,2,1,2,7\n'
    const { records } = await readDelivery({
      'prices_daily/p.csv': text,
      'mapping.json': JSON.stringify({ spec: 1, folders }),
    })
    expect(records[0]?.record).toMatchObject({
      source_id: 'x:1',
      date: '2020-01-31',
      close: '2',
      volume: '7',
    })
  })
})
