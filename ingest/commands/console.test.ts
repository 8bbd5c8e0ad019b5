import { expect, it } from 'vitest'
import type { JobReport } from '../contract/job.ts'
import { progressLine, progressText, summaryText } from './console.ts'

const progress = {
  job: 'prices-daily',
  label: 'prices',
  step: 'read',
  items_done: 1,
  items_total: 4,
  rows_read: 50_000,
  read_bytes: 25,
  estimated_bytes: 100,
} as const
const report: JobReport = {
  job: 'prices-daily',
  provider: 'flat-files',
  items: { ok: 2, empty: 0, not_found: 1, failed: 1, deferred: 0, pending: 0 },
  rows_read: 1_234,
  rows_skipped: 0,
  rows_rejected: 4,
  rows_withheld: 30,
  rows_staged: 1_200,
  rows_inserted: 1_000,
  rows_updated: 0,
  rows_unchanged: 200,
  rows_deleted: 0,
  rows_withdrawn: 0,
  items_unchanged: 0,
  duration_ms: 61_000,
  gaps: [
    { item: 'x:a', status: 'failed', error_class: 'truncated', reason: 'Cut short.', attempts_count: 2 },
    { item: 'x:b', status: 'not_found', error_class: null, reason: 'Not there.', attempts_count: 1 },
  ],
}

it('the progress line shows count, rate and time left', () => {
  expect(progressText(progress, 10_000)).toBe(
    'prices-daily · read · 1 of 4 items · 50,000 rows · 5,000 rows/s · about 30.0 s left',
  )
})

it('it redraws itself on a terminal only; elsewhere each job is one plain line', () => {
  const written: string[] = []
  const screen = (isTTY: boolean) => ({ write: (text: string) => written.push(text), isTTY, columns: 40 })
  let now = 0
  const line = progressLine(screen(true), () => (now += 1_000))
  line.show(progress)
  line.show(progress)
  line.clear()
  expect(written.length).toBe(3)
  expect(Math.max(...written.map((text) => text.replace('\r\u001b[K', '').length))).toBeLessThan(40)
  written.length = 0
  const plain = progressLine(screen(false), () => (now += 1_000))
  plain.show(progress)
  plain.done(report)
  expect(written).toEqual([
    'prices-daily: 1,234 read, 1,000 inserted, 0 updated, 0 deleted; 2 ok, 1 not_found, ' +
      '1 failed; 1 min 1 s\n',
  ])
})

it('the summary names every item without rows, with its reason, and the state', () => {
  const text = summaryText({
    run_id: 'r',
    state: 'complete_with_gaps',
    state_reason: '1 items failed.',
    jobs: [report],
    duration_ms: 500,
  })
  expect(text).toContain('prices-daily  x:a  failed (truncated) after 2 attempts: Cut short.')
  expect(text).toContain('prices-daily  x:b  not_found: Not there.')
  expect(text).toMatch(/Run r: complete_with_gaps\. 1 items failed\. \(0\.5 s\)/)
  const [header, row] = text.split('\n').filter((line) => /^(job|prices-daily) /.test(line))
  expect(header?.indexOf('items')).toBe(row?.indexOf('2 ok'))
})

it('a reason of many items is reported once, with their number and the first ten names', () => {
  const reason = 'prices_daily/p.csv is refused.'
  const gaps = Array.from(
    { length: 1_200 },
    (_, at) =>
      ({ item: `x:${at}`, status: 'failed', error_class: 'malformed', reason, attempts_count: 1 }) as const,
  )
  const text = summaryText({
    run_id: 'r',
    state: 'failed',
    state_reason: null,
    jobs: [{ ...report, gaps: [...report.gaps, ...gaps] }],
    duration_ms: 1,
  })
  expect(text.split(reason).length).toBe(2)
  expect(text).toContain(`Items with no data (1,202):`)
  expect(text).toContain(`prices-daily  1,200 items  failed (malformed): ${reason}\n      x:0, x:1, `)
  expect(text.match(/x:\d+/g)).toEqual(gaps.slice(0, 10).map(({ item }) => item))
  expect(text).toContain('x:9 and 1,190 more')
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(150)
})

it('the job of facts says how many filers it requested, and why', () => {
  const items = { ...report.items, ok: 8_000, not_found: 0, failed: 0 }
  const not_requested = { items_count: 7_882, since_run_id: 'r1', through_date: '2026-11-27' }
  const textOf = (more: Partial<JobReport>): string => {
    const jobs = [{ ...report, job: 'fundamentals-raw' as const, items, gaps: [], ...more }]
    return summaryText({ run_id: 'r', state: 'complete', state_reason: null, jobs, duration_ms: 1 })
  }
  expect(textOf({ not_requested, items_unchanged: 7_882 })).toContain(
    '8,000 ok (118 filers requested; 7,882 filed nothing until 2026-11-27, since run r1 or a later one ' +
      'requested them)',
  )
  expect(textOf({ all_requested_because: 'the SEC has no index of 2026-11-26' })).toContain(
    '8,000 ok (every filer was requested: the SEC has no index of 2026-11-26)',
  )
})
