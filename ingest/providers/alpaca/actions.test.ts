import { expect, test } from 'vitest'
import { fieldWatch } from '../../adapter/fields.ts'
import { parseJson } from '../../http/json.ts'
import { askFor, openOverHttp, readAll, subject } from '../../testing/providers/over-http.ts'
import { parseActions, translateAction } from './actions.ts'

const dividend = (more: Record<string, string>) => ({
  list: 'cash_dividends',
  event: { id: '1', symbol: 'ONE', ex_date: '2026-06-01', rate: '0.5', ...more },
})

test.for([
  [{}, 'cash_dividend', 'USD'],
  [{ currency: 'CAD', foreign: 'true' }, 'cash_dividend', 'CAD'],
  [{ currency: 'EUR' }, 'cash_dividend', 'EUR'],
  [{ foreign: 'true' }, 'cash_dividend', null],
  [{ special: 'true' }, 'special_dividend', 'USD'],
  [{ sub_type: 'return_of_capital', special: 'true' }, 'return_of_capital', 'USD'],
  [{ sub_type: 'interest', currency: 'GBP' }, 'cash_dividend', 'GBP'],
] as const)('a dividend with %j is a %s in %s', ([more, kind, currency]) => {
  const [translated] = translateAction(dividend(more))
  expect(translated).toMatchObject({ record: { kind, currency, cash_amount: '0.5' } })
  expect(translated?.malformed).toBeUndefined()
})

test.for(['liquidating', 'stock', 'ordinary', 'RETURN_OF_CAPITAL', 'interest_'])(
  'a dividend of the unknown sub_type %j is rejected by its name',
  (sub_type) => {
    expect(translateAction(dividend({ sub_type }))[0]?.malformed).toBe(
      `unknown sub_type "${sub_type}" of a cash dividend`,
    )
  },
)

test('a reorganization ends the security, unless the security itself goes on', () => {
  const event = { id: '1', symbol: 'ONE', effective_date: '2026-06-01', cash_rate: '1' }
  const of = (stock_movements: { symbol: string }[]) =>
    translateAction({ list: 'reorganizations', event: { ...event, stock_movements } })[0]
  expect(of([{ symbol: 'NEW' }])).toMatchObject({ record: { kind: 'merger', ex_date: '2026-05-29' } })
  expect(of([{ symbol: 'NEW' }, { symbol: 'ONE' }])?.malformed).toContain('itself goes on')
})

const merger = (list: string, more: Record<string, unknown>) =>
  translateAction({
    list,
    event: { id: '1', acquiree_symbol: 'ONE', effective_date: '2026-06-02', ...more },
  })[0]

test.for([
  ['cash_mergers', { rate: '7.8' }, { delisting_code: 'merger_cash', cash_amount: '7.8', currency: 'USD' }],
  [
    'stock_mergers',
    { acquirer_symbol: 'BUY', acquirer_rate: '1', acquiree_rate: '4' },
    { delisting_code: 'merger_stock', shares_per_share: '0.25', acquirer_ticker: 'BUY', cash_amount: null },
  ],
  [
    'stock_and_cash_mergers',
    { acquirer_symbol: 'BUY', acquirer_rate: '0.5', acquiree_rate: '1', cash_rate: '5', currency: 'CAD' },
    { delisting_code: 'merger_mixed', shares_per_share: '0.5', cash_amount: '5', currency: 'CAD' },
  ],
] as const)('%s have their terms in columns', ([list, more, wanted]) => {
  expect(merger(list, more)).toMatchObject({ record: { kind: 'merger', ex_date: '2026-06-01', ...wanted } })
})

test('a rate that is not a number is kept as it is, so that the record is rejected', () => {
  const rates = { acquirer_rate: 'half', acquiree_rate: '1' }
  expect(merger('stock_mergers', rates)?.record['shares_per_share']).toBe('half for 1')
  const without = { acquirer_rate: '1', acquiree_rate: '0' }
  expect(merger('stock_mergers', without)?.record['shares_per_share']).toBe('1 for 0')
})

test('a reorganization for shares of one company states them; for shares of several it is not valued', () => {
  const of = (stock_movements: readonly Record<string, string>[]) =>
    translateAction({
      list: 'reorganizations',
      event: { id: '1', symbol: 'ONE', effective_date: '2026-06-01', cash_rate: '1', stock_movements },
    })[0]?.record
  const movement = { symbol: 'NEW', new_rate: '1', source_rate: '2' }
  expect(of([movement])).toMatchObject({
    cash_amount: '1',
    shares_per_share: '0.5',
    acquirer_ticker: 'NEW',
  })
  expect(of([movement, { ...movement, symbol: 'OTHER' }])).toMatchObject({ has_other_proceeds: 'true' })
  expect(of([{ symbol: 'NEW' }])).toMatchObject({ has_other_proceeds: 'true' })
})

test('a removal as worthless pays nothing', () => {
  const event = { id: '1', symbol: 'ONE', process_date: '2026-06-02' }
  expect(translateAction({ list: 'worthless_removals', event })[0]?.record).toMatchObject({
    kind: 'delisting',
    delisting_code: 'worthless',
    cash_amount: '0',
  })
})

test.for([
  'tender_offers',
  'exchange_offers',
  'cash_in_lieu_payments',
  'dividend_reinvestments',
  'warrant_exercises',
  'Cash_Dividends',
  'cash_dividend',
  'constructor',
  'toString',
])('an event of the unknown list %j is rejected by its name, and becomes no event', (list) => {
  const event = { id: '1', symbol: 'MOG.A', ex_date: '2026-06-01', rate: '4', cash: '59' }
  const [translated, ...others] = translateAction({ list, event })
  expect(others).toEqual([])
  expect(translated?.malformed).toBe(`unknown list "${list}" of corporate actions`)
  expect(translated?.record).not.toHaveProperty('kind')
})

test.for([
  [
    'forward_splits',
    { symbol: 'NFLX', ex_date: '2026-06-01', old_rate: 1, new_rate: 10, fractional_method: 'cash' },
  ],
  ['stock_dividends', { symbol: 'TR', ex_date: '2026-06-01', rate: 0.03, cash_in_lieu_rate: '1.2' }],
  [
    'spin_offs',
    { source_symbol: 'FTV', new_symbol: 'RAL', ex_date: '2026-06-01', when_issued_symbol: 'RAL.WI' },
  ],
  ['cash_mergers', { acquiree_symbol: 'IRBT', effective_date: '2026-06-01', rate: '3', escrow_rate: '0.1' }],
  ['name_changes', { old_symbol: 'FI', new_symbol: 'FISV', process_date: '2026-06-01', new_name: 'Fiserv' }],
  ['redemptions', { symbol: 'SLG.PRI', process_date: '2026-06-01', rate: '25', accrued_rate: '0.4' }],
] as const)('a field of %s that is newer than the adapter is reported, and kept: %j', ([list, event]) => {
  const reported: string[] = []
  const watch = fieldWatch('alpaca', ({ field }) => reported.push(field))
  const body = parseJson(JSON.stringify({ corporate_actions: { [list]: [event] } }))
  const [action] = parseActions(body, watch)
  const [name = '', value] = Object.entries(event).at(-1) ?? []
  expect(reported).toEqual([name])
  const [translated] = action === undefined ? [] : translateAction(action)
  expect(translated?.malformed).toBeUndefined()
  expect(translated?.record).toMatchObject({ [name]: value })
})

test('a partial call and a contract adjustment are no events of a share', () => {
  for (const list of ['partial_calls', 'contract_adjustments'])
    expect(translateAction({ list, event: { id: '1', symbol: 'ONE' } })).toEqual([])
})

const CUSIP = '037833100'
const change = (id: string, old_symbol: string, new_symbol: string, process_date: string) => ({
  id,
  old_symbol,
  new_symbol,
  process_date,
})

test('an event under a CUSIP belongs to the security that had the ticker before the change', async () => {
  const over = await openOverHttp()
  try {
    const corporate_actions = {
      name_changes: [change('1', 'OLD', CUSIP, '2024-05-01'), change('2', CUSIP, 'NEW', '2024-05-03')],
      reverse_splits: [{ id: '3', symbol: CUSIP, ex_date: '2024-05-02', old_rate: 10, new_rate: 1 }],
    }
    const providers = await over.providersOver({
      '/v1/corporate-actions': (query: URLSearchParams) => ({
        corporate_actions: Object.fromEntries(
          Object.entries(corporate_actions).filter(([list]) => list === `${query.get('types')}s`),
        ),
        next_page_token: null,
      }),
      '/v2/assets': (query: URLSearchParams) =>
        query.get('status') === 'active' ? [{ id: 'a', symbol: 'NEW', name: 'New', exchange: 'NYSE' }] : [],
    })
    const tickers = [
      { ticker: 'OLD', valid_from: '2020-01-02', valid_to: '2024-05-02' },
      { ticker: 'NEW', valid_from: '2024-05-03', valid_to: null },
    ]
    const held = subject('x', 'NEW', { tickers })
    const { records } = await readAll(providers.get('alpaca'), askFor('corporate_actions', [held]))
    expect(
      records.map(({ source_id, kind, ex_date, new_symbol }) => [source_id, kind, ex_date, new_symbol]),
    ).toEqual([
      ['x', 'name_change', '2024-05-03', 'NEW'],
      ['x', 'split', '2024-05-02', undefined],
    ])
    const history = await readAll(providers.get('alpaca'), askFor('ticker_history', [subject('x', 'NEW')]))
    expect(history.records.map(({ ticker, valid_from, valid_to }) => [ticker, valid_from, valid_to])).toEqual(
      [
        ['OLD', '2020-01-02', '2024-05-02'],
        ['NEW', '2024-05-03', null],
      ],
    )
  } finally {
    await over.close()
  }
})
