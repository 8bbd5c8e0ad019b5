import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askFor, openOverHttp, readAll, subject } from '../testing/providers/over-http.ts'

let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  over = await openOverHttp()
})
afterEach(() => over.close())

describe('Yahoo', () => {
  const chart = (result: Record<string, unknown>, meta: Record<string, unknown> = {}) => ({
    chart: {
      result: [
        {
          meta: { currency: 'USD', symbol: 'BAD', exchangeTimezoneName: 'America/New_York', ...meta },
          ...result,
        },
      ],
      error: null,
    },
  })
  const DAYS = [1577975400, 1578061800]
  const quote = (columns: Record<string, unknown>) => ({ indicators: { quote: [columns] } })
  const good = chart(
    {
      timestamp: DAYS,
      ...quote({ open: [1, 2], high: [1, 2], low: [1, 2], close: [1, 2], volume: [10, 20] }),
    },
    { symbol: 'GOOD' },
  )
  const read = async (body: unknown, dataset: 'prices_daily' | 'corporate_actions' = 'prices_daily') => {
    const providers = await over.providersOver({
      '/v8/finance/chart/GOOD': good,
      '/v8/finance/chart/BAD': body,
    })
    const { records, ends } = await readAll(
      providers.get('yahoo'),
      askFor(dataset, [subject('bad', 'BAD'), subject('good', 'GOOD')]),
    )
    return {
      of_bad: records.filter(({ source_id }) => source_id === 'bad'),
      of_good: records.filter(({ source_id }) => source_id === 'good'),
      ends,
    }
  }

  test.each([
    ['arrays of different lengths', chart({ timestamp: DAYS, ...quote({ close: [1] }) })],
    [
      'a split without a ratio',
      chart({
        timestamp: DAYS,
        events: { splits: { 1598880600: { date: 1598880600 } } },
        ...quote({ close: [1, 2] }),
      }),
    ],
    [
      'a split of nothing',
      chart({
        timestamp: DAYS,
        events: { splits: { x: { date: 1598880600, numerator: 4, denominator: 0 } } },
        ...quote({ close: [1, 2] }),
      }),
    ],
    [
      'a split without a day',
      chart({
        timestamp: DAYS,
        events: { splits: [{ numerator: 4, denominator: 1 }] },
        ...quote({ close: [1, 2] }),
      }),
    ],
    [
      'a time zone that is none',
      chart({ timestamp: DAYS, ...quote({ close: [1, 2] }) }, { exchangeTimezoneName: 'Mars/Olympus' }),
    ],
    ['another symbol', chart({ timestamp: DAYS, ...quote({ close: [1, 2] }) }, { symbol: 'META' })],
    ['no symbol', chart({ timestamp: DAYS, ...quote({ close: [1, 2] }) }, { symbol: null })],
    ['no currency', chart({ timestamp: DAYS, ...quote({ close: [1, 2] }) }, { currency: null })],
    ['dollars of Canada', chart({ timestamp: DAYS, ...quote({ close: [1, 2] }) }, { currency: 'CAD' })],
    ['prices in pence', chart({ timestamp: DAYS, ...quote({ close: [1, 2] }) }, { currency: 'GBp' })],
    ['a price that is no number', chart({ timestamp: DAYS, ...quote({ close: ['one', 2] }) })],
    ['a day that is no time', chart({ timestamp: ['noon', DAYS[1]], ...quote({ close: [1, 2] }) })],
    ['a notice that nobody knows', { chart: { result: null, error: { code: 'Bad', description: 'hm' } } }],
    ['no chart', { chart: { result: [], error: null } }],
  ])('%s fails that symbol by name, and no other', async (_what, body) => {
    const { of_bad, of_good, ends } = await read(body)
    expect(of_bad).toEqual([])
    expect(of_good).toHaveLength(2)
    expect(ends).toMatchObject([
      { item: 'bad', status: 'failed', error_class: 'malformed', reason: expect.stringContaining('/BAD') },
    ])
  })

  test('missing columns, rows of nulls and exponents are read; new fields are reported', async () => {
    const body = chart(
      {
        timestamp: DAYS,
        news: 1,
        ...quote({ close: [1.5e1, null], open: null, volume: [1.2e7, 0], vwap: [1, 2] }),
      },
      { mood: 'good' },
    )
    const { of_bad, ends } = await read(body)
    expect(ends).toEqual([])
    expect(of_bad).toEqual([
      {
        source_id: 'bad',
        date: '2020-01-02',
        open: null,
        high: null,
        low: null,
        close: '15',
        volume: '12000000',
      },
    ])
    expect(over.unknown.map(({ field }) => field).toSorted()).toEqual(['mood', 'news', 'vwap'])
  })

  test('a split given by its text alone, and events in a list, are read', async () => {
    const splits = [{ date: 1598880600, splitRatio: '4:1' }]
    const dividends = { 1578061800: { amount: '0.25' } }
    const capitalGains = { 1578061800: { amount: 1, date: 1578061800 } }
    const { of_bad } = await read(
      chart({ timestamp: DAYS, events: { splits, dividends, capitalGains }, ...quote({ close: [1, 2] }) }),
      'corporate_actions',
    )
    expect(of_bad).toEqual([
      { source_id: 'bad', kind: 'split', ex_date: '2020-08-31', split_from: '1', split_to: '4' },
      { source_id: 'bad', kind: 'cash_dividend', ex_date: '2020-01-03', cash_amount: '1', currency: 'USD' },
      {
        source_id: 'bad',
        kind: 'special_dividend',
        distribution: 'capital gain',
        ex_date: '2020-01-03',
        cash_amount: '4',
        currency: 'USD',
      },
    ])
  })

  test('a chart without rows is empty, and an unknown symbol not found', async () => {
    expect((await read(chart({ indicators: { quote: [{}] } }))).ends).toMatchObject([
      { item: 'bad', status: 'empty' },
    ])
    const gone = {
      chart: {
        result: null,
        error: { code: 'Not Found', description: 'No data found, symbol may be delisted' },
      },
    }
    expect((await read(gone)).ends).toMatchObject([{ item: 'bad', status: 'not_found' }])
  })
})

describe('the SEC', () => {
  const fact = {
    end: '2020-12-31',
    val: 1,
    accn: 'a-1',
    fy: null,
    fp: null,
    form: '10-K',
    filed: '2021-02-01',
  }
  const facts = (cik: unknown, of: Record<string, unknown>) => ({ cik, entityName: 'X', facts: of })
  const read = async (body: unknown) => {
    const providers = await over.providersOver({
      '/api/xbrl/companyfacts/CIK0000000001.json': body,
      '/api/xbrl/companyfacts/CIK0000000002.json': facts(2, { dei: { T: { units: { pure: [fact] } } } }),
    })
    const subjects = ['0000000001', '0000000002'].map((cik) => subject(cik, 'T', { cik }))
    const { records, ends } = await readAll(providers.get('sec-edgar'), askFor('fundamentals', subjects))
    return {
      records: records.filter(({ cik }) => cik === '0000000001'),
      others: records.filter(({ cik }) => cik === '0000000002').length,
      ends,
    }
  }

  test('facts of any taxonomy and unit are read with every digit', async () => {
    const values = ['12345678901234567890123', '1.0E9', '-0.000000001', '7'].map(
      (val) =>
        `{"end":"2020-12-31","val":${val},"accn":"a","fy":2020,"fp":"FY","form":"10-K","filed":"2021-02-01"}`,
    )
    const units = `{"USD/shares":[${values.join()}],"pure":[],"Store":null}`
    const body =
      `{"cik":"1","entityName":"X","facts":{"acme":{"Widgets":{"label":null,"description":null,` +
      `"units":${units}}},"us-gaap":{},"ffd":null},"extra":1}`
    const { records, ends } = await read(body)
    expect(ends).toEqual([])
    expect(records.map(({ taxonomy, tag, unit, value }) => [taxonomy, tag, unit, value])).toEqual(
      ['12345678901234567890123', '1.0E9', '-0.000000001', '7'].map((value) => [
        'acme',
        'Widgets',
        'USD/shares',
        value,
      ]),
    )
    expect(over.unknown.map(({ field }) => field)).toEqual(['extra'])
  })

  test.each([
    ['of no facts', facts(1, {}), 'empty'],
    ['whose facts are null', { cik: 1, entityName: 'X', facts: null }, 'empty'],
    ['of another filer', facts(3, { dei: { T: { units: { pure: [fact] } } } }), 'failed'],
    ['without facts', { cik: 1, entityName: 'X' }, 'failed'],
  ])('an answer %s ends that filer by name, and no other', async (_what, body, status) => {
    const { others, ends } = await read(body)
    expect(others).toBe(1)
    expect(ends).toMatchObject([{ item: '0000000001', status }])
  })

  test('submissions whose columns differ in length fail that filer by name, and no other', async () => {
    const of = (cik: number, filingDate: string[]) => ({
      cik,
      name: 'X',
      tickers: [],
      exchanges: [],
      filings: {
        recent: { accessionNumber: ['a'], filingDate, form: ['25'], isXBRLNumeric: null },
        files: [],
      },
    })
    const providers = await over.providersOver({
      '/submissions/CIK0000000001.json': of(1, []),
      '/submissions/CIK0000000002.json': of(2, ['2022-03-04']),
    })
    const subjects = ['0000000001', '0000000002'].map((cik) => subject(`cik:${cik}`, 'T', { cik }))
    const { records, ends } = await readAll(providers.get('sec-edgar'), askFor('corporate_actions', subjects))
    expect(records).toMatchObject([{ source_id: 'cik:0000000002', kind: 'delisting', ex_date: '2022-03-04' }])
    expect(ends).toMatchObject([{ item: 'cik:0000000001', status: 'failed', error_class: 'malformed' }])
  })

  test('the list of tickers is read with numbers, text, nulls, a new column, a malformed row', async () => {
    const data = [
      ['0000000001', 'One', 'ONE-B', null, 1],
      [2, null, 'TWO', '', 2],
      null,
      [3, 'Three', null, 'CBOE', 3],
    ]
    const providers = await over.providersOver({
      '/files/company_tickers_exchange.json': { fields: ['cik', 'name', 'ticker', 'exchange', 'rank'], data },
    })
    const subjects = [subject('a', 'ONE.B'), subject('b', 'TWO'), subject('cik:3', 'X')]
    const { records } = await readAll(providers.get('sec-edgar'), askFor('securities', subjects))
    expect(
      records.map(({ source_id, cik, ticker, exchange_mic }) => [source_id, cik, ticker, exchange_mic]),
    ).toEqual([
      ['a', '0000000001', 'ONE.B', null],
      ['b', '0000000002', 'TWO', null],
      ['cik:3', '0000000003', null, 'BATS'],
    ])
    expect(over.unknown.map(({ field }) => field)).toEqual(['rank'])
  })
})

test('the directories keep tickers as they are: a dot, a dollar, NA and TRUE', async () => {
  const other = [
    'ACT Symbol|Security Name|Exchange|CQS Symbol|ETF|Round Lot Size|Test Issue|NASDAQ Symbol',
    'BRK.B|Berkshire Common Stock|N|BRK.B|N|100|N|BRK.B',
    'NA|Nano|V|NA|N|100|N|NA',
    'AA$A|Alpha Pref A|N|AApA|N|100|N|AA-A',
    'TRUE|True|M|TRUE| |100|N|TRUE',
    'ZTST|Test|P|ZTST|N|100|Y|ZTST',
    'File Creation Time: 1123202612:00|||||||',
    '',
  ].join('\r\n')
  const listed =
    '\uFEFFSymbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|' +
    'ETF|NextShares|Mood\nNAN|Nan Corp|Q|N|D|100|Y|N|fine\n' +
    'File Creation Time: 1123202612:00||||||||'
  const providers = await over.providersOver({
    '/dynamic/symdir/otherlisted.txt': other,
    '/dynamic/symdir/nasdaqlisted.txt': listed,
  })
  const tickers = ['BRK.B', 'NA', 'AA$A', 'TRUE', 'ZTST', 'NAN']
  const { records, ends, malformed } = await readAll(
    providers.get('nasdaq-directory'),
    askFor(
      'securities',
      tickers.map((ticker) => subject(ticker, ticker)),
    ),
  )
  expect(records.map(({ ticker, exchange_mic, type }) => [ticker, exchange_mic, type])).toEqual([
    ['NAN', 'XNAS', 'etf'],
    ['BRK.B', 'XNYS', 'stock'],
    ['NA', 'IEXG', null],
    ['AA.PRA', 'XNYS', 'preferred'],
    ['TRUE', 'XCHI', null],
  ])
  expect(ends.map(({ item }) => item)).toEqual(['ZTST'])
  expect(malformed).toEqual([])
  expect(over.unknown.map(({ field }) => field)).toEqual(['Mood'])
})
