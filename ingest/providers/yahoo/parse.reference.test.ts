import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { referenceFolder } from '../../../helpers/testing/reference.ts'
import { collecting, recordedJson, recording } from '../../testing/providers/recordings.ts'
import { parseChart } from './parse.ts'

const charts = readdirSync(join(referenceFolder(), 'wire', 'yahoo')).filter((name) =>
  /^(chart|historical-via-chart)/.test(name),
)

interface Body {
  chart: { result: { timestamp?: number[]; indicators: { quote: Record<string, (number | null)[]>[] } }[] }
}

test('there are recorded charts', () => expect(charts.length).toBeGreaterThan(5))

for (const name of charts) {
  test(`${name}: each row is read or counted as a day without trade, and no field is unknown`, () => {
    const { watch, unknown } = collecting('yahoo')
    const { timestamp = [], indicators } = (JSON.parse(recording(`yahoo/${name}`)) as Body).chart
      .result[0] ?? { indicators: { quote: [] } }
    const { bars, rows_without_trade } = parseChart(recordedJson(`yahoo/${name}`), watch)
    expect(unknown).toEqual([])
    expect(bars.length + rows_without_trade).toBe(timestamp.length)
    expect(rows_without_trade).toBe(
      timestamp.filter((_, row) => indicators.quote[0]?.['close']?.[row] == null).length,
    )
    expect(bars.filter(({ record }) => !/^\d{4}-\d{2}-\d{2}$/.test(record['date'] ?? ''))).toEqual([])
  })
}

test('splits after a day are undone, and the noise of 32-bit floats is gone', () => {
  const { bars, events } = parseChart(
    recordedJson('yahoo/historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv.json.gz'),
    collecting('yahoo').watch,
  )
  expect(events.map(({ record }) => record)).toEqual([
    { kind: 'split', ex_date: '2021-07-20', split_from: '1', split_to: '4' },
  ])
  // 13.237 as sent, times the split that is listed. The tenfold one of 2024 is not in this recording, which
  // ends before it.
  expect(bars.find(({ record }) => record['date'] === '2021-02-01')?.record).toMatchObject({
    close: '52.948',
    volume: '54301000',
  })
  expect(bars.filter(({ record }) => (record['close'] ?? '').length > 8)).toEqual([])
})

test('a dividend and a split on their own days are distinguished', () => {
  const { events } = parseChart(
    recordedJson('yahoo/chart-AAPL-2020-08-31-to-2020-11-07.json'),
    collecting('yahoo').watch,
  )
  expect(events.map(({ record }) => record)).toEqual([
    { kind: 'split', ex_date: '2020-08-31', split_from: '1', split_to: '4' },
    { kind: 'cash_dividend', ex_date: '2020-11-06', cash_amount: '0.205', currency: 'USD' },
  ])
})
