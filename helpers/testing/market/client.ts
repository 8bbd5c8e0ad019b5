import type { z } from 'zod'
import { type Market, REHEARSAL_KEYS, type Service } from '../../simulator/servers/servers.ts'
import * as schemas from './alpaca-schemas.ts'

/** A plain client for the tests of the simulator: no retry, no limit, nothing shared with the product's. */
export interface TestClient {
  get(service: Service, path: string, headers?: Record<string, string>): Promise<Response>
  /** The body of a 200, held against its schema. */
  read<S extends z.ZodType>(service: Service, path: string, schema: S): Promise<z.infer<S>>
}

export const TEST_HEADERS = {
  'user-agent': 'Rehearsal Test test@rehearsal.invalid',
  'apca-api-key-id': REHEARSAL_KEYS.key_id,
  'apca-api-secret-key': REHEARSAL_KEYS.secret_key,
} as const

export function createTestClient(market: Market): TestClient {
  const get: TestClient['get'] = (service, path, headers = TEST_HEADERS) =>
    fetch(`${market.origins[service]}${path}`, { headers })
  return {
    get,
    read: async (service, path, schema) => {
      const response = await get(service, path)
      if (response.status !== 200)
        throw new Error(`${service} answered ${response.status} to ${path}: ${await response.text()}`)
      return schema.parse(await response.json())
    },
  }
}

/**
 * Every daily bar of the world's five years, page by page. `more` holds further parameters, e.g. `asof=-`.
 */
export async function readBars(
  client: TestClient,
  symbols: readonly string[],
  more: string,
): Promise<{ symbol: string; day: string; close: number }[]> {
  const found: { symbol: string; day: string; close: number }[] = []
  for (let token: string | null = ''; token !== null; ) {
    const path =
      `/v2/stocks/bars?symbols=${symbols.join()}&timeframe=1Day&start=2020-01-02&end=2025-01-03` +
      `&${more}&page_token=${encodeURIComponent(token)}`
    const page: { bars: Record<string, { t: string; c: number }[]>; next_page_token: string | null } =
      await client.read('alpacaData', path, schemas.bars)
    for (const [symbol, bars] of Object.entries(page.bars))
      for (const bar of bars) found.push({ symbol, day: bar.t.slice(0, 10), close: bar.c })
    token = page.next_page_token
  }
  return found
}

/** Every corporate action, by group, page by page. */
export async function readActions(
  client: TestClient,
  more = 'limit=1000',
): Promise<Map<string, { id: string }[]>> {
  const groups = new Map<string, { id: string }[]>()
  for (let token: string | null = ''; token !== null; ) {
    const path =
      '/v1/corporate-actions?start=2020-01-01&end=2026-01-01' +
      `&${more}&page_token=${encodeURIComponent(token)}`
    const page: {
      corporate_actions: Record<string, { id: string }[] | undefined>
      next_page_token: string | null
    } = await client.read('alpacaData', path, schemas.corporateActions)
    for (const [group, events] of Object.entries(page.corporate_actions))
      groups.set(group, [...(groups.get(group) ?? []), ...(events ?? [])])
    token = page.next_page_token
  }
  return groups
}
