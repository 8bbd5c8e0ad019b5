import { parse } from 'csv-parse/sync'
import { expect, it } from 'vitest'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'
import { recording } from '../../testing/providers/recordings.ts'

type Row = Record<string, string>

async function read(profile: string, name: string, text: string) {
  const mapping = JSON.stringify({ spec: 1, folders: { prices_daily: { profile } } })
  const { records, reasons } = await readDelivery({ [`prices_daily/${name}`]: text, 'mapping.json': mapping })
  expect(reasons).toEqual([])
  return { records: records.map(({ record }) => record), rows: parse(text, { columns: true }) as Row[] }
}
const FIELDS = ['date', 'open', 'high', 'low', 'close', 'volume'] as const
const of = (row: Row) => Object.fromEntries(FIELDS.map((field) => [field, row[field]]))

it('a recorded download of Tiingo is read as it is, with the ticker from the name of the file', async () => {
  const { records, rows } = await read(
    'tiingo-csv',
    'ONE.csv',
    recording('tiingo/ticker_price_pandas_daily_csv.csv'),
  )
  expect(rows.length).toBeGreaterThan(0)
  expect(records).toEqual(rows.map((row) => ({ ...of(row), ticker: 'ONE', source_id: 'x:1' })))
})

it('recorded rows of Sharadar read as they stand where nothing is adjusted yet', async () => {
  const text = recording('sharadar/stocks_AAPL_2026-08-03.csv')
  const { records, rows } = await read('sharadar', 'stocks.csv', text)
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.every(({ close, closeunadj }) => close === closeunadj)).toBe(true)
  expect(records).toEqual(
    rows.map((row) => ({ ...of(row), ticker: null, source_id: `nobody: ${row['ticker']}` })),
  )
})
