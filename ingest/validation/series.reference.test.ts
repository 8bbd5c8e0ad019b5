import { expect, test } from 'vitest'
import { figure, referenceRows } from '../../helpers/testing/reference.ts'
import { suspicionsIn, type VendorBar } from './series.ts'

const number = (text: string | undefined): number =>
  text === undefined || text === '' ? Number.NaN : Number(text)

function barsOf(file: string): VendorBar[] {
  return referenceRows('corrupted', file).map((row) => ({
    date: row['Date'] ?? row['Datetime'] ?? '',
    high: number(row['High']),
    low: number(row['Low']),
    close: number(row['Close']),
    adj_close: number(row['Adj Close']),
    volume: Number(row['Volume'] ?? 0),
    dividend: Number(row['Dividends'] ?? 0),
    gains: Number(row['Capital Gains'] ?? 0),
    split: Number(row['Stock Splits'] ?? 0),
  }))
}

test('daily series with a known defect are flagged, repaired and clean ones mostly are not', () => {
  const files = referenceRows('corrupted', 'index.csv')
    .filter((row) => row['interval'] === '1d')
    .map((row) => ({
      file: row['file'] ?? '',
      must_flag: row['must_flag'] === '1',
      found: suspicionsIn(barsOf(row['file'] ?? '')),
    }))
  const bad = files.filter(({ must_flag }) => must_flag)
  const good = files.filter(({ must_flag }) => !must_flag)
  const missed = bad.filter(({ found }) => found.length === 0).map(({ file }) => file)
  const flagged = good
    .filter(({ found }) => found.length > 0)
    .map(({ file, found }) => `${file}: ${found[0]?.defect}`)
  figure('damaged series', { bad: bad.length, missed, good: good.length, flagged })
  expect(missed.length / bad.length).toBeLessThanOrEqual(0.06)
  expect(flagged.length / good.length).toBeLessThanOrEqual(0.15)
})
