import { describe, expect, it } from 'vitest'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'

const RAW = JSON.stringify({ spec: 1, folders: { prices_daily: { adjusted: 'raw' } } })
const eventsOf = async (files: Readonly<Record<string, string>>) => {
  const { records, reasons } = await readDelivery({ 'mapping.json': RAW, ...files }, 'corporate_actions')
  expect(reasons).toEqual([])
  return records.map(({ record, malformed }) => {
    const { kind, ex_date, cash_amount, split_from, split_to } = record
    return malformed ?? [ex_date, kind, cash_amount ?? `${split_from}:${split_to}`].join(' ')
  })
}

describe('events in rows of prices', () => {
  it.each([
    [
      'divCash,splitFactor',
      '0.0,1.0;0.24,1.0;0,7',
      ['2020-01-03 cash_dividend 0.24', '2020-01-06 split 1:7'],
    ],
    [
      'Dividends,Stock Splits',
      '0,0;0.1,0;0,0.125',
      ['2020-01-03 cash_dividend 0.1', '2020-01-06 split 1:0.125'],
    ],
    [
      'ex-dividend,split_ratio',
      '0.0,1.0;1.5,1.0;0.0,3.0',
      ['2020-01-03 cash_dividend 1.5', '2020-01-06 split 1:3'],
    ],
    ['dividend,split', ',;2,;,4:1', ['2020-01-03 cash_dividend 2', '2020-01-06 split 1:4']],
    ['Cash Dividend,Split Factor', '0,1;0,1;0,3/2', ['2020-01-06 split 2:3']],
    ['Capital Gains,Stock Splits', '0,0;0.75,0;0,0', ['2020-01-03 cash_dividend 0.75']],
  ])('are read from the columns %s', async (columns, values, events) => {
    const rows = values.split(';').map((value, at) => `ONE,2020-01-0${[2, 3, 6][at]},10,${value}`)
    const text = `ticker,date,close,${columns}\n${rows.join('\n')}\n`
    expect(await eventsOf({ 'prices_daily/p.csv': text })).toEqual(events)
  })

  it('count once with the same event of splits/ or dividends/, and with an equal row elsewhere', async () => {
    const rows =
      'source_id,date,close,dividend,split\nx:1,2020-01-03,10,0.5,1\nx:1,2020-01-06,5,0,2\n' +
      'x:2,2020-01-06,9,0.1,1\n'
    const events = await eventsOf({
      'prices_daily/p.csv': rows,
      'prices_daily/p (1).csv': rows,
      'dividends/d.csv': 'ticker,ex_date,amount,currency\nONE,2020-01-03,0.50,USD\n',
      'splits/s.csv': 'source_id,ex_date,split_from,split_to\nx:1,2020-01-06,1,2\n',
    })
    expect(events).toEqual([
      '2020-01-03 cash_dividend 0.50',
      '2020-01-06 split 1:2',
      '2020-01-06 cash_dividend 0.1',
    ])
  })

  it('that contradict each other are rejected', async () => {
    const text = 'source_id,date,close,dividend\nx:1,2020-01-03,10,0.5\nx:1,2020-01-03,10,0.6\n'
    expect(await eventsOf({ 'prices_daily/p.csv': text })).toEqual([
      '2020-01-03 cash_dividend 0.5',
      'another row states 0.5 for the same event, this one 0.6',
    ])
  })
})

describe('the kind of an event', () => {
  it.each([
    ['dividends', 'SC', 'special_dividend'],
    ['dividends', 'Special Cash', 'special_dividend'],
    ['dividends', 'Ordinary', 'cash_dividend'],
    ['dividends', 'LT', 'cash_dividend'],
    ['dividends', 'spin-off', 'spin_off'],
    ['splits', 'Reverse Split', 'split'],
    ['splits', 'SD', 'stock_dividend'],
    ['delistings', 'Stock and cash merger', 'merger'],
    ['delistings', 'Bankruptcy', 'delisting'],
    ['delistings', 'name_change', 'name_change'],
  ] as const)('of %s/ is understood: %s is %s', async (folder, stated, kind) => {
    expect(await kindsOf(folder, stated)).toEqual([kind])
  })

  it.each([
    ['dividends', 'split'],
    ['dividends', 'stock dividend'],
    ['dividends', 'rights issue'],
    ['splits', 'dividend'],
    ['splits', 'listed'],
    ['delistings', 'tickerchangefrom'],
    ['delistings', 'listed'],
    ['delistings', 'mergerfrom'],
  ] as const)('of %s/ is rejected by name where it is unknown: %s', async (folder, stated) => {
    expect(await kindsOf(folder, stated)).toEqual([
      expect.stringMatching(`^kind is "${stated}", which is unknown here; the kinds are `),
    ])
  })
})

async function kindsOf(folder: 'dividends' | 'splits' | 'delistings', kind: string) {
  const text = {
    dividends: `source_id,ex_date,amount,kind\nx:1,2020-01-03,4,${kind}\n`,
    splits: `source_id,ex_date,split_from,split_to,kind\nx:1,2020-01-03,1,4,${kind}\n`,
    delistings: `source_id,date,kind\nx:1,2020-01-03,${kind}\n`,
  }
  const { records } = await readDelivery({ [`${folder}/e.csv`]: text[folder] }, 'corporate_actions')
  return records.map(({ record, malformed }) => malformed ?? record['kind'])
}

describe('words of a closed vocabulary', () => {
  const HEADER = 'source_id,ticker,exchange_mic,type,currency\n'
  it.each([
    ['x:1,ONE,XNYS,stock,USD', undefined],
    ['x:1,ONE,ARCX,Common Stock,cad', undefined],
    ['x:1,ONE,,,', undefined],
    ['x:1,ONE,NYSE,stock,USD', 'exchange_mic is "NYSE", not a known ISO 10383 code (write XNYS)'],
    ['x:1,ONE,XXXX,stock,USD', 'exchange_mic is "XXXX", not a known ISO 10383 code'],
    [
      'x:1,ONE,XNYS,stonk,USD',
      'type is "stonk", an unknown type of security; docs/flat-files.md lists the known ones',
    ],
    ['x:1,ONE,XNYS,stock,GBX', 'currency is "GBX", not a known ISO 4217 code'],
    ['x:1,ONE,XNYS,stock,dollars', 'currency is "dollars", not a known ISO 4217 code'],
  ])('is checked by name: %s', async (line, fault) => {
    const { records } = await readDelivery({ 'securities/s.csv': `${HEADER}${line}\n` }, 'securities')
    expect(records[0]?.malformed).toBe(fault)
  })
})
