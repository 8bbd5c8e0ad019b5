import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromBufferPromise } from 'yauzl'
import { createTestClient, type TestClient } from '../../testing/market/client.ts'
import { filedFacts } from '../../testing/market/expected-fundamentals.ts'
import * as schemas from '../../testing/market/sec-schemas.ts'
import { createWorld } from '../market/world.ts'
import { type Market, startMarketServers } from './servers.ts'

const world = createWorld({ securities: 62 })

describe('the SEC and Nasdaq', () => {
  let market: Market
  let client: TestClient
  beforeAll(async () => {
    market = await startMarketServers(world, { limits: { sec: null } })
    client = createTestClient(market)
  })
  afterAll(() => market.stop())
  const factLines = (body: {
    facts: Record<
      string,
      Record<
        string,
        {
          units: Record<
            string,
            {
              start?: string | undefined
              end: string
              val: number
              accn: string
              filed: string
              frame?: string | undefined
            }[]
          >
        }
      >
    >
  }): string[] =>
    Object.values(body.facts)
      .flatMap((tags) =>
        Object.entries(tags).flatMap(([tag, { units }]) =>
          Object.entries(units).flatMap(([unit, points]) =>
            points.map(
              (point) =>
                `${tag} ${unit} ${point.start ?? null} ${point.end} ${point.val} ` +
                `${point.accn} ${point.filed} ${point.frame ?? null}`,
            ),
          ),
        ),
      )
      .sort()

  test('serve every vintage of every fact, in the zip as one by one', async () => {
    const response = await client.get('sec', '/Archives/edgar/daily-index/xbrl/companyfacts.zip')
    const zip = await fromBufferPromise(Buffer.from(await response.arrayBuffer()), {})
    const zipped = new Map<string, unknown>()
    for await (const entry of zip.eachEntry())
      zipped.set(
        entry.fileName,
        JSON.parse((await buffer(await zip.openReadStreamPromise(entry))).toString('utf8')),
      )
    let text_ciks = 0
    for (const filer of world.filers) {
      if (filer.filings.length === 0) continue
      const body = await client.read(
        'secData',
        `/api/xbrl/companyfacts/CIK${filer.cik}.json`,
        schemas.companyFacts,
      )
      expect(factLines(body)).toEqual(
        filedFacts(filer)
          .map(
            (fact) =>
              `${fact.tag} ${fact.unit} ${fact.start} ${fact.end} ${Number(fact.value)} ` +
              `${fact.accession} ${fact.filed} ${fact.frame}`,
          )
          .sort(),
      )
      expect(zipped.get(`CIK${filer.cik}.json`)).toEqual(body)
      if (typeof body.cik === 'string') text_ciks++
    }
    expect(zipped.size).toBe(world.filers.filter((filer) => filer.filings.length > 0).length)
    expect(text_ciks).toBeGreaterThan(0)
  })

  test('have 404 for a filer without facts, and its submissions all the same', async () => {
    const silent = world.securities.find((security) => security.scenario === 'no_facts')?.cik
    expect((await client.get('secData', `/api/xbrl/companyfacts/CIK${silent}.json`)).status).toBe(404)
    await client.read('secData', `/submissions/CIK${silent}.json`, schemas.submissions)
  })

  test('show the end of a listing as form 25-NSE on its last day, in the columns or in a shard', async () => {
    for (const security of world.securities) {
      if (security.delist_date === null || security.cik === null) continue
      const main = await client.read('secData', `/submissions/CIK${security.cik}.json`, schemas.submissions)
      const place = main.filings.recent.form.indexOf('25-NSE')
      expect(main.filings.recent.filingDate[place]).toBe(security.delist_date)
      for (const { name, filingCount } of main.filings.files) {
        expect(
          (await client.read('secData', `/submissions/${name}`, schemas.submissionsShard)).form,
        ).toHaveLength(filingCount)
      }
    }
  })

  test('list each filing in the two indexes of its day, which a day without a session lacks', async () => {
    const path = (kind: string, day: string): string =>
      `/Archives/edgar/daily-index/${day.slice(0, 4)}/QTR${Math.ceil(Number(day.slice(5, 7)) / 3)}/` +
      `${kind}.${day.replaceAll('-', '')}.idx`
    const [filer] = world.filers.filter(({ filings }) => filings.length > 0)
    for (const { filed, form, accession } of filer?.filings ?? []) {
      const line = `edgar/data/${Number(filer?.cik)}/${accession}.txt`
      const master = await (await client.get('sec', path('master', filed))).text()
      const row = `${Number(filer?.cik)}|${filer?.name}|${form}|${filed.replaceAll('-', '')}|${line}`
      expect(master.split('\n')).toContain(row)
      const by_form = await (await client.get('sec', path('form', filed))).text()
      expect(by_form.split('\n').filter((each) => each.includes(line))).toHaveLength(1)
    }
    for (const day of ['2024-12-25', '2024-12-28', '2025-01-06'])
      expect((await client.get('sec', path('master', day))).status).toBe(403)
  })

  test('refuse a client that does not identify itself', async () => {
    const response = await client.get('sec', '/files/company_tickers_exchange.json', { 'user-agent': 'node' })
    expect([response.status, response.headers.get('content-type')]).toEqual([403, 'text/html'])
    expect(await response.text()).toContain('Undeclared Automated Tool')
  })

  test('list who is listed, with a test issue and a closing line', async () => {
    let listed = 0
    for (const [file, columns] of [
      ['nasdaqlisted.txt', 8],
      ['otherlisted.txt', 8],
    ] as const) {
      const lines = (await (await client.get('nasdaq', `/dynamic/symdir/${file}`)).text()).split('\r\n')
      expect(lines.at(-1)).toBe('')
      expect(lines.at(-2)).toBe(`File Creation Time: 0103202521:31${'|'.repeat(7)}`)
      const rows = lines.slice(1, -2).map((line) => line.split('|'))
      expect(rows.every((row) => row.length === columns)).toBe(true)
      const test_issue = lines[0]?.split('|').indexOf('Test Issue') ?? -1
      expect(rows.filter((row) => row[test_issue] === 'Y')).toHaveLength(1)
      listed += rows.length - 1
    }
    expect(listed).toBe(
      [...world.securities, ...world.outsiders].filter((security) => security.delist_date === null).length,
    )
  })
})
