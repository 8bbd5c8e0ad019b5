import { afterEach, beforeEach, expect, test } from 'vitest'
import { askFor, openOverHttp, Reply, readAll, subject } from '../testing/providers/over-http.ts'

/** A list that everybody has, and that is not there: never read as a list without rows. */
let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

const MISSING = new Reply(404, '<Error><Code>NoSuchKey</Code></Error>')
const NOT_FOUND = new Reply(404, { message: 'asset not found' })

test.for([
  ['nasdaq-directory', 'securities', '/dynamic/symdir/nasdaqlisted.txt', new Reply(404, 'Not found')],
  ['nasdaq-directory', 'ticker_history', '/dynamic/symdir/otherlisted.txt', new Reply(410, 'Gone')],
  ['sec-edgar', 'securities', '/files/company_tickers_exchange.json', MISSING],
  ['alpaca', 'securities', '/v2/assets', NOT_FOUND],
  ['alpaca', 'ticker_history', '/v2/assets', NOT_FOUND],
  ['alpaca', 'corporate_actions', '/v1/corporate-actions', NOT_FOUND],
] as const)('%s, %s: %s that is not found fails the batch', async ([provider, dataset, path, answer]) => {
  const providers = await over.providersOver({ [path]: () => answer })
  const reading = readAll(providers.get(provider), askFor(dataset, [subject('x', 'ONE')]))
  await expect(reading).rejects.toMatchObject({ name: 'SourceError', error_class: 'malformed' })
})

test('an exchange that is not known fails its security by name', async () => {
  const HEADER = 'ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol'
  const END = 'File Creation Time: 1123202612:00|||||||'
  const other = [
    HEADER,
    'ONE|One Common Stock|X|ONE|N|100|N|ONE',
    'TWO|Two Common Stock|N|TWO|N|100|N|TWO-A',
    END,
  ]
  const providers = await over.providersOver({
    '/dynamic/symdir/otherlisted.txt': `${other.join('\n')}\n`,
    '/dynamic/symdir/nasdaqlisted.txt': `Symbol|Security Name|Market Category|Test Issue\nA|A|Q|N\n${END}\n`,
    '/v2/assets': [{ id: '1', symbol: 'ONE', name: 'One', exchange: 'MARS' }],
    '/files/company_tickers_exchange.json': {
      fields: ['cik', 'name', 'ticker', 'exchange'],
      data: [[1, 'One', 'ONE', 'NYSE Moon']],
    },
  })
  const ask = askFor('securities', [subject('1', 'ONE'), subject('2', 'TWO')])
  const directory = await readAll(providers.get('nasdaq-directory'), ask)
  expect(directory.ends.map(({ item, status, reason }) => [item, status, reason])).toEqual([
    ['1', 'failed', 'unknown exchange "X"'],
    ['2', 'failed', 'CQS Symbol "TWO" and NASDAQ Symbol "TWO-A" differ'],
  ])
  const alpaca = await readAll(providers.get('alpaca'), ask)
  expect(alpaca.ends[0]).toMatchObject({ item: '1', status: 'failed', reason: 'unknown exchange "MARS"' })
  const sec = await readAll(providers.get('sec-edgar'), ask)
  expect(sec.malformed.map((each) => each.malformed)).toEqual(['unknown exchange "NYSE Moon"'])
})

const chartOf = (symbol: string, rows: readonly (readonly [number, number])[]) => ({
  chart: {
    result: [
      {
        meta: { currency: 'USD', symbol, exchangeTimezoneName: 'America/New_York' },
        timestamp: rows.map(([time]) => time),
        indicators: { quote: [{ close: rows.map(([, close]) => close) }] },
      },
    ],
    error: null,
  },
})

test.for([
  [
    'NVDA',
    [
      [1704205800, 1],
      [1704292200, 2],
      [1704300000, 3],
    ],
    ['1', '3'],
  ],
  [
    'BRK-B',
    [
      [1704205800, 1],
      [1704205900, 2],
    ],
    ['2'],
  ],
  [
    'ABR-PD',
    [
      [1704205800, 1],
      [1704292200, 2],
    ],
    ['1', '2'],
  ],
  // Not the last row: two bars of one day are a conflict, which the job rejects by name.
  [
    'MSFT',
    [
      [1704205800, 1],
      [1704205900, 2],
      [1704292200, 3],
    ],
    ['1', '2', '3'],
  ],
  ['AACT-UN', [[1704205800, 7]], ['7']],
] as const)('%s: a last row that comes twice is one bar, the second one', async ([symbol, rows, closes]) => {
  const providers = await over.providersOver({ [`/v8/finance/chart/${symbol}`]: chartOf(symbol, rows) })
  const { records } = await readAll(providers.get('yahoo'), askFor('prices_daily', [subject('x', symbol)]))
  expect(records.map(({ close }) => close)).toEqual(closes)
})

test('prices and events of Yahoo are one request', async () => {
  const providers = await over.providersOver({ '/v8/finance/chart/ONE': chartOf('ONE', [[1704205800, 1]]) })
  const subjects = [subject('x', 'ONE')]
  await readAll(providers.get('yahoo'), askFor('prices_daily', subjects))
  await readAll(providers.get('yahoo'), askFor('corporate_actions', subjects))
  expect(over.asked()).toHaveLength(1)
})

test('a capital gain beside a dividend that may contain it is rejected by name', async () => {
  const body = chartOf('FUND', [[1704205800, 1]])
  const events = {
    dividends: { 1704205800: { amount: 1.3, date: 1704205800 } },
    capitalGains: { 1704205800: { amount: 1.2, date: 1704205800 } },
  }
  const [result] = body.chart.result
  const providers = await over.providersOver({
    '/v8/finance/chart/FUND': { chart: { result: [{ ...result, events }], error: null } },
  })
  const { malformed } = await readAll(
    providers.get('yahoo'),
    askFor('corporate_actions', [subject('x', 'FUND')]),
  )
  expect(malformed.map((each) => each.malformed)).toEqual([
    'a capital gain of 1.2 beside a dividend of 1.3, which may contain it',
  ])
})
