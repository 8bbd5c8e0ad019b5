/** What a plan says before the run, against what the run then asks. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { JobName } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import { ingest } from '../pipeline/run.ts'
import { withFewerBars } from '../testing/validation/thin-world.ts'
import { readUniverse } from '../universe/read.ts'
import { openHttpProviders } from './live.ts'

const JOBS: readonly JobName[] = [
  'securities',
  'ticker-history',
  'prices-daily',
  'corporate-actions',
  'fundamentals-raw',
]
const world = withFewerBars(createWorld({ seed: 'as planned', securities: 70 }))
const window = { start_date: world.start_date, end_date: world.end_date }
let directory: string
let market: Market
let scratch: Scratch
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'planned-'))
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  market = await startMarketServers(world, { limits: { sec: null, alpaca: null } })
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(async () => {
  await market?.stop()
  await scratch?.drop()
  await rm(directory, { recursive: true, force: true })
})
const open = async (requests_max?: number) => {
  const bootstrap = JSON.parse(await readFile(join(import.meta.dirname, '../../bootstrap.json'), 'utf8'))
  return openHttpProviders(
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
      ...(requests_max === undefined ? {} : { requests_max }),
    },
  )
}
const runWith = async (requests_max?: number, resume_run_id?: string) => {
  const http = await open(requests_max)
  const asked_before = market.log.length
  const report = await ingest({
    connection: scratch.connection,
    jobs: jobsInOrder(JOBS),
    universe: await readUniverse(join(directory, 'universe.csv')),
    window,
    providers: http.providers,
    source: 'rehearsal',
    thresholds: {
      reject_max_ratio: 1,
      failed_max_ratio: 1,
      not_found_max_ratio: Object.fromEntries(JOBS.map((job) => [job, 1])),
    },
    ...(resume_run_id === undefined ? {} : { resume_run_id, reopen: ['deferred' as const] }),
  }).finally(http.close)
  return { report, asked: market.log.length - asked_before }
}

test('a limit of requests is exact, the rest is deferred, and a run with more completes it', async () => {
  const first = await runWith(17)
  expect([first.asked, first.report.state]).toEqual([17, 'halted'])
  expect(first.report.state_reason).toMatch(/items are deferred: .*: the limit of --max-requests is reached/)
  const second = await runWith(23, first.report.run_id)
  expect([second.asked, second.report.state]).toEqual([23, 'halted'])
  expect((await runWith(undefined, first.report.run_id)).report.state).toBe('complete')
})

test('what is planned is what is asked', async () => {
  const http = await open()
  const plan = await http.plan(JOBS, await readUniverse(join(directory, 'universe.csv')), window)
  await http.close()
  const { report } = await runWith()
  const planned = new Map<string, number>(
    plan.lines.flatMap(({ provider, jobs }) =>
      jobs.map(({ job, requests }) => [`${provider} ${job}`, requests] as const),
    ),
  )
  const askedOf = async (pattern: string) =>
    (
      await scratch.db.one<{ n: number }>(
        'select count(*)::int as n from ingestion.requests where run_id = $1 and url like $2',
        [report.run_id, pattern],
      )
    ).n
  // A plan knows no listings: whoever came or left within the window has fewer bars than are planned for, by
  // what the world knows.
  const sessions_count = world.calendar.sessions.filter(
    (day) => day >= window.start_date && day <= window.end_date,
  ).length
  const bars = world.securities.reduce((total, security) => total + security.bars.length, 0)
  const of_bars = await askedOf('%/v2/stocks/bars%')
  const planned_bars = planned.get('alpaca prices-daily') ?? 0
  expect(of_bars).toBeLessThanOrEqual(planned_bars)
  expect(of_bars).toBeGreaterThanOrEqual(
    Math.floor((planned_bars * bars) / (world.securities.length * sessions_count)),
  )
  expect(await askedOf('%/symdir/%')).toBe(planned.get('nasdaq-directory securities'))
  // Whoever has no filer in the universe may turn out to have one, and is planned for.
  const without_filer = (await readUniverse(join(directory, 'universe.csv'))).members.filter(
    ({ cik }) => cik === undefined,
  ).length
  expect((await askedOf('%/companyfacts/%')) + without_filer).toBe(planned.get('sec-edgar fundamentals-raw'))
  // Who is dead, and has to be asked for one by one, is not known before; nor how much happened in the
  // market, which is small here.
  // Older filings of a filer are in files that its answer names.
  const of_older_filings = await askedOf('%-submissions-%')
  expect(of_older_filings).toBeGreaterThan(0)
  const of_filers =
    (await askedOf('%/submissions/%')) - of_older_filings + (await askedOf('%company_tickers%'))
  const of_actions = await askedOf('%/corporate-actions%')
  const sum = (...names: string[]) => names.reduce((total, name) => total + (planned.get(name) ?? 0), 0)
  // The list of tickers, and everybody: both jobs ask for a filer, and share its answer.
  expect(of_filers).toBeLessThanOrEqual(1 + sum('sec-edgar corporate-actions'))
  expect(of_filers).toBeGreaterThan(sum('sec-edgar corporate-actions') * 0.8)
  expect(of_actions + (await askedOf('%/assets%'))).toBeLessThanOrEqual(
    sum('alpaca securities', 'alpaca ticker-history', 'alpaca corporate-actions'),
  )
})
