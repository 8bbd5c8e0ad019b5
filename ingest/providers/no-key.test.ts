/**
 * The set of providers that needs no key, from its first request to its last row: the SEC, the symbol
 * directories, and Yahoo.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REHEARSAL_HASTE } from '../../helpers/config/rehearsal.ts'
import { silentLog } from '../../helpers/core/log.ts'
import { lastTicker, universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import type { Security } from '../../helpers/simulator/market/types.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { tickerFor } from '../adapter/notation.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import type { RunReport } from '../pipeline/report.ts'
import { ingest } from '../pipeline/run.ts'
import { json, serve, type TestServer } from '../testing/http/server.ts'
import { withFewerBars } from '../testing/validation/thin-world.ts'
import { readUniverse } from '../universe/read.ts'
import { openHttpProviders } from './live.ts'

const world = withFewerBars(createWorld({ seed: 'without a key', securities: 60 }))
const listed = world.securities.filter(({ delist_date }) => delist_date === null)
let directory: string
let market: Market
let yahoo: TestServer
let scratch: Scratch
let report: RunReport
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'no-key-'))
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  market = await startMarketServers(world, { limits: { sec: null, alpaca: null } })
  const bySymbol = new Map(
    listed.map((security) => [tickerFor(lastTicker(security), 'yahoo') ?? '', security]),
  )
  yahoo = await serve(({ url }, response) => {
    const security = bySymbol.get(decodeURIComponent((url ?? '').split('?')[0]?.split('/').at(-1) ?? ''))
    if (security === undefined)
      json(
        response,
        { chart: { result: null, error: { code: 'Not Found', description: 'No data found' } } },
        404,
      )
    else json(response, { chart: { result: [chartOf(security)], error: null } })
  })
  scratch = await scratchDatabase({ migrated: true })
  const bootstrap = JSON.parse(await readFile(join(import.meta.dirname, '../../bootstrap.json'), 'utf8'))
  const {
    ['https://data.alpaca.markets']: _,
    ['https://paper-api.alpaca.markets']: __,
    ...stand_ins
  } = market.stand_ins
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
        set: bootstrap.provider_sets['free-no-key'],
        stand_ins: { ...stand_ins, 'https://query2.finance.yahoo.com': yahoo.origin },
      },
    },
    {
      connection: scratch.connection,
      log: silentLog(),
      now: new Date('2025-01-04T12:00:00Z'),
      credentials: { SEC_USER_AGENT: 'Jane Doe jane@example.com', YAHOO_ENABLED: '1' },
      haste: REHEARSAL_HASTE,
    },
  )
  report = await ingest({
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
}, 120_000)
afterAll(async () => {
  await market?.stop()
  await yahoo?.close()
  await scratch?.drop()
  await rm(directory, { recursive: true, force: true })
})

/**
 * As Yahoo draws it: adjusted for every split until today, in floats of 32 bits, at half past nine in New
 * York.
 */
function chartOf(security: Security) {
  const { bars, actions } = security
  const splits = actions.flatMap((action) => ('split_to' in action ? [action] : []))
  const factorAt = (date: string) =>
    splits
      .filter(({ ex_date }) => ex_date > date)
      .reduce((product, { split_to, split_from }) => (product * Number(split_to)) / Number(split_from), 1)
  const secondsOf = (date: string) => Date.parse(`${date}T14:30:00Z`) / 1000
  const prices = (name: 'open_cents' | 'high_cents' | 'low_cents' | 'close_cents') =>
    bars.map((bar) => Math.fround(bar[name] / 100 / factorAt(bar.date)))
  const dividends = actions.flatMap((action) =>
    'amount' in action && action.kind !== 'spin_off' ? [action] : [],
  )
  return {
    meta: {
      currency: 'USD',
      symbol: tickerFor(lastTicker(security), 'yahoo'),
      exchangeTimezoneName: 'America/New_York',
    },
    timestamp: bars.map(({ date }) => secondsOf(date)),
    events: {
      splits: Object.fromEntries(
        splits.map(({ ex_date, split_to, split_from }) => [
          secondsOf(ex_date),
          {
            date: secondsOf(ex_date),
            numerator: Number(split_to),
            denominator: Number(split_from),
            splitRatio: `${split_to}:${split_from}`,
          },
        ]),
      ),
      // Several dividends of one day are one at Yahoo: its events are by time.
      dividends: Object.fromEntries(
        [...Map.groupBy(dividends, ({ ex_date }) => ex_date)].map(([ex_date, some]) => {
          const amount = some.reduce((sum, each) => sum + Number(each.amount), 0)
          return [
            secondsOf(ex_date),
            { date: secondsOf(ex_date), amount: Math.fround(amount / factorAt(ex_date)) },
          ]
        }),
      ),
    },
    indicators: {
      quote: [
        {
          open: prices('open_cents'),
          high: prices('high_cents'),
          low: prices('low_cents'),
          close: prices('close_cents'),
          volume: bars.map((bar) => Math.round(bar.volume_shares * factorAt(bar.date))),
        },
      ],
    },
  }
}

test('every job ran, and each loss has a name and a reason', () => {
  expect(report.jobs.map(({ job }) => job)).toEqual([...JOB_NAMES])
  expect(['complete', 'complete_with_gaps']).toContain(report.state)
  const of_prices = report.jobs.find(({ job }) => job === 'prices-daily')?.gaps ?? []
  const dead = new Set(
    world.securities.filter(({ delist_date }) => delist_date !== null).map(({ source_id }) => source_id),
  )
  expect(of_prices.filter(({ item }) => !dead.has(item))).toEqual([])
  expect(of_prices.filter(({ reason }) => reason === '')).toEqual([])
})

test('every bar of what is listed is as it was traded, through every split', async () => {
  const rows = await scratch.db.rows<{ source_id: string; bar: string }>(
    `select s.source_id,
       format('%s %s %s %s %s', p.trade_date, trim_scale(p.open), trim_scale(p.high), trim_scale(p.low),
         trim_scale(p.close)) as bar
     from stocks_research.prices_daily p
     join stocks_research.securities s using (security_id)
     order by 1, p.trade_date`,
  )
  const found = Map.groupBy(rows, ({ source_id }) => source_id)
  const price = (cents: number): string => String(cents / 100)
  const wrong = listed.flatMap(({ source_id, bars }) => {
    const had = (found.get(source_id) ?? []).map(({ bar }) => bar)
    const was = bars.map((bar) =>
      [bar.date, ...[bar.open_cents, bar.high_cents, bar.low_cents, bar.close_cents].map(price)].join(' '),
    )
    return had.length === was.length
      ? was.filter((bar, i) => bar !== had[i]).map((bar) => [source_id, bar])
      : [[source_id, had.length, was.length]]
  })
  expect(wrong.slice(0, 10)).toEqual([])
  expect(rows.length).toBe(listed.reduce((sum, { bars }) => sum + bars.length, 0))
})

test('so are its splits, and its dividends as they were paid', async () => {
  const rows = await scratch.db.rows<{ event: string }>(
    `select
       format('%s %s %s', s.source_id, a.ex_date,
         coalesce(round(a.split_to / a.split_from, 6), round(a.cash_amount, 4))) as event
     from stocks_research.corporate_actions a join stocks_research.securities s using (security_id)
     where a.kind in ('split', 'cash_dividend') order by 1`,
  )
  const truth = listed.flatMap(({ source_id, actions }) => {
    const splits = actions.flatMap((action) =>
      'split_to' in action
        ? [
            `${source_id} ${action.ex_date} ` +
              `${(Number(action.split_to) / Number(action.split_from)).toFixed(6)}`,
          ]
        : [],
    )
    const paid = actions.flatMap((action) =>
      'amount' in action && action.kind !== 'spin_off' ? [action] : [],
    )
    const dividends = [...Map.groupBy(paid, ({ ex_date }) => ex_date)].map(
      ([ex_date, some]) =>
        `${source_id} ${ex_date} ${some.reduce((sum, { amount }) => sum + Number(amount), 0).toFixed(4)}`,
    )
    return [...splits, ...dividends]
  })
  expect(rows.map(({ event }) => event)).toEqual(truth.toSorted())
})
