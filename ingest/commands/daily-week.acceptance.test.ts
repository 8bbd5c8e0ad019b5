/** A week of daily runs over a market that moves on, against one clean load at its end. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { lastTicker, nameAtBroker } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { jobsInOrder } from '../jobs.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { openHttpProviders } from '../providers/live.ts'
import { worldAsOf } from '../testing/commands/as-of.ts'
import { contentOf } from '../testing/flat-files/delivery.ts'
import { readUniverse } from '../universe/read.ts'
import { CHECKS } from '../validation/checks.ts'
import { runDaily } from './daily.ts'

const world = createWorld({ seed: 'day after day', securities: 60 })
let directory: string
let scratches: Scratch[]
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'week-'))
  scratches = []
})
afterEach(async () => {
  for (const { drop } of scratches) await drop()
  await rm(directory, { recursive: true, force: true })
})
const database = async (): Promise<Scratch> => {
  const scratch = await scratchDatabase({ migrated: true })
  scratches.push(scratch)
  return scratch
}

/**
 * The universe as somebody keeps it: a line for each listing when it comes, with the ticker of that day,
 * never touched again.
 */
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

/** One run in the market of `day`, in the evening. */
async function on<T>(
  day: string,
  { connection }: Scratch,
  work: (options: Omit<IngestOptions, 'jobs' | 'window'>, now: Date) => Promise<T>,
): Promise<T> {
  const bootstrap = JSON.parse(
    await readFile(join(import.meta.dirname, '..', '..', 'bootstrap.json'), 'utf8'),
  )
  const market = await startMarketServers(worldAsOf(world, day), { limits: { sec: null, alpaca: null } })
  const now = new Date(`${day}T22:30:00Z`)
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
  const options = {
    connection,
    universe: await universeOf(day),
    providers: http.providers,
    source: 'rehearsal',
    // A small market: one security without bars is more than the hundredth part that is allowed of a large
    // one.
    thresholds: {
      ...bootstrap.thresholds,
      not_found_max_ratio: { ...bootstrap.thresholds.not_found_max_ratio, 'prices-daily': 0.05 },
    },
  }
  return work(options, now).finally(async () => {
    await http.close()
    await market.stop()
  })
}
/** Half a year is enough for a week, and quick. */
const windowOf = (day: string) => ({ start_date: `${Number(day.slice(0, 4)) - 1}-10-01`, end_date: day })
const load = (day: string, scratch: Scratch) =>
  on(day, scratch, (options) => ingest({ ...options, jobs: jobsInOrder(), window: windowOf(day) }))
const daily = (day: string, scratch: Scratch) =>
  on(day, scratch, (options, now) =>
    runDaily({ ...options, now, overlap_sessions: 10, checks: CHECKS, window: windowOf(day) }),
  )

const allOf = async ({ db }: Scratch) => ({
  ...(await contentOf(db)),
  factors: (
    await db.rows<{ row: string }>(
      `select t::text as row from stocks_research.adjustment_factors t order by 1`,
    )
  ).map(({ row }) => row),
  derived: (
    await db.rows<{ row: string }>(
      `select t::text as row from stocks_research.fundamentals_derived t order by 1`,
    )
  ).map(({ row }) => row),
})

test.each([
  ['two renames, and a day without a run', ['2022-09-30', '2022-10-03', '2022-10-04', '2022-10-06']],
  ['an IPO, added to the universe, and a spin-off', ['2022-04-01', '2022-04-04', '2022-04-05']],
  ['a merger, a Saturday and a Sunday', ['2021-08-12', '2021-08-13', '2021-08-14', '2021-08-16']],
])(
  'a week with %s ends with what a clean load has',
  async (_what, days) => {
    const [first = '', ...others] = days
    const last = others.at(-1) ?? first
    lines.clear()
    const kept = await database()
    await load(first, kept)
    for (const day of others) {
      const { runs, validation } = await daily(day, kept)
      expect([
        day,
        runs.flatMap(({ jobs }) =>
          jobs.flatMap(({ job, gaps }) =>
            gaps
              .filter(({ status }) => status !== 'not_found')
              .map(({ item, reason }) => [job, item, reason]),
          ),
        ),
      ]).toEqual([day, []])
      expect([
        day,
        validation.checks
          .filter(
            ({ severity, violations_count, accepted_count }) =>
              severity === 'hard' && violations_count > accepted_count,
          )
          .map(({ name }) => name),
      ]).toEqual([day, []])
    }
    const clean = await database()
    await load(last, clean)
    const had = await allOf(clean)
    const has = await allOf(kept)
    for (const [table, rows] of Object.entries(had)) {
      const now = new Set(has[table as keyof typeof has])
      const before = new Set(rows)
      expect([
        table,
        rows.filter((row) => !now.has(row)).slice(0, 5),
        [...now].filter((row) => !before.has(row)).slice(0, 5),
      ]).toEqual([table, [], []])
    }
  },
  300_000,
)
