/**
 * A provider that fails for some symbols, and one that answers 200 with what is wrong: over HTTP, from a
 * server on loopback.
 */
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { pageOf } from '../adapter/adapter.ts'
import type { Provider } from '../contract/provider.ts'
import type { HttpClient } from '../http/client.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { OFFICIAL, openFixture } from '../testing/http/fixture.ts'
import { json } from '../testing/http/server.ts'

const IDS = Array.from({ length: 12 }, (_, at) => `o:${String(at).padStart(2, '0')}`)
const FAULTS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'o:01': (response) => json(response, 'oops', 500),
  'o:04': () => {}, // Never answers.
  'o:07': (response) => json(response, ''),
  'o:10': (response) => json(response, '{"bars": [{"date": "2020-0'),
}
const bars = [
  { date: '2020-01-02', close: '10.5' },
  { date: '2020-01-03', close: '10.25' },
]

let scratch: Scratch
let http: Awaited<ReturnType<typeof openFixture>>
let root: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  http = await openFixture()
  root = await writeDelivery({
    'universe.csv': ['source_id,ticker', ...IDS.map((id) => `${id},T${id.slice(2)}`)].join('\n'),
    'securities/s.csv': [
      'source_id,ticker,list_date',
      ...IDS.map((id) => `${id},T${id.slice(2)},2009-01-02`),
    ].join('\n'),
  })
  await ingestDelivery(scratch.connection, root, {
    jobs: ['securities', 'ticker-history'],
    providers: [flatFiles(root)],
  })
})
afterEach(async () => {
  await scratch.drop()
  await http.close()
})

const overHttp = (client: HttpClient): Provider => ({
  name: 'example',
  datasets: ['prices_daily'],
  batches: ({ subjects }) =>
    subjects.map((subject) => ({
      label: subject.item,
      subjects: [subject],
      estimate: { requests: 1, bytes: 0 },
    })),
  async *read(_ask, { label }, signal) {
    const response = await client.fetch({ url: `${OFFICIAL}/bars/${label}`, expects: 'json' }, signal)
    const records = (response.json as { bars: Record<string, string>[] }).bars
    yield pageOf(
      response,
      records.map((record, at) => ({ record: { source_id: label, ...record }, line: at + 1 })),
    )
  },
})
const idOf = (url: string | undefined): string => url?.split('/').at(-1) ?? ''
const pricesOf = async (): Promise<Record<string, number>> => {
  const rows = await scratch.db.rows<{ source_id: string; bars: number }>(
    `select source_id, count(*)::int as bars
     from stocks_research.securities
     join stocks_research.prices_daily using (security_id)
     group by 1
     order by 1`,
  )
  return Object.fromEntries(rows.map((row) => [row.source_id, row.bars]))
}
const thresholds = (failed_max_ratio: number) => ({
  reject_max_ratio: 0.001,
  failed_max_ratio,
  not_found_max_ratio: { 'prices-daily': 1 },
})

it('that fails for a third of the symbols fails the run, names each, and is retried for them', async () => {
  let is_down = true
  const client = await http.clientOf(
    ({ url }, response) =>
      is_down && FAULTS[idOf(url)] !== undefined ? FAULTS[idOf(url)]?.(response) : json(response, { bars }),
    { attempts_max: 2 },
    { timeouts: { headers_ms: 300, total_ms: 1_000 } },
  )
  const load = (failed_max_ratio: number, again: Parameters<typeof ingestDelivery>[2] = {}) =>
    ingestDelivery(scratch.connection, root, {
      jobs: ['prices-daily'],
      providers: [overHttp(client)],
      thresholds: thresholds(failed_max_ratio),
      ...again,
    })

  const report = await load(0.1)
  expect(report).toMatchObject({
    state: 'failed',
    state_reason: expect.stringContaining('4 of 12 items failed, more than failed_max_ratio 0.1'),
  })
  const { gaps } = report.job('prices-daily')
  expect(gaps.map(({ item, error_class }) => [item, error_class])).toEqual([
    ['o:01', 'transient'],
    ['o:04', 'transient'],
    ['o:07', 'malformed'],
    ['o:10', 'truncated'],
  ])
  expect(gaps.filter(({ reason, attempts_count }) => reason === '' || attempts_count < 1)).toEqual([])
  expect(Object.keys(await pricesOf()), 'the others are in').toEqual(
    IDS.filter((id) => FAULTS[id] === undefined),
  )

  is_down = false
  const before = http.asked().length
  const retried = await load(0.1, { resume_run_id: report.run_id, reopen: ['failed'] })
  expect(retried.state).toBe('complete')
  const again = http
    .asked()
    .slice(before)
    .map(({ url }) => idOf(url))
  expect(again.toSorted()).toEqual(Object.keys(FAULTS))
  expect(await pricesOf()).toEqual(Object.fromEntries(IDS.map((id) => [id, bars.length])))
})

it('whose pause is longer than a run waits halts the run: the rest is deferred, not failed', async () => {
  const client = await http.clientOf(({ url }, response) =>
    idOf(url) > 'o:04' ? json(response, {}, 429, { 'retry-after': '3600' }) : json(response, { bars }),
  )
  const report = await ingestDelivery(scratch.connection, root, {
    jobs: ['prices-daily'],
    providers: [overHttp(client)],
    thresholds: thresholds(0),
  })
  expect(report).toMatchObject({
    state: 'halted',
    state_reason: expect.stringMatching(
      /^7 items are deferred: example \(prices-daily\): throttled until \d{4}-/,
    ),
  })
  expect(http.asked()).toHaveLength(6)
})

it.each([
  ['a negative price', { date: '2020-01-03', close: '-1' }],
  ['a price that is no number', { date: '2020-01-03', close: 'n/a' }],
  ['a day in the future', { date: '2999-01-04', close: '10' }],
  ['a day that is none', { date: '2020-02-30', close: '10' }],
  ['another security', { source_id: 'o:nobody', date: '2020-01-03', close: '10' }],
  ['another security’s ticker', { source_id: null, ticker: 'NIX', date: '2020-01-03', close: '10' }],
  ['a low above its high', { date: '2020-01-03', open: '10', high: '9', low: '11', close: '10' }],
])('that answers 200 with %s puts no such row in', async (_what, wrong) => {
  const client = await http.clientOf(({ url }, response) =>
    json(response, { bars: idOf(url) === 'o:03' ? [{ date: '2020-01-02', close: '10.5' }, wrong] : bars }),
  )
  const report = await ingestDelivery(scratch.connection, root, {
    jobs: ['prices-daily'],
    providers: [overHttp(client)],
    thresholds: thresholds(1),
  })
  const { 'o:03': found = 0, ...others } = await pricesOf()
  expect(found, 'the wrong bar is not in').toBeLessThan(2)
  expect(others).toEqual(Object.fromEntries(IDS.filter((id) => id !== 'o:03').map((id) => [id, 2])))
  const { rows_rejected, rows_skipped, gaps } = report.job('prices-daily')
  expect(rows_rejected + rows_skipped + gaps.length, 'and it is counted').toBeGreaterThan(0)
})
