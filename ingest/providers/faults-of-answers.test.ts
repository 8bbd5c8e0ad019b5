import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askFor, openOverHttp, Reply, readAll, subject } from '../testing/providers/over-http.ts'

/** Answers that are about something else than what was asked for, or that say less than they seem to. */
let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

const NASDAQ_LISTED =
  'Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares\n' +
  'AAPL|Apple Inc. - Common Stock|Q|N|N|100|N|N\nFile Creation Time: 1123202612:00|||||||\n'
const OTHER_LISTED =
  'ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol\n' +
  'KO|Coca-Cola Company Common Stock|N|KO|N|100|N|KO\nFile Creation Time: 1123202612:00||||||\n'

async function read(
  provider: string,
  dataset: Parameters<typeof askFor>[0],
  answers: Readonly<Record<string, unknown>>,
  tickers: readonly string[] = ['KO'],
) {
  const providers = await over.providersOver(answers)
  const subjects = tickers.map((ticker) => subject(`x:${ticker}`, ticker))
  return readAll(providers.get(provider as 'yahoo'), askFor(dataset, subjects)).catch(
    (error: unknown) => error as Error,
  )
}

const chart = (meta: Readonly<Record<string, unknown>>) => ({
  chart: {
    result: [
      {
        meta: { currency: 'USD', symbol: 'KO', exchangeTimezoneName: 'America/New_York', ...meta },
        timestamp: [1704205800],
        indicators: { quote: [{ open: [59], high: [60], low: [58], close: [59.5], volume: [10] }] },
      },
    ],
    error: null,
  },
})

describe('Yahoo loads no bar of an answer', () => {
  it.each([
    ['about another symbol', { symbol: 'PEP' }],
    ['about another line of the company', { symbol: 'KO.MX' }],
    ['about a preferred', { symbol: 'KO-PA' }],
    ['without a symbol', { symbol: undefined }],
    ['in Canadian dollars', { currency: 'CAD' }],
    ['in pence', { currency: 'GBp' }],
    ['in cents', { currency: 'USd' }],
    ['without a currency', { currency: null }],
  ])('%s', async (_, meta) => {
    const found = await read('yahoo', 'prices_daily', { '/v8/finance/chart/KO': chart(meta) })
    const { records, malformed, ends } = found as Awaited<ReturnType<typeof readAll>>
    expect(records.length - malformed.length).toBe(0)
    expect(ends).toMatchObject([{ item: 'x:KO', status: 'failed' }])
  })

  it('unless symbol and currency are those that were asked for', async () => {
    const found = await read('yahoo', 'prices_daily', { '/v8/finance/chart/KO': chart({}) })
    expect(found).toMatchObject({ records: [{ close: '59.5' }], ends: [] })
  })
})

describe('Alpaca loads no bar', () => {
  const bar = { t: '2024-05-01T04:00:00Z', o: 1, h: 1, l: 1, c: 1, v: 10 }
  it.each([
    ['of a symbol that was not asked for', { bars: { PEP: [bar] }, next_page_token: null }],
    ['of a list in the place of an object', { bars: [bar], next_page_token: null }],
    ['of a symbol that is no list', { bars: { KO: bar }, next_page_token: null }],
    ['of an answer of another kind', { quotes: { KO: [bar] }, next_page_token: null }],
    ['of a page that is not JSON', new Reply(200, 'upstream request timeout')],
  ])('%s', async (_, answer) => {
    const found = await read('alpaca', 'prices_daily', { '/v2/stocks/bars': answer })
    const good = found instanceof Error ? 0 : found.records.length - found.malformed.length
    expect(good).toBe(0)
    const reported = found instanceof Error ? [found.name] : found.malformed.map(({ malformed }) => malformed)
    expect(reported).toEqual([expect.stringMatching(/^SourceError$|^a bar of PEP, which was not requested$/)])
  })
})

describe('the symbol directory takes nothing from', () => {
  it.each([
    ['a page that says "not found" with status 200', '<html><body>Page not found</body></html>'],
    ['an empty file', ''],
    ['a file of which the end is missing', OTHER_LISTED.split('File')[0]],
    ['the other file', NASDAQ_LISTED],
    ['a header alone', OTHER_LISTED.split('\n')[0]],
    ['JSON', '{"error":"maintenance"}'],
  ])('%s', async (_, body) => {
    const found = await read('nasdaq-directory', 'securities', {
      '/dynamic/symdir/nasdaqlisted.txt': NASDAQ_LISTED,
      '/dynamic/symdir/otherlisted.txt': body,
    })
    // A body that is no directory at all is asked for again before that: it may be of a proxy.
    const error_class = expect.stringMatching(/^(malformed|truncated|transient)$/)
    expect(found).toMatchObject({ name: 'SourceError', error_class })
  })
})

describe('the list of the SEC is not read', () => {
  it.each([
    ['without its fields', { data: [[21344, 'COCA COLA CO', 'KO', 'NYSE']] }],
    ['with other fields', { fields: ['cik', 'title'], data: [[21344, 'COCA COLA CO']] }],
    [
      'with rows that are shorter than its fields',
      { fields: ['cik', 'name', 'ticker', 'exchange'], data: [[21344]] },
    ],
    ['where it is a page', '<html>Undeclared Automated Tool</html>'],
    ['where it is a list', [{ cik_str: 21344, ticker: 'KO', title: 'COCA COLA CO' }]],
  ])('%s', async (_, body) => {
    const found = await read('sec-edgar', 'securities', { '/files/company_tickers_exchange.json': body })
    expect(found).toMatchObject({ name: 'SourceError' })
  })
})
