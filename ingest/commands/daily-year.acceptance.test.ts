/** A year of daily runs, with what happens in a year, against a fresh build as of its last day. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { scratchName } from '../../helpers/database/scratch.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { daysBetween, weekday } from '../../helpers/simulator/market/calendar.ts'
import { lastTicker, nameAtBroker, writeFlatFiles } from '../../helpers/simulator/market/flat-files.ts'
import type { Scenario, World } from '../../helpers/simulator/market/types.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { jobsInOrder } from '../jobs.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { compareProvider } from '../provider-change/compare.ts'
import { ACCEPTABLE, toAccept } from '../provider-change/report.ts'
import { switchProvider } from '../provider-change/switch.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { openHttpProviders } from '../providers/live.ts'
import { worldAsOf } from '../testing/commands/as-of.ts'
import { type Cost, costOf, visitedRows } from '../testing/commands/cost.ts'
import { readUniverse } from '../universe/read.ts'
import { CHECKS } from '../validation/checks.ts'
import { type DailyReport, runDaily } from './daily.ts'

const SCENARIOS: readonly Scenario[] = [
  'rename',
  'ticker_handed_over',
  'ticker_taken_over',
  'split',
  'reverse_splits',
  'special_dividend',
  'spin_off_child',
  'spin_off_parent',
  'acquirer',
  'stock_merger',
  'bankruptcy',
  'annual_restatement',
  'quarter_restatement',
]
const FIRST = '2021-12-31'
const LAST = '2022-12-30'
const START = '2021-10-01'
/** On this evening the broker restates two closes: one of last week, and one of the winter before. */
const RESTATED = { on: '2022-06-15', days: ['2022-02-10', '2022-06-10'], scenario: 'split' }
const DEAD = ['2022-05-10', '2022-05-11']
const KILLED = '2022-07-18'
const WITHOUT_QUOTA = '2022-08-23'
const CHANGE = '2022-10-14'

const everything = createWorld({ seed: 'day after day', securities: 60 })
const securities = everything.securities.filter(
  ({ scenario }, at) =>
    SCENARIOS.includes(scenario) && everything.securities.findIndex((s) => s.scenario === scenario) === at,
)
const world: World = {
  ...everything,
  securities,
  outsiders: [],
  filers: everything.filers.filter(({ cik }) => securities.some((security) => security.cik === cik)),
}
const sessions =
  world.securities[0]?.bars.map(({ date }) => date).filter((day) => day > FIRST && day <= LAST) ?? []

/** A bankruptcy, a spin-off, a rename, two tickers that change hands, a merger. */
const HAPPENING = ['2022-02-25', '2022-04-04', '2022-06-09', '2022-10-04', '2022-11-30']
/**
 * The evenings with a run: every session near something that happens, and the last one of every other week,
 * which costs a third of all 251 and leaves days without a run.
 */
const isNear = (day: string): boolean =>
  [FIRST, ...HAPPENING, ...DEAD, RESTATED.on, KILLED, WITHOUT_QUOTA, CHANGE, LAST].some(
    (event) => Math.abs(daysBetween(event, day)) <= 3,
  )
const isFriday = (day: string): boolean => weekday(day) === 5
const DAYS = sessions.filter((day) => isNear(day) || isFriday(day))

let directory: string
let scratches: Scratch[]
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'year-'))
  scratches = []
})
afterAll(async () => {
  for (const { drop } of scratches) await drop()
  await rm(directory, { recursive: true, force: true })
})
async function database(): Promise<Scratch> {
  const scratch = await scratchDatabase({ migrated: true })
  scratches.push(scratch)
  return scratch
}

/** The market as its providers report it on the evening of `day`. */
function marketOf(day: string): World {
  const told = worldAsOf(world, day)
  if (day < RESTATED.on) return told
  return {
    ...told,
    securities: told.securities.map((security) =>
      security.scenario === RESTATED.scenario
        ? {
            ...security,
            bars: security.bars.map((bar) =>
              RESTATED.days.includes(bar.date) ? { ...bar, volume_shares: bar.volume_shares + 100 } : bar,
            ),
          }
        : security,
    ),
  }
}

const lines = new Map<string, string>()
async function universeOf(day: string) {
  for (const security of worldAsOf(world, day).securities)
    if (!lines.has(security.source_id))
      lines.set(
        security.source_id,
        [security.source_id, lastTicker(security), security.cik ?? '', nameAtBroker(security)].join(),
      )
  await writeFile(
    join(directory, 'universe.csv'),
    ['source_id,ticker,cik,provider_id', ...lines.values(), ''].join('\n'),
  )
  return readUniverse(join(directory, 'universe.csv'))
}

type Options = Omit<IngestOptions, 'jobs' | 'window'>
interface Evening {
  readonly day: string
  readonly scratch: Scratch
  readonly from: 'wire' | 'files'
  readonly isDead?: boolean
  readonly requests_max?: number
}

/** The options of a run on one evening. */
async function on<T>(
  { day, scratch: { connection }, from, isDead = false, requests_max }: Evening,
  work: (options: Options, now: Date, market: Market | undefined) => Promise<T>,
): Promise<T> {
  const bootstrap = JSON.parse(
    await readFile(join(import.meta.dirname, '..', '..', 'bootstrap.json'), 'utf8'),
  )
  const now = new Date(`${day}T22:30:00Z`)
  const none = bootstrap.thresholds.not_found_max_ratio
  const options = {
    connection,
    universe: await universeOf(day),
    thresholds: { ...bootstrap.thresholds, not_found_max_ratio: { ...none, 'prices-daily': 0.1 } },
  }
  if (from === 'files') {
    const files = join(directory, `delivery-${day}`)
    await writeFlatFiles(marketOf(day), files)
    return work({ ...options, providers: [flatFiles(files)], source: `flat-files:${files}` }, now, undefined)
  }
  const market = await startMarketServers(marketOf(day), { limits: { sec: null, alpaca: null } })
  if (isDead) await market.stop()
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
      connection,
      log: silentLog(),
      now,
      haste: REHEARSAL_HASTE,
      ...(requests_max === undefined ? {} : { requests_max }),
    },
  )
  return work({ ...options, providers: http.providers, source: 'rehearsal' }, now, market).finally(
    async () => {
      await http.close()
      if (!isDead) await market.stop()
    },
  )
}
const windowOf = (day: string) => ({ start_date: START, end_date: day })
const load = (evening: Evening) =>
  on(evening, (options) => ingest({ ...options, jobs: jobsInOrder(), window: windowOf(evening.day) }))

const daily = (evening: Evening, more: Partial<Parameters<typeof runDaily>[0]> = {}) =>
  on(evening, async (options, now, market) => {
    const { day: end_date } = evening
    const window = { start_date: START, end_date }
    const report = await runDaily({ ...options, now, overlap_sessions: 10, checks: [], window, ...more })
    return { report, requests: market?.log.length ?? 0 }
  })

const statesOf = ({ runs }: DailyReport): string[] => runs.map(({ state }) => state)
const gapsOf = ({ runs }: DailyReport) =>
  runs.flatMap(({ jobs }) =>
    jobs.flatMap(({ job, gaps }) =>
      gaps.flatMap(({ status, item, reason }) => (status === 'not_found' ? [] : [[job, item, reason]])),
    ),
  )

/** Ends every session of the database but ours, as the death of the process of a run does. */
const endSessions = ({ db }: Scratch) =>
  db.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name like 'ingest %'`,
  )

/** From the broker to files, on one evening, with the consent of somebody who has read the report. */
const changeProvider = (day: string, scratch: Scratch) =>
  on({ day, scratch, from: 'files' }, async (options, now) => {
    const all = { ...options, jobs: jobsInOrder(), window: windowOf(day), is_full: true }
    const other = { ...scratch.connection, database: scratchName(now) }
    const comparison = await compareProvider(
      scratch.connection,
      other,
      { universe: options.universe, window: all.window },
      { source: options.source, provider: 'flat-files' },
      (connection) => ingest({ ...all, connection }),
    )
    await withDatabase({ ...scratch.connection, database: 'postgres' }, (db) =>
      db.execute(`drop database ${other.database} with (force)`),
    )
    const run = await switchProvider(scratch.connection, comparison, ACCEPTABLE, (beforeJob) =>
      ingest({ ...all, beforeJob }),
    )
    return { must: Object.keys(toAccept(comparison.report)), run }
  })

const tablesOf = async ({ connection }: Scratch) =>
  (await fingerprintOf(connection, { scope: 'content', views: 'none' })).tables

/**
 * The ledger of the years before. PostgreSQL reads all rows of a table of a few pages where it searches a
 * larger one by its index, so that an evening seems to cost more with each run of a first year.
 */
const addEarlierRuns = ({ db }: Scratch) =>
  db.execute(
    `insert into ingestion.runs
     select (
         jsonb_populate_record(r, jsonb_build_object(
           'run_id', gen_random_uuid(),
           'started_at', r.started_at - n * interval '1 day',
           'ended_at', r.ended_at - n * interval '1 day'
         ))
       ).*
     from ingestion.runs r
     cross join generate_series(1, 500) n`,
  )

const costs: Cost[] = []
let kept: Scratch

test('every evening of the year ends complete, but for the dead days, the kill and the quota', async () => {
  kept = await database()
  await load({ day: FIRST, scratch: kept, from: 'wire' })
  await addEarlierRuns(kept)
  for (const day of DAYS) {
    if (day === CHANGE) {
      const { must, run } = await changeProvider(day, kept)
      expect(run.state).toBe('complete')
      expect(must).toEqual(['events'])
      continue
    }
    const evening: Evening = { day, scratch: kept, from: day < CHANGE ? 'wire' : 'files' }
    if (DEAD.includes(day)) {
      const { report } = await daily({ ...evening, isDead: true })
      expect([day, statesOf(report)[0]]).toEqual([day, expect.not.stringMatching(/^complete/)])
    } else if (day === KILLED) {
      const onJob: IngestOptions['onJob'] = ({ job }) => {
        if (job === 'prices-daily') void endSessions(kept)
      }
      await expect(daily(evening, { onJob })).rejects.toThrow()
    } else if (day === WITHOUT_QUOTA) {
      const { report } = await daily({ ...evening, requests_max: 30 })
      expect([day, statesOf(report)[0]]).toEqual([day, 'halted'])
    } else {
      // As autovacuum does between two evenings: here they are a second apart, and when it came would decide
      // how the statements of an evening are planned.
      await kept.db.rows('analyze')
      const before = await visitedRows(kept)
      const { report, requests } = await daily(evening)
      expect([day, gapsOf(report)]).toEqual([day, []])
      if (report.runs.length === 1 && day < CHANGE) costs.push(await costOf(day, kept, before, requests))
    }
  }
  const { report } = await daily({ day: LAST, scratch: kept, from: 'files' }, { checks: CHECKS })
  const violated = report.validation.checks.filter(
    ({ severity, violations_count, accepted_count }) =>
      severity === 'hard' && violations_count > accepted_count,
  )
  expect(violated.map(({ name }) => name)).toEqual([])
})

test('the year ends with the content of a fresh build as of its last day', async () => {
  const fresh = await database()
  await load({ day: CHANGE, scratch: fresh, from: 'wire' })
  await changeProvider(CHANGE, fresh)
  await load({ day: LAST, scratch: fresh, from: 'files' })
  const expected = await tablesOf(fresh)
  const found = await tablesOf(kept)
  expect(Object.keys(found).filter((name) => found[name]?.sha256 !== expected[name]?.sha256)).toEqual([])
  const alone = await database()
  await load({ day: LAST, scratch: alone, from: 'files' })
  const files = await tablesOf(alone)
  // The broker also reported changes of name, and the SEC when it accepted filings: files report neither, and
  // a switch keeps both.
  expect(Object.keys(found).filter((name) => found[name]?.sha256 !== files[name]?.sha256)).toEqual([
    'stocks_research.corporate_actions',
    'stocks_research.filings',
  ])
})

test('an evening of October costs as much as one of January, whatever days were in between', () => {
  const mean = (some: readonly Cost[], of: 'requests' | 'rows' | 'visits_a_bar'): number =>
    some.reduce((sum, cost) => sum + cost[of], 0) / some.length
  const first = costs.slice(1, 11)
  const last = costs.slice(-10)
  expect(mean(last, 'requests') / mean(first, 'requests')).toBeLessThan(1.2)
  expect(mean(last, 'rows') / mean(first, 'rows')).toBeLessThan(1.2)
  expect(mean(last, 'visits_a_bar')).toBeLessThan(5)
})
