import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../../helpers/core/log.ts'
import { type Dialect, WIRE } from '../../helpers/simulator/market/dialect.ts'
import { lastTicker, universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import { withRealNotations } from '../../helpers/simulator/market/notations.ts'
import { type Spelling, spell } from '../../helpers/simulator/market/spelling.ts'
import type { Security, World } from '../../helpers/simulator/market/types.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { lossesOf } from '../../helpers/simulator/rehearsal.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { differencesFromTruth } from '../../helpers/testing/market/differences.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import { ingest } from '../pipeline/run.ts'
import { readUniverse } from '../universe/read.ts'
import { openHttpProviders } from './live.ts'

const { world: market_world, cast } = withRealNotations(
  createWorld({ seed: 'real notations', securities: 190 }),
)
const securities = market_world.securities.filter(({ scenario }) => /^(real_notation|plain)$/.test(scenario))
const ciks = new Set(securities.map(({ cik }) => cik))
/** What is reported of others is shown by the market of market.test.ts. */
const world: World = {
  ...market_world,
  securities,
  filers: market_world.filers.filter(({ cik }) => ciks.has(cik)),
}
/** Its symbol is refused by the broker, with the whole request that holds it. */
const refused = lossesOf(world).hidden
/** The evening of the last session, for a plan that has nothing of today. */
const now = () => new Date(`${world.end_date}T22:00:00Z`)

/** Nobody writes the special securities as the broker does, and nobody knows the id of one that is listed. */
const SPELLINGS: readonly (readonly [Security, Spelling])[] = [
  [cast.preferred, 'sec'],
  [cast.warrant, 'nasdaq'],
  [cast.right, 'cqs'],
  [cast.unit_warrant, 'act'],
]
function universe(): string {
  let csv = universeCsv(world)
  for (const [security, spelling] of SPELLINGS) {
    const row = new RegExp(`^${security.source_id},.*$`, 'm')
    csv = csv.replace(row, `${security.source_id},${spell(lastTicker(security), spelling)},,`)
  }
  return csv
}

/** What is planted is not reported: the bars of today, and those of the refused symbol. */
const REPORTED: Dialect = {
  ...WIRE,
  reported(truth) {
    const reported = WIRE.reported(truth)
    const barsOf = (security: Security) =>
      security.source_id === refused.source_id
        ? []
        : security.bars.filter(({ date }) => date < truth.end_date)
    return {
      ...reported,
      securities: reported.securities.map((security) => ({ ...security, bars: barsOf(security) })),
    }
  },
}

describe('a market in the notations of the real providers', () => {
  let directory: string
  let market: Market
  let scratch: Scratch
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'real-notations-'))
    await writeFile(join(directory, 'universe.csv'), universe())
    market = await startMarketServers(world, {
      now,
      faults: {
        refused_tickers: [lastTicker(refused)],
        is_today_forbidden: true,
        duplicates: true,
        at: [{ match: 'otherlisted', kind: 'missing_page', times: 1 }],
      },
    })
    scratch = await scratchDatabase({ migrated: true })
  })
  afterAll(async () => {
    await market?.stop()
    await scratch?.drop()
    await rm(directory, { recursive: true, force: true })
  })

  test('gives rows that equal the truth, without what is planted', async () => {
    const file = join(import.meta.dirname, '../../bootstrap.json')
    const set = JSON.parse(await readFile(file, 'utf8')).provider_sets['free-keys']
    const directories = { data: directory, archive: directory, backups: directory, reports: directory }
    const http = openHttpProviders(
      {
        source: { mode: 'rehearsal' },
        directories,
        providers: { variables: new Map(), set, stand_ins: market.stand_ins },
      },
      { connection: scratch.connection, log: silentLog(), now: now() },
    )
    const report = await ingest({
      connection: scratch.connection,
      jobs: jobsInOrder(),
      universe: await readUniverse(join(directory, 'universe.csv')),
      window: { start_date: world.start_date, end_date: world.end_date },
      providers: http.providers,
      source: 'rehearsal',
      thresholds: {
        reject_max_ratio: 1,
        failed_max_ratio: 1,
        not_found_max_ratio: Object.fromEntries(JOB_NAMES.map((job) => [job, 1])),
      },
    }).finally(http.close)
    const gaps = report.jobs.flatMap(({ job, gaps }) => gaps.map((gap) => ({ job, ...gap })))
    const { differences, compared } = await differencesFromTruth(scratch.db, world, { dialect: REPORTED })
    expect(differences).toEqual([])
    expect(gaps.map(({ job, item, status }) => [job, item, status])).toEqual([
      ['prices-daily', refused.source_id, 'not_found'],
    ])
    expect(report.jobs.filter(({ rows_rejected }) => rows_rejected > 0)).toEqual([])
    const reported = REPORTED.reported(world).securities
    expect(compared.bars).toBe(reported.reduce((sum, { bars }) => sum + bars.length, 0))
    expect(compared.bars).toBeGreaterThan(30_000)
  })

  test('is met by each of its refusals', () => {
    const statuses = market.log.map(({ service, status }) => `${service} ${status}`)
    expect(new Set(statuses.filter((status) => !status.endsWith(' 200')))).toEqual(
      new Set(['nasdaq 404', 'alpacaData 400', 'alpacaData 403']),
    )
  })
})
