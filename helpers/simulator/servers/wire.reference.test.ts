import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import * as alpaca from '../../testing/market/alpaca-schemas.ts'
import { createTestClient, type TestClient } from '../../testing/market/client.ts'
import * as sec from '../../testing/market/sec-schemas.ts'
import { referenceFolder } from '../../testing/reference.ts'
import { createWorld } from '../market/world.ts'
import { type Market, type Service, startMarketServers } from './servers.ts'

const recorded = (file: string): string => {
  const bytes = readFileSync(join(referenceFolder(), 'wire', file))
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

const world = createWorld({ securities: 62 })
const filer = world.filers.find((one) => one.filings.length + one.announcements.length > 40)?.cik ?? ''
const symbols = world.securities.map((security) => security.tickers.at(-1)?.ticker).join()

const WINDOW = 'timeframe=1Day&start=2020-01-02&end=2025-01-03&limit=10000&asof=-'

/** What both the recordings and the simulator must be. */
const CONTRACTS: readonly {
  kind: string
  schema: z.ZodType
  recordings: readonly string[]
  service: Service
  path: string
}[] = [
  {
    kind: 'company_tickers_exchange',
    schema: sec.companyTickersExchange,
    recordings: ['sec/company_tickers_exchange.json.gz'],
    service: 'sec',
    path: '/files/company_tickers_exchange.json',
  },
  {
    kind: 'company_tickers',
    schema: sec.companyTickers,
    recordings: ['sec/company_tickers.json.gz'],
    service: 'sec',
    path: '/files/company_tickers.json',
  },
  {
    kind: 'companyfacts',
    schema: sec.companyFacts,
    recordings: [
      'sec/companyfacts_CIK0000320193.json.gz',
      'sec/companyfacts_CIK0001045810.json.gz',
      'sec/companyfacts_CIK0001997711.json.gz',
    ],
    service: 'secData',
    path: `/api/xbrl/companyfacts/CIK${filer}.json`,
  },
  {
    kind: 'submissions',
    schema: sec.submissions,
    recordings: ['320193', '789019', '895419', '1045810', '1318605'].map(
      (cik) => `sec/submissions_CIK${cik.padStart(10, '0')}.json.gz`,
    ),
    service: 'secData',
    path: `/submissions/CIK${filer}.json`,
  },
  {
    kind: 'submissions shard',
    schema: sec.submissionsShard,
    recordings: ['sec/submissions_CIK0001318605-submissions-001.json.gz'],
    service: 'secData',
    path: `/submissions/CIK${filer}-submissions-001.json`,
  },
  {
    kind: 'bars',
    schema: alpaca.bars,
    recordings: [
      'alpaca/historical_stock_data_0.json',
      'alpaca/historical_stock_data_2.json',
      'alpaca/historical_stock_data_3.json',
    ],
    service: 'alpacaData',
    path: `/v2/stocks/bars?symbols=${symbols}&${WINDOW}`,
  },
  {
    kind: 'corporate actions',
    schema: alpaca.corporateActions,
    recordings: ['alpaca/corporate_actions_0.json'],
    service: 'alpacaData',
    path: '/v1/corporate-actions?start=2020-01-01&end=2026-01-01&limit=1000',
  },
]

let market: Market
let client: TestClient
beforeAll(async () => {
  market = await startMarketServers(world)
  client = createTestClient(market)
})
afterAll(() => market.stop())

describe('recordings and simulator have one schema:', () => {
  for (const { kind, schema, recordings, service, path } of CONTRACTS) {
    test(kind, async () => {
      for (const file of recordings)
        expect(schema.safeParse(JSON.parse(recorded(file))).error?.issues.slice(0, 3), file).toBeUndefined()
      await client.read(service, path, schema)
    })
  }

  test('an object that is missing (404 on one host, 403 on the other)', async () => {
    for (const file of ['sec/data_missing_404.xml', 'sec/archives_missing_403.xml'])
      sec.objectStoreError.parse(recorded(file))
    const missing = await client.get('secData', '/submissions/CIK0000000001.json')
    const forbidden = await client.get('sec', '/Archives/edgar/full-index/2099/QTR1/form.gz')
    expect([missing.status, forbidden.status]).toEqual([404, 403])
    for (const response of [missing, forbidden]) sec.objectStoreError.parse(await response.text())
  })

  test('the refusal of recent SIP data', async () => {
    const response = await client.get(
      'alpacaData',
      '/v2/stocks/bars?symbols=ZQAA&timeframe=1Day&start=2020-01-02&feed=sip',
    )
    expect(response.status).toBe(403)
    expect(await response.text()).toBe(recorded('errors/alpaca_403_recent_sip.json').trim())
  })

  test('and the keys of a point, a bar and a filing come in the recorded order', async () => {
    const keys = (value: unknown): string[] => Object.keys(value as object)
    const bar = (body: unknown): unknown => Object.values((body as z.infer<typeof alpaca.bars>).bars)[0]?.[0]
    const contract = (kind: string) => {
      const found = CONTRACTS.find((one) => one.kind === kind)
      if (found === undefined) throw new Error(`No contract ${kind}.`)
      return found
    }
    const theirs = async (kind: string): Promise<unknown> =>
      (await client.get(contract(kind).service, contract(kind).path)).json()
    expect(keys(bar(await theirs('bars')))).toEqual(
      keys(bar(JSON.parse(recorded('alpaca/historical_stock_data_0.json')))),
    )
    expect(keys(await theirs('submissions'))).toEqual(
      keys(JSON.parse(recorded('sec/submissions_CIK0000320193.json.gz'))),
    )
    expect(keys(await theirs('submissions shard'))).toEqual(
      keys(JSON.parse(recorded('sec/submissions_CIK0001318605-submissions-001.json.gz'))),
    )
    const point = (body: unknown): unknown => {
      const facts =
        (body as z.infer<typeof sec.companyFacts>).facts['us-gaap']?.['NetIncomeLoss']?.units['USD'] ?? []
      return facts.find((fact) => fact.frame !== undefined)
    }
    expect(keys(point(await theirs('companyfacts')))).toEqual(
      keys(point(JSON.parse(recorded('sec/companyfacts_CIK0000320193.json.gz')))),
    )
  })
})
