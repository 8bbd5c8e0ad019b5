/**
 * The first provider of a job stops answering in the middle of a run, and another one takes over in the next.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { universeCsv, writeFlatFiles } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { JobName } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { withFewerBars } from '../testing/validation/thin-world.ts'
import { readUniverse } from '../universe/read.ts'
import { flatFiles } from './flat-files/index.ts'
import { openHttpProviders } from './live.ts'

const world = withFewerBars(createWorld({ seed: 'one provider after another', securities: 60 }))
const JOBS: readonly JobName[] = ['securities', 'ticker-history', 'prices-daily']
let directory: string
let market: Market
let scratch: Scratch
let base: Omit<IngestOptions, 'providers' | 'source'>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fallback-'))
  await writeFlatFiles(world, directory)
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  market = await startMarketServers(world, {
    limits: { sec: null, alpaca: null },
    faults: { at: [{ match: '/v2/stocks/bars', kind: 'quota_in_200', times: 1 }] },
  })
  scratch = await scratchDatabase({ migrated: true })
  base = {
    connection: scratch.connection,
    jobs: jobsInOrder(JOBS),
    universe: await readUniverse(join(directory, 'universe.csv')),
    window: { start_date: world.start_date, end_date: world.end_date },
    thresholds: {
      reject_max_ratio: 1,
      failed_max_ratio: 1,
      not_found_max_ratio: Object.fromEntries(JOBS.map((job) => [job, 1])),
    },
  }
})
afterAll(async () => {
  await market?.stop()
  await scratch?.drop()
  await rm(directory, { recursive: true, force: true })
})

async function overHttp(more: Partial<IngestOptions> = {}) {
  const bootstrap = JSON.parse(await readFile(join(import.meta.dirname, '../../bootstrap.json'), 'utf8'))
  const http = openHttpProviders(
    {
      source: { mode: 'rehearsal' },
      directories: {
        data: directory,
        archive: join(directory, 'archive'),
        backups: directory,
        reports: directory,
      },
      providers: {
        variables: new Map(),
        set: bootstrap.provider_sets['free-keys'],
        stand_ins: market.stand_ins,
      },
    },
    {
      connection: scratch.connection,
      log: silentLog(),
      now: new Date('2025-01-04T12:00:00Z'),
      haste: REHEARSAL_HASTE,
    },
  )
  return ingest({ ...base, providers: http.providers, source: 'rehearsal', ...more }).finally(http.close)
}
const idsOf = () =>
  scratch.db.rows<{ source_id: string; security_id: string }>(
    'select source_id, security_id from stocks_research.securities order by 1',
  )
const barsOf = () =>
  scratch.db.rows('select * from stocks_research.prices_daily order by security_id, trade_date')
const revisionsOf = () =>
  scratch.db.rows<{ field: string }>(
    'select field, old_value, new_value from ingestion.price_revisions order by revision_id',
  )

let halted_run_id = ''
test('a quota in the middle defers the rest, ends the requests and halts the run until a time', async () => {
  const { run_id, state, state_reason, jobs } = await overHttp()
  halted_run_id = run_id
  expect(state).toBe('halted')
  expect(state_reason).toMatch(
    /^\d+ items are deferred: alpaca \(prices-daily\): quota until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/,
  )
  const { items, gaps } = jobs.find(({ job }) => job === 'prices-daily') ?? {
    items: { deferred: 0 },
    gaps: [],
  }
  expect(gaps.filter(({ status }) => status === 'deferred')).toHaveLength(items.deferred)
  expect(items.deferred).toBeGreaterThan(0)
  expect(
    market.log.filter(({ path_and_query }) => path_and_query.startsWith('/v2/stocks/bars')),
  ).toHaveLength(1)
  expect(await barsOf()).toEqual([])
})

test('a run keeps its provider: to go on with another one is refused, and nothing is touched', async () => {
  const before = await scratch.db.rows('select * from ingestion.items order by item_id')
  const going_on = ingest({
    ...base,
    providers: [flatFiles(directory)],
    source: 'flat-files',
    resume_run_id: halted_run_id,
    reopen: ['deferred'],
  })
  await expect(going_on).rejects.toThrow(RefusedError)
  await expect(going_on).rejects.toThrow(/prices-daily read alpaca, now it would read flat-files/)
  expect(await scratch.db.rows('select * from ingestion.items order by item_id')).toEqual(before)
  expect(await scratch.db.rows(`select state from ingestion.runs`)).toEqual([{ state: 'halted' }])
})

test('a run with another provider keeps every id, and the next one with the first does too', async () => {
  const ids = await idsOf()
  const file = join(directory, 'prices_daily', '2024-2025.csv')
  const [header = '', first = '', ...rest] = (await readFile(file, 'utf8')).split('\n')
  const [source_id, date, open, high, low, close, volume] = first.split(',')
  // The other provider is of another opinion about one bar.
  await rm(join(directory, 'manifest.json'))
  await writeFile(
    file,
    [header, [source_id, date, open, high, low, close, Number(volume) + 1].join(','), ...rest].join('\n'),
  )
  const other = await ingest({ ...base, providers: [flatFiles(directory)], source: 'flat-files' })
  expect(other.jobs.flatMap(({ gaps }) => gaps)).toEqual([])
  expect(await idsOf()).toEqual(ids)
  const bars = await barsOf()
  expect(bars.length).toBe(world.securities.reduce((sum, security) => sum + security.bars.length, 0))
  expect(await revisionsOf()).toEqual([])

  // Its own pause, an hour at most, is over by then.
  await scratch.db.execute('truncate ingestion.pauses')
  const { state, jobs } = await overHttp()
  expect(state).toBe('complete')
  expect(await idsOf()).toEqual(ids)
  const { rows_inserted, rows_updated, rows_deleted } = jobs.find(({ job }) => job === 'prices-daily') ?? {}
  expect([rows_inserted, rows_updated, rows_deleted]).toEqual([0, 1, 0])
  expect(await revisionsOf()).toEqual([
    { field: 'volume', old_value: String(Number(volume) + 1), new_value: volume },
  ])
})
