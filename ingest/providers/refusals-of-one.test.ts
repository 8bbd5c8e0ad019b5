import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { barsOf } from '../testing/providers/alpaca-bars.ts'
import { askFor, openOverHttp, Reply, readAll, subject } from '../testing/providers/over-http.ts'

/** What is refused for one security or filer says nothing of the others of its batch. */
let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

const BARS = '/v2/stocks/bars'
const GOOD = ['MOG.A', 'MOG.B', 'SLG', 'SLG.PRI', 'PLTR', 'U', 'TRUE', 'NA', 'V', 'BF.A']
const not_found = (tickers: readonly string[]) => tickers.map((ticker) => [`x:${ticker}`, 'not_found'])

describe('a symbol that Alpaca refuses with its request', () => {
  // alpaca-trade-api-python#601 shows the first; the others are words that the pattern or the rules know.
  it.each([
    [400, 'invalid symbol: TAOP:NASDAQ', ['TAOP:NASDAQ']],
    [422, 'invalid symbol: IRBT', ['IRBT']],
    [400, 'invalid symbol "LAZR"', ['LAZR']],
    [400, 'Invalid symbols: MRSN, VTLE', ['MRSN', 'VTLE']],
    [400, 'no data found for symbol NUKK', ['NUKK']],
    [404, 'symbol OMI not found', ['OMI']],
    [404, 'asset not found for SONN', ['SONN']],
    [400, 'could not find asset "HOUS"', ['HOUS']],
    [404, 'could not find asset', ['PLYM']],
    [422, 'unknown symbol', ['CYBR', 'SCS', 'SNV']],
  ])('%i %j: it alone is not found', async (status, message, wrong) => {
    const answer = (query: URLSearchParams) => {
      const symbols = (query.get('symbols') ?? '').split(',')
      return symbols.some((symbol) => wrong.includes(symbol))
        ? new Reply(status, { message })
        : barsOf(symbols)
    }
    const providers = await over.providersOver({ [BARS]: answer })
    const subjects = [...GOOD.slice(0, 4), ...wrong, ...GOOD.slice(4)].map((each) =>
      subject(`x:${each}`, each),
    )
    const { records, ends } = await readAll(providers.get('alpaca'), askFor('prices_daily', subjects))
    expect(records.map(({ source_id }) => source_id).toSorted()).toEqual(
      GOOD.map((ticker) => `x:${ticker}`).toSorted(),
    )
    expect(ends.map(({ item, status: end }) => [item, end]).toSorted()).toEqual(not_found(wrong).toSorted())
  })

  it.each([
    ['names a symbol', 400, { message: 'invalid symbol: SLG' }],
    ['names an asset', 404, { message: 'asset not found for SLG' }],
    ['names nobody', 400, { message: 'invalid symbol' }],
    ['is in other words', 422, { message: 'symbol SLG not found' }],
    ['is empty', 204, ''],
  ])('fails the batch where the refusal comes on a later page and %s', async (_, status, body) => {
    const answer = (query: URLSearchParams) =>
      query.has('page_token') ? new Reply(status, body) : { ...barsOf(['PLTR']), next_page_token: 'next' }
    const providers = await over.providersOver({ [BARS]: answer })
    const subjects = ['PLTR', 'SLG', 'U'].map((ticker) => subject(`x:${ticker}`, ticker))
    const reading = readAll(providers.get('alpaca'), askFor('prices_daily', subjects))
    await expect(reading).rejects.toMatchObject({ error_class: 'malformed', is_about_account: false })
  })
})

describe('a symbol that Yahoo refuses', () => {
  const chart = (symbol: string) => ({
    chart: {
      result: [
        {
          meta: { currency: 'USD', symbol, exchangeTimezoneName: 'America/New_York' },
          timestamp: [1704205800],
          indicators: { quote: [{ close: [1] }] },
        },
      ],
      error: null,
    },
  })
  const refusal = (code: string, description: string) => ({
    chart: { result: null, error: { code, description } },
  })
  it.each([
    [404, refusal('Not Found', 'No data found, symbol may be delisted'), 'not_found'],
    [404, refusal('Not Found', 'Quote not found for symbol: IRBT'), 'not_found'],
    [200, refusal('Not Found', 'No data found, symbol may be delisted'), 'not_found'],
    [400, refusal('Bad Request', "Data doesn't exist for startDate = 1, endDate = 2"), 'empty'],
    [400, refusal('Bad Request', 'Invalid input - interval=1d is not supported'), 'failed'],
    [422, refusal('Unprocessable Entity', 'Data not available'), 'failed'],
  ] as const)('with %i %j ends by itself as %3$s', async (status, body, end) => {
    const good = ['MOG-A', 'SLG-PI', 'PLTR']
    const providers = await over.providersOver({
      '/v8/finance/chart/IRBT': new Reply(status, body),
      ...Object.fromEntries(good.map((symbol) => [`/v8/finance/chart/${symbol}`, chart(symbol)])),
    })
    const subjects = ['MOG.A', 'IRBT', 'SLG.PRI', 'PLTR'].map((ticker) => subject(`x:${ticker}`, ticker))
    const { records, ends } = await readAll(providers.get('yahoo'), askFor('prices_daily', subjects))
    expect(records.map(({ source_id }) => source_id)).toEqual(['x:MOG.A', 'x:SLG.PRI', 'x:PLTR'])
    expect(ends.map(({ item, status: found }) => [item, found])).toEqual([['x:IRBT', end]])
  })
})

describe('a filer that the SEC refuses', () => {
  const fact = { end: '2020-12-31', val: 1, accn: 'a', fy: 2020, fp: 'FY', form: '10-K', filed: '2021-02-01' }
  const facts = (cik: number) => ({
    cik,
    entityName: 'X',
    facts: { dei: { T: { label: null, description: null, units: { pure: [fact] } } } },
  })
  it.each([
    [404, '<Error><Code>NoSuchKey</Code></Error>', 'not_found'],
    [403, '<Error><Code>AccessDenied</Code></Error>', 'not_found'],
    [404, '{"message":"file not found"}', 'not_found'],
    [404, '<html><body>404 Not Found</body></html>', 'failed'],
    [200, '', 'failed'],
  ] as const)('with %i %j ends by itself as %3$s', async (status, body, end) => {
    const providers = await over.providersOver({
      '/api/xbrl/companyfacts/CIK0000884219.json': new Reply(status, body),
      '/api/xbrl/companyfacts/CIK0000101778.json': facts(101778),
      '/api/xbrl/companyfacts/CIK0000003662.json': facts(3662),
    })
    const subjects = ['0000101778', '0000884219', '0000003662'].map((cik) => subject(cik, 'T', { cik }))
    const { records, ends } = await readAll(providers.get('sec-edgar'), askFor('fundamentals', subjects))
    expect(records.map(({ cik }) => cik)).toEqual(['0000101778', '0000003662'])
    expect(ends.map(({ item, status: found }) => [item, found])).toEqual([['0000884219', end]])
  })

  const answer = (cik: string, files: readonly { name: string }[]) => ({
    cik,
    name: 'X',
    tickers: [],
    exchanges: [],
    filings: { recent: { accessionNumber: ['a'], filingDate: ['2022-03-04'], form: ['10-K'] }, files },
  })
  it.each(['filings', 'corporate_actions'] as const)(
    'for its older filings fails in %s, and no other does',
    async (dataset) => {
      const providers = await over.providersOver({
        '/submissions/CIK0000884219.json': answer('0000884219', [
          { name: 'CIK0000884219-submissions-001.json' },
        ]),
        '/submissions/CIK0000101778.json': answer('0000101778', []),
      })
      const subjects = ['0000884219', '0000101778'].map((cik) => subject(cik, 'T', { cik }))
      const { ends } = await readAll(providers.get('sec-edgar'), askFor(dataset, subjects))
      expect(ends).toMatchObject([
        {
          item: '0000884219',
          status: 'failed',
          error_class: 'malformed',
          reason: expect.stringContaining('CIK0000884219-submissions-001.json'),
        },
      ])
    },
  )
})
