import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Credentials } from '../adapter/declaration.ts'
import { askFor, openOverHttp, readAll, subject } from '../testing/providers/over-http.ts'
import { chooseProviders, weighProviders } from './choose.ts'
import { describePlan, planOf } from './plan.ts'

const NO_KEYS: Credentials = {
  SEC_USER_AGENT: 'Jane Doe jane@example.com',
}
const SET = {
  securities: [['sec-edgar', 'nasdaq-directory']],
  'ticker-history': ['alpaca', 'nasdaq-directory'],
  'prices-daily': ['alpaca', 'yahoo'],
  'corporate-actions': [
    ['alpaca', 'sec-edgar'],
    ['yahoo', 'sec-edgar'],
  ],
  'fundamentals-raw': ['sec-edgar'],
}
let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

test('the first usable provider of a list is chosen, and the reasons against the others are given', () => {
  const choices = chooseProviders(SET, { ...NO_KEYS, YAHOO_ENABLED: '1' })
  expect(choices.map(({ job, provider }) => [job, provider])).toEqual([
    ['securities', ['sec-edgar', 'nasdaq-directory']],
    ['ticker-history', 'nasdaq-directory'],
    ['prices-daily', 'yahoo'],
    ['corporate-actions', ['yahoo', 'sec-edgar']],
    ['fundamentals-raw', 'sec-edgar'],
  ])
  expect(choices[2]?.passed_over).toEqual([
    'alpaca: APCA_API_KEY_ID is not set; it must be a key of a paper account',
  ])
})

test('only the jobs that are asked for need a provider, and only they are chosen', () => {
  const set = { 'prices-daily': ['alpaca'], 'fundamentals-raw': ['sec-edgar'] }
  const choices = chooseProviders(set, NO_KEYS, [], ['fundamentals-raw', 'fundamentals-derived'])
  expect(choices.map(({ job, provider }) => [job, provider])).toEqual([['fundamentals-raw', 'sec-edgar']])
})

test('a plan counts a filer once, whatever its securities, and a run asks for it once', async () => {
  const filings = { recent: { accessionNumber: [] }, files: [] }
  const submissions = { cik: '0000000007', name: 'X', tickers: ['X'], exchanges: ['NYSE'], filings }
  const providers = await over.providersOver({ '/submissions/CIK0000000007.json': submissions })
  const subjects = ['X', 'X.PRA', 'X.PRB', 'X.WS', 'X.U'].map((ticker) =>
    subject(ticker, ticker, { cik: '0000000007' }),
  )
  const batches = await providers.get('sec-edgar').batches(askFor('corporate_actions', subjects))
  expect(batches.map(({ estimate }) => estimate.requests)).toEqual([1])
  await readAll(providers.get('sec-edgar'), askFor('corporate_actions', subjects))
  expect(over.asked()).toHaveLength(1)
})

test('every job without a provider is named at once, with what each one lacks', () => {
  const { faults } = weighProviders(
    { ...SET, securities: ['nobody'], 'fundamentals-raw': ['alpaca'] },
    NO_KEYS,
  )
  expect(faults).toEqual([
    expect.stringContaining('unknown provider "nobody"'),
    expect.stringContaining('YAHOO_ENABLED is not set'),
    expect.stringContaining('corporate-actions'),
    expect.stringContaining('alpaca does not serve fundamentals'),
  ])
})

test('a plan gives requests, minutes by each limit and gigabytes, and makes no requests', async () => {
  const providers = await over.providersOver({})
  const subjects = Array.from({ length: 500 }, (_, i) => subject(`x:${i}`, `T${i}`))
  const plan = await planOf([
    { job: 'prices-daily', provider: providers.get('alpaca'), ask: askFor('prices_daily', subjects) },
    { job: 'fundamentals-raw', provider: providers.get('sec-edgar'), ask: askFor('fundamentals', subjects) },
  ])
  expect(plan.lines.map(({ provider, requests }) => [provider, requests])).toEqual([
    ['alpaca', 65],
    ['sec-edgar', 500],
  ])
  expect(plan.lines[1]?.limits[0]?.minutes).toBeCloseTo(62 / 60, 5)
  expect(describePlan(plan).join('\n')).toContain('in all: 565 requests')
  expect(over.asked()).toHaveLength(0)
})

test('no more requests are sent than --max-requests allows', async () => {
  const providers = await over.providersOver({}, { requests_max: 2 })
  const subjects = ['1', '2', '3', '4'].map((cik) =>
    subject(cik.padStart(10, '0'), 'T', { cik: cik.padStart(10, '0') }),
  )
  await expect(readAll(providers.get('sec-edgar'), askFor('fundamentals', subjects))).rejects.toMatchObject({
    error_class: 'quota',
  })
  expect(over.asked().length).toBeLessThanOrEqual(2)
})

const TICKERS = {
  fields: ['cik', 'name', 'ticker', 'exchange'],
  data: [
    [1, 'One Inc.', 'ONE', 'NYSE'],
    [2, 'Two Inc.', 'TWO-B', 'Nasdaq'],
    [9, 'Nine', 'OLD', 'Nasdaq'],
  ],
}
const OTHER =
  'ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol\n' +
  'ONE|One Inc. Common Stock|A|ONE|N|100|N|ONE\nZZT|Test|N|ZZT|N|100|Y|ZZT\nbroken|line\n' +
  'File Creation Time: 1123202612:00|||||||\n'
const LISTED =
  'Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares\n' +
  'TWO.B|Two Inc. - Class B Common Stock|Q|N|N|100|N|N\nFile Creation Time: 1123202612:00|||||||\n'

test('the SEC has the filer, the directory the exchange, and together they fill one record', async () => {
  const providers = await over.providersOver({
    '/files/company_tickers_exchange.json': TICKERS,
    '/dynamic/symdir/otherlisted.txt': OTHER,
    '/dynamic/symdir/nasdaqlisted.txt': LISTED,
  })
  const subjects = [
    subject('x:one', 'ONE'),
    subject('cik:2/B', 'TWO.B'),
    subject('x:gone', 'GONE'),
    subject('x:former', 'OLD'),
    subject('x:present', 'OLD'),
  ]
  const { records, ends, malformed } = await readAll(
    providers.get(['sec-edgar', 'nasdaq-directory']),
    askFor('securities', subjects),
  )
  expect(records.filter(({ source_id }) => source_id !== undefined)).toEqual([
    {
      source_id: 'x:one',
      ticker: 'ONE',
      name: 'One Inc.',
      exchange_mic: 'XASE',
      type: 'stock',
      currency: 'USD',
      cik: '0000000001',
    },
    {
      source_id: 'cik:2/B',
      ticker: 'TWO.B',
      name: 'Two Inc.',
      exchange_mic: 'XNAS',
      type: 'stock',
      currency: 'USD',
      cik: '0000000002',
    },
  ])
  expect(malformed).toHaveLength(1)
  expect(ends.map(({ item, status }) => [item, status])).toEqual([
    ['x:gone', 'not_found'],
    ['x:former', 'failed'],
    ['x:present', 'failed'],
  ])
})

test('a dividend that two pages tell is one, and three with ids of their own are three', async () => {
  const dividend = (id: string) => ({
    id,
    symbol: 'ONE',
    ex_date: '2021-05-03',
    rate: 0.06,
    special: false,
    foreign: false,
    process_date: '2021-05-10',
  })
  const page = {
    corporate_actions: { cash_dividends: ['a', 'b', 'c', 'a'].map(dividend) },
    next_page_token: null,
  }
  const providers = await over.providersOver({ '/v1/corporate-actions': page })
  const { records } = await readAll(
    providers.get('alpaca'),
    askFor('corporate_actions', [subject('x:one', 'ONE')]),
  )
  expect(
    records.map(({ provider_action_id, source_id, cash_amount }) => [
      provider_action_id,
      source_id,
      cash_amount,
    ]),
  ).toEqual([
    ['a', 'x:one', '0.06'],
    ['b', 'x:one', '0.06'],
    ['c', 'x:one', '0.06'],
  ])
})

test('Yahoo is asked through today, and never for a symbol that was given up', async () => {
  const chart = {
    chart: {
      result: [
        {
          meta: { currency: 'USD', symbol: 'ONE', exchangeTimezoneName: 'America/New_York' },
          timestamp: [1577975400, 1578061800],
          events: {
            splits: { '1598880600': { date: 1598880600, numerator: 4, denominator: 1, splitRatio: '4:1' } },
          },
          indicators: {
            quote: [
              {
                open: [74.05999755859375, null],
                high: [75.1500015258789, null],
                low: [73.79750061035156, null],
                close: [75.0875015258789, null],
                volume: [135480400, null],
              },
            ],
          },
        },
      ],
      error: null,
    },
  }
  const providers = await over.providersOver({ '/v8/finance/chart/ONE': chart })
  const gone = subject('x:gone', 'GONE', {
    tickers: [{ ticker: 'GONE', valid_from: '2015-01-02', valid_to: '2021-03-01' }],
  })
  const { records, ends } = await readAll(
    providers.get('yahoo'),
    askFor('prices_daily', [subject('x:one', 'ONE'), gone]),
  )
  expect(records).toEqual([
    {
      source_id: 'x:one',
      date: '2020-01-02',
      open: '296.24',
      high: '300.6',
      low: '295.19',
      close: '300.35',
      volume: '33870100',
    },
  ])
  expect(ends).toMatchObject([{ item: 'x:gone', status: 'not_found' }])
  expect(over.asked().map(({ url }) => new URL(url, 'http://x').searchParams.get('period2'))).toEqual([
    String(Date.parse('2026-11-24') / 1000),
  ])
})
