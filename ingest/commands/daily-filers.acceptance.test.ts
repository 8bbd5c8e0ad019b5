/** Evenings on which filers are requested only if they filed something, against a clean load at the end. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import type { World } from '../../helpers/simulator/market/types.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { JobReport } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { openHttpProviders } from '../providers/live.ts'
import { worldAsOf } from '../testing/commands/as-of.ts'
import { readUniverse } from '../universe/read.ts'
import { runDaily } from './daily.ts'

/** A season of reports begins on the day after the first. */
const FIRST = '2022-08-08'
const everything = createWorld({ seed: 'who has filed', securities: 60 })
const securities = everything.securities
  .filter(({ cik, list_date, delist_date }) => cik !== null && list_date === null && delist_date === null)
  .slice(0, 16)
const world: World = {
  ...everything,
  securities,
  outsiders: [],
  filers: everything.filers
    .filter(({ cik }) => securities.some((security) => security.cik === cik))
    .map((filer) => ({ ...filer, announcements: [] })),
}
const reports = world.filers.flatMap(({ cik, filings }) => filings.map((filing) => ({ cik, ...filing })))
const filersOn = (day: string): number =>
  new Set(reports.filter(({ filed }) => filed === day).map(({ cik }) => cik)).size
/** A report that its day's index does not have until the day after: the index is amended. */
const LATE = reports.find(({ filed }) => filed === '2022-08-10')

function marketOf(day: string): World {
  const today = worldAsOf(world, day)
  const isLate = (accession: string, filed: string): boolean => accession === LATE?.accession && filed === day
  return {
    ...today,
    filers: today.filers.map((filer) => ({
      ...filer,
      filings: filer.filings.filter(({ accession, filed }) => !isLate(accession, filed)),
    })),
  }
}

let directory: string
let kept: Scratch
let clean: Scratch
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'filers-'))
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  kept = await scratchDatabase({ migrated: true })
  clean = await scratchDatabase({ migrated: true })
})
afterAll(async () => {
  await kept?.drop()
  await clean?.drop()
  await rm(directory, { recursive: true, force: true })
})

interface Evening {
  readonly day: string
  readonly scratch: Scratch
  readonly index_days?: Readonly<Record<string, 'missing' | 'cut'>>
  readonly members?: number
}

/** A run at 22:30 in New York, when the index of the day is complete. */
async function on<T>(
  { day, scratch: { connection }, index_days = {}, members }: Evening,
  work: (options: Omit<IngestOptions, 'jobs'>, now: Date) => Promise<T>,
): Promise<{ readonly result: T; readonly market: Market }> {
  const file = join(import.meta.dirname, '..', '..', 'bootstrap.json')
  const bootstrap = JSON.parse(await readFile(file, 'utf8'))
  const now = new Date(Date.parse(`${day}T22:30:00Z`) + 4 * 3_600_000)
  const market = await startMarketServers(marketOf(day), {
    limits: { sec: null, alpaca: null },
    faults: { index_days },
  })
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
    { connection, log: silentLog(), now, haste: REHEARSAL_HASTE },
  )
  const universe = await readUniverse(join(directory, 'universe.csv'))
  const options = {
    connection,
    universe: { ...universe, members: universe.members.slice(0, members) },
    thresholds: bootstrap.thresholds,
    providers: http.providers,
    source: 'rehearsal',
    window: { start_date: '2022-07-01', end_date: day },
  }
  const result = await work(options, now).finally(async () => {
    await http.close()
    await market.stop()
  })
  return { result, market }
}
const load = (evening: Evening) => on(evening, (options) => ingest({ ...options, jobs: jobsInOrder() }))

interface Asked {
  readonly facts: number
  readonly submissions: number
  readonly not_requested: number
  readonly because: string | undefined
  readonly job: JobReport | undefined
}
async function daily(evening: Evening, more: Partial<IngestOptions> = {}): Promise<Asked> {
  const { result, market } = await on(evening, (options, now) =>
    runDaily({ ...options, now, overlap_sessions: 5, filer_request_max_days: 7, checks: [], ...more }),
  )
  const count = (part: string): number =>
    market.log.filter(({ path_and_query }) => path_and_query.includes(part)).length
  const [run] = result.runs
  expect(run?.state).toBe('complete')
  const job = run?.jobs.find(({ job: name }) => name === 'fundamentals-raw')
  return {
    facts: count('/companyfacts/'),
    submissions: count('/submissions/'),
    not_requested: job?.not_requested?.items_count ?? 0,
    because: job?.all_requested_because,
    job,
  }
}
const FILERS = world.filers.length

const tablesOf = async ({ connection }: Scratch) =>
  (await fingerprintOf(connection, { scope: 'content', views: 'none' })).tables

test('filers are requested when they file, and the end has the content of a clean load', async () => {
  await load({ day: FIRST, scratch: kept, members: 15 })
  // A sixteenth security is new in the universe: its filer is requested. The index of the 10th is amended.
  for (const day of ['2022-08-09', '2022-08-10', '2022-08-11']) {
    const asked = await daily({ day, scratch: kept })
    expect(asked.because).toBeUndefined()
    expect(asked.facts).toBe(asked.submissions)
    expect(filersOn(day)).toBeGreaterThan(0)
    expect(asked.facts).toBeGreaterThanOrEqual(filersOn(day) - 1)
    expect(asked.not_requested).toBeGreaterThan(0)
    expect(asked.not_requested + asked.facts).toBe(FILERS)
    expect([asked.job?.items_unchanged, asked.job?.items.ok]).toEqual([asked.not_requested, FILERS])
  }
  await load({ day: '2022-08-11', scratch: clean })
  const expected = await tablesOf(clean)
  const found = await tablesOf(kept)
  expect(Object.keys(found).filter((name) => found[name]?.sha256 !== expected[name]?.sha256)).toEqual([])
})

test.each([
  ['is not published', { '2022-08-12': 'missing' as const }, /has no index of 2022-08-12/],
  ['is cut between two lines', { '2022-08-12': 'cut' as const }, /indexes of 2022-08-12 differ/],
])('every filer is requested if the index of the day %s', async (_what, index_days, reason) => {
  const asked = await daily({ day: '2022-08-12', scratch: kept, index_days })
  expect([asked.facts, asked.submissions, asked.not_requested]).toEqual([FILERS, FILERS, 0])
  expect(asked.because).toMatch(reason)
})

test('every filer is requested after a run that ended halted, and after an edit by hand', async () => {
  await kept.db.rows(`update ingestion.runs set state = 'halted'
    where run_id = (select run_id from ingestion.runs order by started_at desc limit 1)`)
  const after = await daily({ day: '2022-08-15', scratch: kept })
  expect([after.facts, after.because]).toEqual([FILERS, expect.stringContaining('ended complete')])
  await kept.db.rows('delete from stocks_research.fundamentals_raw where cik = $1', [world.filers[0]?.cik])
  const edited = await daily({ day: '2022-08-15', scratch: kept })
  expect(edited.facts).toBe(FILERS)
})

test('every filer is requested again after filer_request_max_days', async () => {
  const quiet = await daily({ day: '2022-08-16', scratch: kept })
  expect(quiet.not_requested).toBeGreaterThan(0)
  const due = await daily({ day: '2022-08-23', scratch: kept })
  expect(due.facts).toBe(FILERS)
  expect(due.because).toBe('each filer is requested every 7 days (filer_request_max_days)')
})
