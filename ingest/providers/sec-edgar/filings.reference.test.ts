import { expect, test } from 'vitest'
import { filings as table } from '../../contract/filings.ts'
import type { JobRow } from '../../contract/job.ts'
import { collecting, recordedJson } from '../../testing/providers/recordings.ts'
import { filingRecords } from './filings.ts'
import { parseSubmissions } from './parse.ts'

const identity = {
  bySourceId: () => undefined,
  byTicker: () => undefined,
  knowsTicker: () => false,
  isListed: () => false,
  hasFiler: () => true,
}
const context = {
  identity,
  window: { start_date: '2000-01-01', end_date: '2030-01-01' },
  isSession: () => true,
  provider: 'sec-edgar',
}

/** The rows of the reports and 8-Ks of a filer. */
function rowsOf(cik: string): JobRow[] {
  const { watch, unknown } = collecting('sec-edgar')
  const filer = parseSubmissions(recordedJson(`sec/submissions_CIK${cik}.json.gz`), watch)
  expect(unknown).toEqual([])
  const parsed = filingRecords(filer).map((record) => table.parse(record, context))
  expect(parsed.filter((each) => 'rejected' in each)).toEqual([])
  return parsed.flatMap((each) => ('row' in each ? [each.row] : []))
}

const hourInNewYork = (row: JobRow): number =>
  Number(
    new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', hour: '2-digit' }).format(
      new Date(row['accepted_at'] ?? ''),
    ),
  )

// Apple writes the time in New York, the others UTC.
test.for([
  ['0000320193', '3571', 'Apple'],
  ['0000789019', '7372', 'Microsoft'],
  ['0000895419', '3674', 'Wolfspeed'],
  ['0001045810', '3674', 'NVIDIA'],
  ['0001318605', '3711', 'Tesla'],
] as const)('filings of %s (SIC %s, %s) are accepted within the hours of EDGAR', ([cik, sic]) => {
  const rows = rowsOf(cik)
  expect(rows.length).toBeGreaterThan(80)
  expect(new Set(rows.map((row) => row['sic']))).toEqual(new Set([sic]))
  const uncertain = rows.filter((row) => row['is_accepted_at_certain'] !== 'true')
  expect(uncertain.length).toBeLessThan(rows.length / 8)
  expect(rows.filter((row) => hourInNewYork(row) < 6 || hourInNewYork(row) >= 22)).toEqual([])
})

// NVIDIA's newest text fits both clocks: nothing after it decides, and the later one is right.
test('most annual and quarterly reports of large filers come after the close', () => {
  const late = (cik: string): string => {
    const reports = rowsOf(cik).filter(({ form }) => form === '10-K' || form === '10-Q')
    return `${reports.filter((row) => hourInNewYork(row) >= 16).length} of ${reports.length}`
  }
  expect({
    microsoft: late('0000789019'),
    nvidia: late('0001045810'),
    wolfspeed: late('0000895419'),
  }).toEqual({
    microsoft: '26 of 26',
    nvidia: '25 of 25',
    wolfspeed: '57 of 59',
  })
})

test('results are announced in forms 8-K with item 2.02', () => {
  const announced = rowsOf('0000789019').filter(
    (row) => row['form'] === '8-K' && /"2\.02"/.test(row['items'] ?? ''),
  )
  expect(announced.length).toBeGreaterThan(20)
})
