import { expect, test } from 'vitest'
import { collecting, recordedJson, recording } from '../../testing/providers/recordings.ts'
import { parseActions, translateAction } from './actions.ts'
import { parseBars } from './bars.ts'
import { ACTION_FIELDS } from './fields.ts'

for (const name of ['historical_stock_data_0', 'historical_stock_data_2', 'historical_stock_data_3']) {
  test(`${name}: every bar is read, digit by digit`, () => {
    const file = `alpaca/${name}.json`
    const { watch, unknown } = collecting('alpaca')
    const page = JSON.parse(recording(file)) as {
      bars: Record<string, Record<string, unknown>[]>
      next_page_token: string | null
    }
    const { records, next_page_token } = parseBars(recordedJson(file), watch)
    expect(unknown).toEqual([])
    expect(next_page_token ?? null).toBe(page.next_page_token)
    expect(records.map(({ record }) => record)).toEqual(
      Object.entries(page.bars).flatMap(([ticker, bars]) =>
        bars.map((bar) => ({
          ticker,
          date: String(bar['t']).slice(0, 10),
          open: String(bar['o']),
          high: String(bar['h']),
          low: String(bar['l']),
          close: String(bar['c']),
          volume: String(bar['v']),
        })),
      ),
    )
  })
}

const FILE = 'alpaca/corporate_actions_0.json'
const lists = () =>
  (JSON.parse(recording(FILE)) as { corporate_actions: Record<string, Record<string, unknown>[]> })
    .corporate_actions

test('every corporate action is read, and each of its fields is in the record by name or column', () => {
  const { watch, unknown } = collecting('alpaca')
  const translated = parseActions(recordedJson(FILE), watch).flatMap(translateAction)
  const events = Object.entries(lists()).flatMap(([list, some]) => some.map((event) => ({ list, event })))
  expect(unknown).toEqual([])
  expect(translated).toHaveLength(events.length)
  for (const [i, { list, event }] of events.entries()) {
    const { record, malformed } = translated[i] ?? { record: {}, malformed: 'missing' }
    expect([list, malformed]).toEqual([list, undefined])
    const values = Object.values(record)
    for (const [field, value] of Object.entries(event)) {
      const line = ACTION_FIELDS[list]?.[field]
      // `special` became the kind, and a rate of 0.05 a ratio of 1 to 1.05; every other value stands there as
      // it was.
      if (field === 'special' || (list === 'stock_dividends' && field === 'rate')) continue
      expect([list, field, line === undefined ? 'unknown' : values.includes(String(value))]).toEqual([
        list,
        field,
        true,
      ])
    }
  }
})

test('the terms of each kind go to their columns', () => {
  const records = parseActions(recordedJson(FILE), collecting('alpaca').watch)
    .flatMap(translateAction)
    .map(({ record }) => record)
  expect(records).toContainEqual(
    expect.objectContaining({
      kind: 'split',
      ticker: 'MNTS',
      ex_date: '2023-08-24',
      split_from: '50',
      split_to: '1',
    }),
  )
  expect(records).toContainEqual(
    expect.objectContaining({
      kind: 'split',
      ticker: 'SRE',
      ex_date: '2023-08-22',
      split_from: '1',
      split_to: '2',
      pay_date: '2023-08-21',
    }),
  )
  expect(records).toContainEqual(
    expect.objectContaining({ kind: 'stock_dividend', ticker: 'MSBC', split_from: '1', split_to: '1.05' }),
  )
  expect(records).toContainEqual(
    expect.objectContaining({ kind: 'cash_dividend', ticker: 'FCF', cash_amount: '0.125', currency: 'USD' }),
  )
  expect(records).toContainEqual(
    expect.objectContaining({
      kind: 'merger',
      ticker: 'MLVF',
      ex_date: '2023-07-17',
      effective_date: '2023-07-18',
      acquirer_ticker: 'FRBA',
      cash_amount: '7.8',
    }),
  )
  expect(records).toContainEqual(
    expect.objectContaining({
      kind: 'name_change',
      ticker: 'BSAQ',
      ex_date: '2023-08-15',
      new_symbol: 'VFS',
    }),
  )
  expect(records).toContainEqual(
    expect.objectContaining({ kind: 'delisting', ticker: 'ATNXQ', ex_date: '2023-10-10' }),
  )
})
