import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../../helpers/core/log.ts'
import { WIRE } from '../../helpers/simulator/market/dialect.ts'
import { lastTicker, universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { lossesOf, withLosses } from '../../helpers/simulator/rehearsal.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { differencesFromTruth } from '../../helpers/testing/market/differences.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { verifyArchive } from '../archive/inspect.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import { ingest } from '../pipeline/run.ts'
import { contentOf } from '../testing/flat-files/delivery.ts'
import { withFewerBars } from '../testing/validation/thin-world.ts'
import { readUniverse } from '../universe/read.ts'
import { openHttpProviders } from './live.ts'

const world = withFewerBars(createWorld({ seed: 'providers over HTTP', securities: 70 }))
const losses = lossesOf(world)
const FAULTS = {
  seed: 'faults',
  ratio: 0.1,
  times_max: 2,
  retry_after_s: 1,
  duplicates: true,
  shuffled_pages: true,
  hidden_tickers: [lastTicker(losses.hidden)],
  broken_ciks: [losses.broken.cik ?? ''],
}

describe('the free providers, against servers that speak their language and fail', () => {
  let directory: string
  let market: Market
  let set: Record<string, string[]>
  const scratches: Scratch[] = []
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'market-'))
    await writeFile(join(directory, 'universe.csv'), universeCsv(world))
    market = await startMarketServers(world, { faults: FAULTS })
    set = JSON.parse(await readFile(join(import.meta.dirname, '../../bootstrap.json'), 'utf8')).provider_sets[
      'free-keys'
    ]
  })
  afterAll(async () => {
    await market?.stop()
    for (const { drop } of scratches) await drop()
    await rm(directory, { recursive: true, force: true })
  })

  async function run(mode: 'rehearsal' | 'replay', archive: string) {
    const { sec, secData, nasdaq, alpacaData, alpacaTrading } = market.origins
    const stand_ins = {
      'https://www.sec.gov': sec,
      'https://data.sec.gov': secData,
      'https://www.nasdaqtrader.com': nasdaq,
      'https://data.alpaca.markets': alpacaData,
      'https://paper-api.alpaca.markets': alpacaTrading,
    }
    const scratch = await scratchDatabase({ migrated: true })
    scratches.push(scratch)
    const directories = { data: directory, archive, backups: directory, reports: directory }
    const source = mode === 'replay' ? { mode, directory: archive } : { mode }
    const http = openHttpProviders(
      { source, directories, providers: { variables: new Map(), set, stand_ins } },
      { connection: scratch.connection, log: silentLog(), now: new Date('2025-01-04T12:00:00Z') },
    )
    const report = await ingest({
      connection: scratch.connection,
      jobs: jobsInOrder(),
      universe: await readUniverse(join(directory, 'universe.csv')),
      window: { start_date: world.start_date, end_date: world.end_date },
      providers: http.providers,
      source: mode,
      thresholds: {
        reject_max_ratio: 1,
        failed_max_ratio: 1,
        not_found_max_ratio: Object.fromEntries(JOB_NAMES.map((job) => [job, 1])),
      },
    }).finally(http.close)
    return { report, scratch, requests: http.requests() }
  }

  test('are read through every fault; a replay gives the same rows with zero requests', async () => {
    const archive = join(directory, 'archive')
    const live = await run('rehearsal', archive)
    // The deliberate losses, by name, and nobody else.
    const { broken, hidden } = losses
    const gapsOf = (status: string) =>
      live.report.jobs.flatMap(({ job, gaps }) =>
        gaps.filter((gap) => gap.status === status).map(({ item }) => `${job} ${item}`),
      )
    expect(gapsOf('failed')).toEqual([
      `corporate-actions ${broken.source_id}`,
      `fundamentals-raw ${broken.cik}`,
    ])
    expect(gapsOf('deferred')).toEqual([])
    expect(gapsOf('not_found').filter((gap) => gap.startsWith('prices-daily'))).toEqual([
      `prices-daily ${hidden.source_id}`,
    ])
    const { differences, compared } = await differencesFromTruth(live.scratch.db, world, {
      dialect: withLosses(WIRE, losses),
    })
    expect(differences).toEqual([])
    expect(compared.delisting_returns).toBeGreaterThanOrEqual(6)
    expect(compared.bars).toBe(
      world.securities.reduce((sum, { bars }) => sum + bars.length, 0) - hidden.bars.length,
    )
    expect(Object.values(market.refused())).toEqual([0, 0, 0, 0, 0])
    expect(await live.scratch.db.rows('select * from stocks_research.refused_events')).toEqual([])
    expect(new Set(market.log.map(({ fault }) => fault)).size).toBeGreaterThan(4)

    const ledger = await live.scratch.db.rows<{ class: string | null }>(
      'select class from ingestion.requests where run_id is not null',
    )
    expect(ledger).toHaveLength(market.log.length)
    expect(ledger.filter((row) => row.class === 'ok' || row.class === 'not_found').length).toBe(
      market.log.filter(({ fault }) => fault === null).length,
    )
    expect(await verifyArchive(archive)).toMatchObject({ parts: 0, faults: [] })

    const asked_before = market.log.length
    const replay = await run('replay', archive)
    expect([market.log.length, replay.requests]).toEqual([asked_before, 0])
    const content = await contentOf(live.scratch.db)
    expect(Object.values(content).filter((rows) => rows.length === 0)).toEqual([])
    expect(await contentOf(replay.scratch.db)).toEqual(content)
  })
})
