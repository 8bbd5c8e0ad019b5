import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { WIRE } from '../../helpers/simulator/market/dialect.ts'
import { universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { differencesFromTruth } from '../../helpers/testing/market/differences.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { jobsInOrder } from '../jobs.ts'
import { ingest } from '../pipeline/run.ts'
import { openHttpProviders } from '../providers/live.ts'
import { withFewerBars } from '../testing/validation/thin-world.ts'
import { readUniverse } from '../universe/read.ts'
import { CHECKS } from '../validation/checks.ts'
import { runDaily } from './daily.ts'

const everything = createWorld({ seed: 'day after day', securities: 60 })
/** The days that the tests are about: the last month, and those of which a bar is revised. */
const DAYS = everything.calendar.sessions.filter(
  (day) => day >= '2024-12-01' || ['2021-03-01', '2021-03-02'].includes(day),
)
const world = withFewerBars(everything, DAYS)
let directory: string
let market: Market
let scratch: Scratch
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daily-'))
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  market = await startMarketServers(world, { limits: { sec: null, alpaca: null } })
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(async () => {
  await market?.stop()
  await scratch?.drop()
  await rm(directory, { recursive: true, force: true })
})

/** One run with the clock standing at `now`. */
async function at<T>(
  now: Date,
  work: (options: Omit<Parameters<typeof ingest>[0], 'jobs' | 'window'>) => Promise<T>,
): Promise<T> {
  const bootstrap = JSON.parse(
    await readFile(join(import.meta.dirname, '..', '..', 'bootstrap.json'), 'utf8'),
  )
  const providers = {
    variables: new Map(),
    set: bootstrap.provider_sets['free-keys'],
    stand_ins: market.stand_ins,
  }
  const directories = {
    data: directory,
    archive: join(directory, 'archive'),
    backups: directory,
    reports: directory,
  }
  const http = openHttpProviders(
    { source: { mode: 'rehearsal' }, directories, providers },
    { connection: scratch.connection, log: silentLog(), now, haste: REHEARSAL_HASTE },
  )
  return work({
    connection: scratch.connection,
    universe: await readUniverse(join(directory, 'universe.csv')),
    providers: http.providers,
    source: 'rehearsal',
    // One of this small market's 60 securities has no bars.
    thresholds: {
      ...bootstrap.thresholds,
      not_found_max_ratio: { ...bootstrap.thresholds.not_found_max_ratio, 'prices-daily': 0.05 },
    },
  }).finally(http.close)
}
const daily = (now: Date, rest: Partial<Parameters<typeof runDaily>[0]> = {}) =>
  at(now, (options) =>
    runDaily({
      ...options,
      ...rest,
      now,
      overlap_sessions: 10,
      checks: CHECKS,
      window: { start_date: world.start_date, end_date: world.end_date },
    }),
  )

/**
 * As if the provider had revised a history: a bar in the overlap, and one years before it. Gives the
 * security.
 */
async function revise(...days: readonly [string, string]): Promise<string> {
  const { source_id } = await scratch.db.one<{ source_id: string }>(
    `with revised as (
       update stocks_research.prices_daily set volume = volume + 1 where trade_date = any ($1)
         and security_id = (select security_id from stocks_research.prices_daily where trade_date = any ($1)
                            group by security_id
                            having count(*) = 2
                            order by security_id
                            limit 1)
                            returning security_id)
     select distinct source_id from revised join stocks_research.securities using (security_id)`,
    [days],
  )
  return source_id
}

test('a daily run has nothing to go on from before the first load, and says so', async () => {
  await expect(daily(new Date('2024-12-20T12:00:00Z'))).rejects.toThrow(PreconditionError)
})

test('a database of two weeks ago, with revised bars, is updated to the last finished session', async () => {
  await at(new Date('2024-12-20T12:00:00Z'), (options) =>
    ingest({
      ...options,
      jobs: jobsInOrder(),
      window: { start_date: world.start_date, end_date: '2024-12-19' },
    }),
  )
  const source_id = await revise('2021-03-01', '2024-12-17')

  // A Friday at 16:15 and at 16:17 in New York: its bars are given from 16 minutes after the close on.
  const early = await daily(new Date('2025-01-03T21:15:00Z'))
  expect(early.last_session_date).toBe('2025-01-02')
  expect(early.pulled_again).toEqual([source_id])
  const late = await daily(new Date('2025-01-03T21:17:00Z'))
  expect(late.last_session_date).toBe('2025-01-03')
  expect(late.pulled_again).toEqual([])
  expect(
    [...early.runs, ...late.runs].map(({ state }) => state).filter((state) => state !== 'complete'),
  ).toEqual([])
  expect(late.validation.hard_count).toBe(0)
  expect((await differencesFromTruth(scratch.db, world, { dialect: WIRE })).differences).toEqual([])
})

test('a second daily run of the same day changes nothing, and asks for few bars', async () => {
  const asked_before = market.log.length
  const { runs } = await daily(new Date('2025-01-03T21:30:00Z'))
  expect(runs).toHaveLength(1)
  expect(
    runs
      .flatMap(({ jobs }) => jobs)
      .filter((job) => job.rows_inserted + job.rows_updated + job.rows_deleted > 0),
  ).toEqual([])
  const bars = market.log
    .slice(asked_before)
    .filter(({ path_and_query }) => path_and_query.startsWith('/v2/stocks/bars'))
  expect(bars).toHaveLength(1)
})

test('a revised history that this run did not come to is requested in full by the next run', async () => {
  const source_id = await revise('2021-03-02', '2025-01-02')
  const stop = new AbortController()
  const first = await daily(new Date('2025-01-03T21:45:00Z'), {
    signal: stop.signal,
    onJob: ({ job }) => job === 'fundamentals-derived' && stop.abort(),
  })
  expect([first.pulled_again, first.runs.map(({ state }) => state)]).toEqual([
    [source_id],
    ['complete', 'interrupted'],
  ])
  const next = await daily(new Date('2025-01-03T22:00:00Z'))
  expect(next.pulled_again).toEqual([source_id])
  expect((await differencesFromTruth(scratch.db, world, { dialect: WIRE })).differences).toEqual([])
  expect((await daily(new Date('2025-01-03T22:15:00Z'))).pulled_again).toEqual([])
})
