import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { barsOf, barsWithout } from '../../testing/providers/alpaca-bars.ts'
import { askFor, openOverHttp, Reply, readAll, subject } from '../../testing/providers/over-http.ts'
import { newestOf } from './newest.ts'

let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

const BARS = '/v2/stocks/bars'
const market = Array.from(
  { length: 100 },
  (_, i) => `Q${String.fromCharCode(65 + Math.floor(i / 26), 65 + (i % 26))}`,
)

describe('a symbol that Alpaca refuses', () => {
  const read = async (invalid: readonly string[], refusal?: (symbol: string) => string) => {
    const providers = await over.providersOver({ [BARS]: barsWithout(invalid, refusal) })
    const subjects = [...market, ...invalid].map((ticker) => subject(`x:${ticker}`, ticker))
    return readAll(providers.get('alpaca'), askFor('prices_daily', subjects))
  }
  const ALL = market.map((ticker) => `x:${ticker}`)

  test.for([
    [['BAD1']],
    [['BAD1', 'BAD2', 'BAD3']],
    [['ZZZ.TEST']],
    [['X1', 'X2', 'X3', 'X4', 'X5', 'X6', 'X7']],
  ])('%j: it alone is not found, and every other security has its bars', async ([invalid = []]) => {
    const { records, ends } = await read(invalid)
    expect(records.map(({ source_id }) => source_id).toSorted()).toEqual(ALL.toSorted())
    expect(ends.map(({ item, status }) => [item, status])).toEqual(
      invalid.map((ticker) => [`x:${ticker}`, 'not_found']),
    )
  })

  test.for([
    ['no name', (): string => 'invalid symbol'],
    ['a name that was not asked for', (): string => 'invalid symbol: SOMEBODY'],
  ] as const)('is found by halves where the refusal has %s', async ([, refusal]) => {
    const { records, ends } = await read(['BAD1', 'BAD2'], refusal)
    expect(records.map(({ source_id }) => source_id).toSorted()).toEqual(ALL.toSorted())
    expect(ends.map(({ item, status }) => [item, status])).toEqual([
      ['x:BAD1', 'not_found'],
      ['x:BAD2', 'not_found'],
    ])
    expect(over.asked().length).toBeLessThan(40)
  })

  test('that a security had for a part of its time fails it: its other bars are incomplete', async () => {
    const providers = await over.providersOver({ [BARS]: barsWithout(['OLD']) })
    const renamed = subject('x:renamed', 'NEW', {
      tickers: [
        { ticker: 'OLD', valid_from: '2020-01-02', valid_to: '2022-01-03' },
        { ticker: 'NEW', valid_from: '2022-01-04', valid_to: null },
      ],
    })
    const { ends } = await readAll(
      providers.get('alpaca'),
      askFor('prices_daily', [renamed, subject('x:A', 'A')]),
    )
    expect(ends).toMatchObject([
      { item: 'x:renamed', status: 'failed', reason: expect.stringContaining('"OLD"') },
    ])
  })

  test('is never asked for where it is a CUSIP', async () => {
    const providers = await over.providersOver({ [BARS]: barsWithout(['037833100']) })
    const changing = subject('x:c', 'NEW', {
      tickers: [
        { ticker: '037833100', valid_from: '2024-01-02', valid_to: '2024-01-03' },
        { ticker: 'NEW', valid_from: '2024-01-04', valid_to: null },
      ],
    })
    expect((await readAll(providers.get('alpaca'), askFor('prices_daily', [changing]))).ends).toEqual([])
    expect(over.asked()).toHaveLength(1)
  })
})

test('a bar of a symbol that was not asked for is rejected by name', async () => {
  for (const other of ['META', 'GOOG', 'BRK.B', 'A', 'ABR.PRD']) {
    const providers = await over.providersOver({ [BARS]: barsOf(['ONE', other]) })
    const { malformed } = await readAll(
      providers.get('alpaca'),
      askFor('prices_daily', [subject('x:1', 'ONE')]),
    )
    expect(malformed.map((each) => each.malformed)).toEqual([`a bar of ${other}, which was not requested`])
    await over.close()
    over = await openOverHttp()
  }
})

test('symbols are asked for as Alpaca writes them, whatever the universe writes', async () => {
  const providers = await over.providersOver({
    [BARS]: (query: URLSearchParams) => barsOf((query.get('symbols') ?? '').split(',')),
  })
  const tickers = ['ABR-PD', 'AACT-UN', 'BRK/B', 'AP-WT', 'CELG-RI', 'TDWpA']
  const { records } = await readAll(
    providers.get('alpaca'),
    askFor(
      'prices_daily',
      tickers.map((ticker) => subject(ticker, ticker)),
    ),
  )
  const asked = new URL(over.asked()[0]?.url ?? '', 'http://x').searchParams.get('symbols')
  expect(asked).toBe('ABR.PRD,AACT.U,BRK.B,AP.WS,CELG.RT,TDW.PRA')
  expect(records.map(({ source_id }) => source_id)).toEqual(tickers)
})

describe('how far bars are asked for', () => {
  // 2026-11-27 is an early close, at 13:00 in New York; 2026-11-26 is Thanksgiving.
  test.for([
    ['a day that is over', '2026-11-24', '2026-11-25', '2026-11-25T22:00:00Z', '2026-11-24'],
    ['today, in the morning', '2026-11-25', '2026-11-25', '2026-11-25T15:00:00Z', '2026-11-24'],
    [
      'today, fifteen minutes after the close',
      '2026-11-25',
      '2026-11-25',
      '2026-11-25T21:15:00Z',
      '2026-11-24',
    ],
    ['today, in the evening', '2026-11-25', '2026-11-25', '2026-11-25T22:00:00Z', '2026-11-25T21:44:00.000Z'],
    ['today, on a holiday', '2026-11-26', '2026-11-26', '2026-11-26T22:00:00Z', '2026-11-25'],
    ['today, on a Sunday', '2026-11-29', '2026-11-29', '2026-11-29T22:00:00Z', '2026-11-28'],
    [
      'today, a minute before it can be requested',
      '2026-07-06',
      '2026-07-06',
      '2026-07-06T20:15:00Z',
      '2026-07-05',
    ],
    ['today in summer', '2026-07-06', '2026-07-06', '2026-07-06T20:16:00Z', '2026-07-06T20:00:00.000Z'],
    ['a window that ends in the future', '2026-12-31', '2026-11-25', '2026-11-25T15:00:00Z', '2026-11-24'],
    [
      'today, after an early close',
      '2026-11-27',
      '2026-11-27',
      '2026-11-27T18:30:00Z',
      '2026-11-27T18:14:00.000Z',
    ],
  ] as const)('%s', ([, end_date, today, now, end]) => {
    expect(newestOf(end_date, today, new Date(now)).end).toBe(end)
  })

  const today = '2026-11-25'
  const ask = {
    ...askFor('prices_daily', [subject('x:1', 'ONE')]),
    window: { start_date: '2026-11-02', end_date: today },
  }
  const refused = new Reply(403, { message: 'subscription does not permit querying recent SIP data' })
  const endsAsked = () => over.asked().map(({ url }) => new URL(url, 'http://x').searchParams.get('end'))
  const evening = { today, now: () => new Date('2026-11-25T22:00:00Z') }

  // As users have met them: alpaca-trade-api-python#394 and #551, alpaca-backtrader-api#231,
  // Lean.Brokerages.Alpaca#27.
  test.for([
    [403, { message: 'subscription does not permit querying recent SIP data' }],
    [403, { code: 40310000, message: 'Subscription does not permit querying recent SIP data.' }],
    [403, { message: 'your subscription does not permit querying data from the past 15 minutes' }],
    [422, { message: 'your subscription does not permit querying data from the past 15 minutes' }],
    [
      422,
      { code: 42210000, message: 'your subscription does not permit querying data from the past 15 minutes' },
    ],
    [422, { code: 42210000, message: 'end is too late for subscription' }],
    [422, { message: 'subscription does not permit querying recent SIP data' }],
  ] as const)(
    'after %i %j bars are requested until yesterday; nothing is deferred',
    async ([status, body]) => {
      const answer = (query: URLSearchParams) =>
        (query.get('end') ?? '') < today ? barsOf(['ONE']) : new Reply(status, body)
      const providers = await over.providersOver({ [BARS]: answer }, evening)
      const { records, ends } = await readAll(providers.get('alpaca'), ask)
      expect([records.length, ends]).toEqual([1, []])
      expect(endsAsked()).toEqual(['2026-11-25T21:44:00.000Z', '2026-11-24'])
    },
  )

  test.for([
    [401, { message: 'request is not authorized' }, 'auth'],
    [403, { message: 'forbidden.' }, 'auth'],
    [403, { message: 'your subscription does not permit querying SIP data' }, 'entitlement'],
    [403, { message: 'subscription does not permit this feed' }, 'entitlement'],
    [422, { message: 'subscription does not permit querying OTC data' }, 'entitlement'],
  ] as const)(
    '%i %j is about the account, and no other day is requested',
    async ([status, body, error_class]) => {
      const providers = await over.providersOver({ [BARS]: () => new Reply(status, body) }, evening)
      const reading = readAll(providers.get('alpaca'), ask)
      await expect(reading).rejects.toMatchObject({ error_class, is_about_account: true })
      expect(endsAsked()).toEqual(['2026-11-25T21:44:00.000Z'])
    },
  )

  test('a plan that refuses that too fails the batch, and not the account', async () => {
    const providers = await over.providersOver({ [BARS]: () => refused }, evening)
    const reading = readAll(providers.get('alpaca'), ask)
    await expect(reading).rejects.toMatchObject({ error_class: 'malformed', is_about_account: false })
  })

  test('a window that has not begun for Alpaca is empty, and the time when it begins is named', async () => {
    const providers = await over.providersOver({}, { today, now: () => new Date('2026-11-25T15:00:00Z') })
    const only_today = { ...ask, window: { start_date: today, end_date: today } }
    const { ends } = await readAll(providers.get('alpaca'), only_today)
    expect(ends).toMatchObject([
      { status: 'empty', reason: expect.stringContaining('2026-11-25T21:16:00.000Z') },
    ])
    expect(over.asked()).toEqual([])
  })
})
