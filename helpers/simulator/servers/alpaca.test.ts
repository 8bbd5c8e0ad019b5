import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as schemas from '../../testing/market/alpaca-schemas.ts'
import {
  createTestClient,
  readActions,
  readBars,
  TEST_HEADERS,
  type TestClient,
} from '../../testing/market/client.ts'
import type { Security } from '../market/types.ts'
import { createWorld } from '../market/world.ts'
import { type Market, startMarketServers } from './servers.ts'

const world = createWorld({ securities: 62 })
const WINDOW = 'start=2020-01-02&end=2025-01-03'
const allTickers = [
  ...new Set(world.securities.flatMap((security) => security.tickers.map(({ ticker }) => ticker))),
]

/** Bars of the truth as `security day close`, by whoever held the ticker that day. */
const truthOf = (securities: readonly Security[]): string[] =>
  securities
    .flatMap((security) =>
      security.bars.map((bar) => `${security.source_id} ${bar.date} ${bar.close_cents / 100}`),
    )
    .sort()

function heldBy(symbol: string, day: string): string {
  const holder = [...world.securities, ...world.outsiders].find((security) =>
    security.tickers.some(
      ({ ticker, valid_from, valid_to }) =>
        ticker === symbol && valid_from <= day && (valid_to === null || day <= valid_to),
    ),
  )
  return holder?.source_id ?? 'nobody'
}

describe('the broker', () => {
  let market: Market
  let client: TestClient
  beforeAll(async () => {
    market = await startMarketServers(world, { limits: { alpaca: null } })
    client = createTestClient(market)
  })
  afterAll(() => market.stop())

  test('serves every bar of the truth once, as traded, by asof=-', async () => {
    const bars = await readBars(client, allTickers, 'limit=10000&asof=-')
    const in_universe = bars
      .map((bar) => `${heldBy(bar.symbol, bar.day)} ${bar.day} ${bar.close}`)
      .filter((line) => !world.outsiders.some(({ source_id }) => line.startsWith(source_id)))
    expect(in_universe.sort()).toEqual(truthOf(world.securities))
  })

  test('serves the bars of another company too, under a ticker that it took over', async () => {
    const bars = await readBars(client, allTickers, 'limit=10000&asof=-')
    expect(
      bars.filter((bar) => world.outsiders.some(({ source_id }) => source_id === heldBy(bar.symbol, bar.day)))
        .length,
    ).toBeGreaterThan(100)
  })

  test('hides the first owner of a reused ticker without asof=-', async () => {
    const reused = world.securities.find((security) => security.scenario === 'ticker_second_owner')
    const bars = await readBars(client, [reused?.tickers[0]?.ticker ?? ''], 'limit=10000')
    expect(bars[0]?.day).toBe(reused?.list_date)
    expect(bars).toHaveLength(reused?.bars.length ?? 0)
  })

  test('cuts at a thousand points unless asked for more, and says so by the token alone', async () => {
    const page = await client.read(
      'alpacaData',
      `/v2/stocks/bars?symbols=${allTickers.join()}&timeframe=1Day&${WINDOW}`,
      schemas.bars,
    )
    expect(Object.values(page.bars).flat()).toHaveLength(1000)
    expect(page.next_page_token).not.toBeNull()
  })

  test('has no bars of an unknown symbol, and refuses an invalid one', async () => {
    expect(await readBars(client, ['ZZZZ'], 'asof=-')).toEqual([])
    const refused = await client.get(
      'alpacaData',
      `/v2/stocks/bars?symbols=ZQAA,not%20a%20symbol&timeframe=1Day&${WINDOW}`,
    )
    expect([refused.status, schemas.alpacaError.parse(await refused.json()).message]).toEqual([
      400,
      'invalid symbol: not a symbol',
    ])
  })

  test('serves every action of the truth once, but for voluntary delistings', async () => {
    const groups = await readActions(client, 'limit=50')
    const actions = [...world.securities, ...world.outsiders].flatMap((security) => security.actions)
    const count = (...kinds: string[]): number =>
      actions.filter((action) => kinds.includes(action.kind)).length
    const served = (group: string): number => groups.get(group)?.length ?? 0
    expect(served('cash_dividends')).toBe(count('cash_dividend', 'special_dividend'))
    expect(served('forward_splits')).toBe(count('split'))
    expect(served('reverse_splits')).toBe(count('reverse_split'))
    expect(served('stock_dividends')).toBe(count('stock_dividend'))
    expect(served('spin_offs')).toBe(count('spin_off'))
    expect(served('name_changes')).toBe(count('name_change'))
    expect(served('redemptions')).toBe(count('liquidation'))
    expect(served('cash_mergers') + served('stock_mergers') + served('stock_and_cash_mergers')).toBe(
      count('merger'),
    )
    expect(served('worthless_removals')).toBe(
      actions.filter((action) => action.kind === 'delisting' && action.reason === 'bankruptcy').length,
    )
    const ids = [...groups.values()].flat().map((event) => event.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('lists the dead among the inactive, under their last symbol', async () => {
    const inactive = await client.read('alpacaTrading', '/v2/assets?status=inactive', schemas.assets)
    const active = await client.read('alpacaTrading', '/v2/assets?status=active', schemas.assets)
    const dead = world.securities.filter((security) => security.delist_date !== null)
    expect(inactive.map((one) => one.id).sort()).toEqual(dead.map((security) => security.asset_id).sort())
    expect(active).toHaveLength(world.securities.length + world.outsiders.length - dead.length)
  })

  test('refuses absent and wrong keys with the bodies of either host', async () => {
    const bars = `/v2/stocks/bars?symbols=ZQAA&timeframe=1Day&${WINDOW}`
    const absent = await client.get('alpacaData', bars, {})
    const wrong = await client.get('alpacaData', bars, { ...TEST_HEADERS, 'apca-api-secret-key': 'x' })
    const trading = await client.get('alpacaTrading', '/v2/assets', {})
    expect([absent.status, wrong.status, trading.status]).toEqual([401, 403, 401])
    for (const response of [absent, wrong, trading]) schemas.alpacaError.parse(await response.json())
  })
})
