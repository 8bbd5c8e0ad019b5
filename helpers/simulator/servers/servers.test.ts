import { describe, expect, test } from 'vitest'
import * as schemas from '../../testing/market/alpaca-schemas.ts'
import { createTestClient, readBars, type TestClient } from '../../testing/market/client.ts'
import { createWorld } from '../market/world.ts'
import { createFaultSource, type FaultKind, REHEARSAL_FAULTS } from './faults.ts'
import { type Market, type MarketOptions, startMarketServers } from './servers.ts'

const world = createWorld({ securities: 62 })
const NO_LIMITS = { sec: null, alpaca: null }
const allTickers = [
  ...new Set(world.securities.flatMap((security) => security.tickers.map(({ ticker }) => ticker))),
]

/** Starts a market of its own for one test. */
async function withMarket(
  options: MarketOptions,
  use: (client: TestClient, market: Market) => Promise<void>,
): Promise<void> {
  const market = await startMarketServers(world, options)
  try {
    await use(createTestClient(market), market)
  } finally {
    await market.stop()
  }
}

describe('limits', () => {
  test('refuse the request above the limit, count it, and let both hosts of the SEC share one', async () => {
    await withMarket(
      { limits: { sec: { requests: 3, window_ms: 60_000 }, alpaca: { requests: 2, window_ms: 60_000 } } },
      async (client, market) => {
        const paths = ['/submissions/CIK0000000001.json', '/submissions/CIK0000000002.json'] as const
        const statuses = [
          await client.get('secData', paths[0]),
          await client.get('sec', '/files/company_tickers.json'),
          await client.get('secData', paths[1]),
          await client.get('sec', '/files/company_tickers.json'),
        ]
        expect(statuses.map((response) => response.status)).toEqual([404, 200, 404, 403])
        expect(await statuses[3]?.text()).toContain('Request Rate Threshold Exceeded')
        for (let request = 0; request < 2; request++)
          expect((await client.get('alpacaTrading', '/v2/assets')).status).toBe(200)
        const refused = await client.get('alpacaData', '/v1/corporate-actions')
        expect([
          refused.status,
          refused.headers.get('x-ratelimit-limit'),
          refused.headers.get('x-ratelimit-remaining'),
        ]).toEqual([429, '2', '0'])
        expect(market.refused()).toEqual({ sec: 1, secData: 0, nasdaq: 0, alpacaData: 1, alpacaTrading: 0 })
      },
    )
  })
})

describe('faults', () => {
  const one = (kind: FaultKind) => ({
    limits: NO_LIMITS,
    faults: { at: [{ match: '/v2/assets', kind, times: 1 }], retry_after_s: 7 },
  })

  test('are sent as planned, once, and then the answer follows', async () => {
    const seen: Record<string, unknown> = {}
    for (const kind of [
      'throttled_with_wait',
      'throttled_bare',
      'server_error',
      'html_page',
      'quota_in_200',
    ] as const) {
      await withMarket(one(kind), async (client, market) => {
        const response = await client.get('alpacaTrading', '/v2/assets')
        await response.text()
        seen[kind] = [
          response.status,
          response.headers.get('retry-after'),
          response.headers.get('content-type'),
        ]
        await client.read('alpacaTrading', '/v2/assets', schemas.assets)
        expect(market.log.map((request) => request.fault)).toEqual([kind, null])
      })
    }
    expect(seen).toEqual({
      throttled_with_wait: [429, '7', 'application/json'],
      throttled_bare: [429, null, 'application/json'],
      server_error: [503, null, 'text/html'],
      html_page: [200, null, 'text/html'],
      quota_in_200: [200, null, 'application/json'],
    })
  })

  test('cut a body in the middle of what its length promised', async () => {
    await withMarket(one('cut_body'), async (client) => {
      const response = await client.get('alpacaTrading', '/v2/assets')
      await expect(response.arrayBuffer()).rejects.toThrow()
      await client.read('alpacaTrading', '/v2/assets', schemas.assets)
    })
  })

  test('depend on the requests, not on their order', () => {
    const requests = Array.from({ length: 500 }, (_, index) => `/submissions/CIK${index}.json`)
    const plan = { seed: 'a', ratio: 0.2, times_max: 1 }
    const forwards = createFaultSource(plan)
    const backwards = createFaultSource(plan)
    const other = createFaultSource({ ...plan, seed: 'b' })
    const first = requests.map((request) => forwards.next('secData', request))
    const second = requests
      .toReversed()
      .map((request) => backwards.next('secData', request))
      .reverse()
    expect(second).toEqual(first)
    expect(requests.map((request) => other.next('secData', request))).not.toEqual(first)
    expect(
      requests.map((request) => forwards.next('secData', request)).every((fault) => fault === null),
    ).toBe(true)
    expect(first.filter((fault) => fault !== null).length).toBeGreaterThan(50)
  })

  test('bring records twice and pages out of order, and lose none', async () => {
    await withMarket(
      { limits: NO_LIMITS, faults: { duplicates: true, shuffled_pages: true } },
      async (client) => {
        const bars = (await readBars(client, allTickers, 'limit=5000&asof=-')).map(
          (bar) => `${bar.symbol} ${bar.day} ${bar.close}`,
        )
        await withMarket({ limits: NO_LIMITS }, async (orderly) => {
          const calm = (await readBars(orderly, allTickers, 'limit=5000&asof=-')).map(
            (bar) => `${bar.symbol} ${bar.day} ${bar.close}`,
          )
          expect(bars.length).toBeGreaterThan(calm.length)
          expect([...new Set(bars)].sort()).toEqual(calm.toSorted())
          expect([...new Set(bars)]).not.toEqual(calm)
        })
      },
    )
  })

  test('lose what the plan says is lost, for good', async () => {
    const filer = world.filers[0]?.cik ?? ''
    const ticker = allTickers[0] ?? ''
    await withMarket(
      { limits: NO_LIMITS, faults: { broken_ciks: [filer], hidden_tickers: [ticker] } },
      async (client) => {
        for (let again = 0; again < 3; again++)
          expect((await client.get('secData', `/api/xbrl/companyfacts/CIK${filer}.json`)).status).toBe(503)
        expect(await readBars(client, [ticker], 'asof=-')).toEqual([])
      },
    )
  })

  test('of the rehearsal lose nothing', async () => {
    expect([REHEARSAL_FAULTS.broken_ciks, REHEARSAL_FAULTS.hidden_tickers]).toEqual([undefined, undefined])
    expect(REHEARSAL_FAULTS.at?.some((entry) => entry.kind === 'quota_in_200')).toBe(false)
  })
})
