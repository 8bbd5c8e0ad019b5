/**
 * A feed that gives a session of the whole market a request, as the paid ones do: one batch, many pages, and
 * no change to the pipeline.
 */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { located, pageOf } from '../adapter/adapter.ts'
import type { Batch, Provider } from '../contract/provider.ts'
import type { HttpClient } from '../http/client.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { contentOf, ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { OFFICIAL, openFixture } from '../testing/http/fixture.ts'
import { json } from '../testing/http/server.ts'

const IDS = Array.from({ length: 8 }, (_, at) => `w:${at}`)
const DAYS = ['2020-01-02', '2020-01-03', '2020-01-06', '2020-01-07', '2020-01-08', '2020-01-09']

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

const whole = (subjects: Batch['subjects']): Batch[] => [
  { label: 'the market', subjects, estimate: { requests: DAYS.length, bytes: 0 } },
]
/** `t` is the end of a window here and the start of one there: the day is that of the request. */
const grouped = (
  client: HttpClient,
  batches: (subjects: Batch['subjects']) => Batch[] = whole,
): Provider => ({
  name: 'grouped',
  datasets: ['prices_daily'],
  batches: ({ subjects }) => batches(subjects),
  async *read(_ask, _batch, signal) {
    for (const date of DAYS) {
      const response = await client.fetch({ url: `${OFFICIAL}/grouped/${date}`, expects: 'json' }, signal)
      const bars = (response.json as { results: { T: string; c: string; v: string }[] }).results
      yield pageOf(response, located(bars.map(({ T, c, v }) => ({ ticker: T, date, close: c, volume: v }))))
    }
  },
})
const load = (provider: Provider, rest: Parameters<typeof ingestDelivery>[2] = {}) =>
  ingestDelivery(scratch.connection, root, {
    jobs: ['prices-daily'],
    providers: [provider],
    source: 'grouped',
    ...rest,
  })

it('that is stopped and resumed requests every session once, and loads every bar', async () => {
  const stop = new AbortController()
  const began_at = new Date().toISOString()
  await http.clientOf((_, response, count) => {
    if (count === 4) stop.abort()
    else
      json(response, {
        status: 'OK',
        results: IDS.map((id) => ({ T: `T${id.slice(2)}`, c: 10 + count, v: 1.5e6 })),
      })
  })
  const open = () => http.open({ reuse_since_at: began_at })
  const first = await load(grouped(open()), { signal: stop.signal })
  expect(first.state).toBe('interrupted')
  expect((await contentOf(scratch.db))['prices_daily']).toEqual([])

  const second = await load(grouped(open()), { resume_run_id: first.run_id })
  expect(second.state).toBe('complete')
  expect((await contentOf(scratch.db))['prices_daily']).toHaveLength(IDS.length * DAYS.length)
  // The fourth was under way when it stopped.
  expect(http.asked().map(({ url }) => url.split('/').at(-1))).toEqual([
    ...DAYS.slice(0, 4),
    ...DAYS.slice(3),
  ])
})

it('that would split sessions of a subject over batches is rejected: a kill would leave a gap', async () => {
  const client = await http.clientOf((_, response) => json(response, { results: [] }))
  const halves = (subjects: Batch['subjects']) => [...whole(subjects), ...whole(subjects)]
  await expect(load(grouped(client, halves))).rejects.toThrow(/puts w:0 into two batches/)
  expect(http.asked()).toHaveLength(0)
})
