import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classify } from '../http/frame.ts'
import { ADAPTERS } from './registry.ts'

/** With the patterns of each adapter, and with none: the rules alone. */
const PROVIDERS = [...Object.keys(ADAPTERS), 'a provider without an adapter']
const outcomeOf = (provider: string, body: string, expects: 'json' | 'text' = 'json') =>
  classify(
    { http_status: 200, headers: {}, body: Buffer.from(body) },
    { patterns: ADAPTERS[provider]?.patterns ?? [], expects },
  ).outcome

/** Companies that are called as errors are. */
const NAMES = [
  'Limit Reach Holdings',
  'Invalid API Key Corp',
  'Not Found Inc. (symbol may be delisted)',
  'Error Message Group; Too Many Requests',
  'Exceeded the daily hits limit plc',
  'Premium Endpoint Trust, upgrade your plan',
  'Unauthorized NOT_AUTHORIZED Unknown API Key Fund',
  'You have run over your hourly request allocation Ltd',
  'QELx01 QEPx04 Cloudflare',
]
const BODIES: readonly ((name: string) => unknown)[] = [
  (name) => ({
    ticker: 'LIM',
    name,
    exchangeCode: 'NYSE',
    startDate: '2000-01-03',
    description: `${name} is a premium plan of no data.`,
  }),
  (name) => [
    {
      Code: 'LIM',
      Name: name,
      Country: 'USA',
      Exchange: 'NYSE',
      Currency: 'USD',
      Type: 'Common Stock',
      Isin: null,
    },
  ],
  (name) => ({ results: [{ ticker: 'LIM', name, active: true }], status: 'OK', count: 1, request_id: 'x' }),
  (name) => ({ fields: ['cik', 'name', 'ticker', 'exchange'], data: [[1, name, 'LIM', null]] }),
  (name) => ({
    cik: '0000000001',
    name,
    tickers: ['LIM'],
    filings: { recent: { accessionNumber: [] }, files: [] },
  }),
  (name) => ({
    cik: 1,
    entityName: name,
    facts: { dei: { X: { label: name, description: 'invalid, not found, limit', units: {} } } },
  }),
  (name) => ({
    Symbol: 'LIM',
    AssetType: 'Common Stock',
    Name: name,
    Description: `${name}: rate limit of 25 requests per day`,
  }),
  (name) => ({
    corporate_actions: { name_changes: [{ id: '1', old_symbol: 'A', new_symbol: 'B', note: name }] },
    next_page_token: null,
  }),
  (name) => ({
    chart: {
      result: [{ meta: { symbol: 'LIM', longName: name, currency: 'USD' }, indicators: { quote: [{}] } }],
      error: null,
    },
  }),
  (name) => [{ data: [{ figi: 'BBG000000001', name, ticker: 'LIM' }] }, { warning: 'No identifier found.' }],
  (name) => ({
    datatable: { data: [['LIM', name]], columns: [{ name: 'ticker', type: 'text' }] },
    meta: { next_cursor_id: null },
  }),
  (name) => [{ id: '1', class: 'us_equity', symbol: 'LIM', name, status: 'inactive', error: null }],
  (name) => ({ message: name, bars: { LIM: [{ t: '2022-01-03T05:00:00Z', c: 1 }] } }),
  (name) => ({ 'Meta Data': { '1. Information': name, '2. Symbol': 'LIM' }, 'Time Series (Daily)': {} }),
]

test('data is data, whatever its companies are called', () => {
  const wrong = PROVIDERS.flatMap((provider) =>
    NAMES.flatMap((name) =>
      BODIES.map((body) => JSON.stringify(body(name)))
        .filter((body) => outcomeOf(provider, body) !== 'ok')
        .map((body) => [provider, body]),
    ),
  )
  expect(wrong).toEqual([])
})

test('INFO, NOTE and ERR are tickers, and their answers are data', () => {
  const bar = { t: '2022-01-03T05:00:00Z', o: 1, h: 1, l: 1, c: 1, v: 1 }
  const bodies = ['INFO', 'NOTE', 'ERR', 'MSG', 'ERROR', 'REASON'].flatMap((ticker) => [
    { bars: { [ticker]: [bar] }, next_page_token: null },
    { bars: { [ticker]: [bar], A: [bar] }, next_page_token: 'x' },
    { [ticker]: { price: 1.5, volume: 2 } },
    { [ticker]: { name: 'Note Inc.', type: 'CS', description: 'It is not found anywhere.', sector: 'x' } },
    { [ticker]: [{ date: '2022-01-03', close: 1 }] },
    { [ticker]: 12.5 },
    { facts: { [ticker.toLowerCase()]: { Tag: { label: null, units: { USD: [] } } } } },
  ])
  const wrong = PROVIDERS.flatMap((provider) =>
    bodies
      .map((body) => JSON.stringify(body))
      .filter((body) => outcomeOf(provider, body) !== 'ok')
      .map((body) => [provider, body]),
  )
  expect(wrong).toEqual([])
})

test('so is a table, with one row or many', () => {
  const tables = NAMES.flatMap((name) => [
    `Symbol|Security Name|Market Category|Test Issue\nLIM|${name}|Q|N\n` +
      'File Creation Time: 1123202612:00|||\n',
    `ticker;name\nLIM;"${name}"\n`,
    `ticker\tname\nLIM\t${name.replaceAll('\t', ' ')}\n`,
    `symbol,name,status\r\nLIM,${name.replaceAll(',', '')},Active\r\n`,
  ])
  const wrong = PROVIDERS.flatMap((provider) =>
    tables.filter((table) => outcomeOf(provider, table, 'text') !== 'ok').map((table) => [provider, table]),
  )
  expect(wrong).toEqual([])
})

test('empty lists and objects say nothing', () => {
  for (const provider of PROVIDERS)
    for (const body of [
      '[]',
      '{}',
      '{"bars":{},"next_page_token":null}',
      '{"results":[],"status":"OK","count":0}',
      '[{}]',
    ])
      expect([provider, body, outcomeOf(provider, body)]).toEqual([provider, body, 'ok'])
})

test('no list of records is a notice, whatever the records hold', () => {
  const record = fc.record({
    symbol: fc.string(),
    name: fc.constantFrom(...NAMES),
    close: fc.double({ noNaN: true, noDefaultInfinity: true }),
  })
  fc.assert(
    fc.property(fc.constantFrom(...PROVIDERS), fc.array(record), (provider, records) => {
      expect(outcomeOf(provider, JSON.stringify(records))).toBe('ok')
    }),
  )
})
