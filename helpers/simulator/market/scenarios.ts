import { addDays } from './calendar.ts'
import { delist, dollars, type Planner, payDividends, rename } from './plan.ts'

/**
 * One of each thing that a stock market does to a database. `copy` counts the repetitions from 0 and moves
 * the days, so that larger worlds hold the same cases on other days.
 */
export function planScenarios(planner: Planner, copy: number): void {
  planTickers(planner, copy)
  planSplits(planner, copy)
  planDividends(planner, copy)
  planEndings(planner, copy)
  planFilers(planner, copy)
  planPrices(planner, copy)
}

function planTickers({ add, calendar, takeTicker }: Planner, copy: number): void {
  const at = (date: string): string => calendar.shift(date, copy * 9)
  const renameOn = (plan: Parameters<typeof rename>[0], date: string, ticker: string): void =>
    rename(plan, date, addDays(date, -1), ticker)

  renameOn(add('rename'), at('2022-06-09'), takeTicker())

  const twice = add('rename_twice')
  renameOn(twice, at('2020-11-16'), takeTicker()) // A Monday: the old interval ends on a Sunday.
  renameOn(twice, at('2023-03-22'), takeTicker())

  // One company dies; after a year another one lists under its ticker.
  const first = add('ticker_first_owner', { drift: -0.0006, start_price_cents: 2400 })
  delist(first, at('2021-03-18'), 'voluntary')
  const reused = first.tickers[0]?.ticker ?? ''
  const listed = at('2022-05-11')
  add('ticker_second_owner', {
    first_date: listed,
    list_date: listed,
    tickers: [{ ticker: reused, valid_from: listed, valid_to: null }],
  })

  // Away and back: A, B, A again.
  const returning = add('ticker_returns')
  const own = returning.tickers[0]?.ticker ?? ''
  renameOn(returning, at('2021-02-08'), takeTicker())
  renameOn(returning, at('2023-09-12'), own)

  // Within a day one company gives its ticker up and another takes it over.
  const giving = add('ticker_handed_over')
  const given = giving.tickers[0]?.ticker ?? ''
  const handover = at('2022-10-04')
  renameOn(giving, handover, takeTicker())
  renameOn(add('ticker_taken_over'), handover, given)
}

function planSplits(planner: Planner, copy: number): void {
  const { add, calendar } = planner
  const at = (date: string): string => calendar.shift(date, copy * 9)
  const split = (ex_date: string, split_from: string, split_to: string) =>
    ({ kind: 'split', ex_date, split_from, split_to }) as const
  const reverse = (ex_date: string, old: string) =>
    ({ kind: 'reverse_split', ex_date, split_from: old, split_to: '1' }) as const

  add('split', { actions: [split(at('2022-07-18'), '1', '4')], start_price_cents: 31_000 })
  const twice = add('split_twice', {
    actions: [split(at('2020-08-31'), '2', '3'), split(at('2023-08-28'), '1', '2')],
    start_price_cents: 18_000,
  })
  payDividends(planner, twice)
  add('reverse_split', {
    actions: [reverse(at('2023-05-08'), '20')],
    start_price_cents: 1900,
    drift: -0.0018,
    volatility: 0.02,
  })
  add('reverse_splits', {
    actions: [
      reverse(at('2021-04-12'), '10'),
      reverse(at('2022-09-06'), '15'),
      reverse(at('2024-02-20'), '8'),
    ],
    start_price_cents: 1500,
    drift: -0.0045,
    volatility: 0.022,
    filer_number: null,
  })
  const both = add('split_with_dividend', { start_price_cents: 24_000 })
  const day = at('2021-06-10')
  both.actions.push(split(day, '1', '3'), { kind: 'cash_dividend', ex_date: day, amount: '1.35' })
  both.actions.push({ kind: 'cash_dividend', ex_date: at('2023-06-08'), amount: '0.4725' })
  const stock = add('stock_dividend', { start_price_cents: 6400 })
  stock.actions.push({ kind: 'stock_dividend', ex_date: at('2021-11-23'), split_from: '1', split_to: '1.05' })
  stock.actions.push({
    kind: 'stock_dividend',
    ex_date: at('2023-11-21'),
    split_from: '1',
    split_to: '1.0027455',
  })
}

function planDividends(planner: Planner, copy: number): void {
  const { add, calendar } = planner
  const at = (date: string): string => calendar.shift(date, copy * 9)
  const cash = (ex_date: string, amount: string) => ({ kind: 'cash_dividend', ex_date, amount }) as const

  const special = add('special_dividend', { start_price_cents: 7200 })
  payDividends(planner, special)
  special.actions.push({
    kind: 'special_dividend',
    ex_date: at('2022-12-07'),
    amount: dollars(special.start_price_cents * 0.3),
  })
  add('equal_dividends_one_day', {
    actions: [1, 2, 3].map(() => cash(at('2020-12-10'), '0.06')),
    start_price_cents: 3100,
  })
  add('unequal_dividends_one_day', {
    actions: [cash(at('2023-12-14'), '0.35'), cash(at('2023-12-14'), '1.10')],
    start_price_cents: 9900,
  })
  const closed = add('dividend_on_holiday', { start_price_cents: 8800 })
  // Two holidays and a Saturday.
  closed.actions.push(cash('2021-07-05', '0.44'), cash('2022-06-20', '0.46'), cash('2024-01-13', '0.48'))

  const day = at('2022-04-04')
  const child = add('spin_off_child', { first_date: day, list_date: day, start_price_cents: 2600 })
  const parent = add('spin_off_parent', { start_price_cents: 12_800 })
  parent.spin_off = { ex_date: day, child, source_rate: 4, new_rate: 1 }
  parent.actions.push(cash(at('2022-09-01'), '0.52'))
}

function planEndings(planner: Planner, copy: number): void {
  const { add, calendar } = planner
  const at = (date: string): string => calendar.shift(date, copy * 9)
  const acquirer = add('acquirer', { start_price_cents: 15_500 })
  payDividends(planner, acquirer)
  for (const [scenario, kind, date] of [
    ['cash_merger', 'cash', '2021-08-13'],
    ['stock_merger', 'stock', '2022-11-30'],
    ['stock_and_cash_merger', 'stock_and_cash', '2024-03-28'],
  ] as const) {
    const target = add(scenario, { merger: { acquirer: kind === 'cash' ? null : acquirer, kind } })
    delist(target, at(date), 'merger')
    payDividends(planner, target)
  }
  delist(
    add('bankruptcy', { start_price_cents: 1900, drift: -0.004, volatility: 0.03 }),
    at('2022-02-25'),
    'bankruptcy',
  )
  const liquidated = add('liquidation', { start_price_cents: 4100 })
  delist(liquidated, at('2023-10-20'), 'liquidation')
  // Paid after the listing: no part of the series any more.
  liquidated.actions.push({
    kind: 'liquidation',
    ex_date: calendar.shift(at('2023-10-20'), 6),
    amount: '11.25',
  })
  // Paid while still listed, but after the last trade: no bar can carry it.
  const halted = add('halted', { start_price_cents: 3300 })
  delist(halted, at('2024-08-30'), 'liquidation')
  halted.last_date = calendar.shift(at('2024-08-30'), -8)
  halted.actions.push({ kind: 'liquidation', ex_date: calendar.shift(at('2024-08-30'), -3), amount: '3.10' })
  delist(add('voluntary_delisting', { filer_number: null }), at('2024-06-14'), 'voluntary')
  for (const date of ['2020-09-30', '2021-12-09', '2023-09-14'])
    add('ipo', { first_date: at(date), list_date: at(date) })
}

function planFilers(planner: Planner, copy: number): void {
  const { add } = planner
  const dotted = copy % 2 === 0
  const classA = add('class_a', { start_price_cents: 21_000, exchange_mic: 'XNYS' })
  const stem = classA.tickers[0]?.ticker ?? ''
  if (dotted) classA.tickers = [{ ticker: `${stem}.A`, valid_from: classA.first_date, valid_to: null }]
  const classB = add('class_b', {
    start_price_cents: 20_400,
    filer_number: classA.filer_number,
    exchange_mic: 'XNYS',
  })
  if (dotted) classB.tickers = [{ ticker: `${stem}.B`, valid_from: classB.first_date, valid_to: null }]

  for (const scenario of [
    'week_year',
    'retail_year',
    'annual_restatement',
    'quarter_restatement',
    'late_filer',
    'tag_change',
    'loss_maker',
    'no_facts',
  ] as const) {
    add(scenario)
  }
  for (let fund = 0; fund < 4; fund++) {
    const etf = add('etf', {
      security_type: 'etf',
      exchange_mic: 'ARCX',
      filer_number: null,
      volatility: 0.008,
    })
    payDividends(planner, etf)
    // A capital gain on the day of an ordinary dividend, as funds pay them in December.
    const december = etf.actions.find((action) => action.ex_date >= '2021-10-01')
    if (december !== undefined && fund === 1)
      etf.actions.push({ kind: 'special_dividend', ex_date: december.ex_date, amount: '0.7312' })
  }
}

function planPrices({ add, calendar }: Planner, copy: number): void {
  const at = (date: string): string => calendar.shift(date, copy * 9)
  const illiquid = add('illiquid', { missing_ratio: 0.2, start_volume_shares: 2400, start_price_cents: 2900 })
  illiquid.actions.push({ kind: 'cash_dividend', ex_date: at('2021-05-19'), amount: '0.31' })
  illiquid.actions.push({ kind: 'cash_dividend', ex_date: at('2023-05-17'), amount: '0.33' })
  add('crash', { shocks: new Map([[at('2021-09-29'), -0.47]]), start_price_cents: 11_000 })
  add('surge', { shocks: new Map([[at('2022-01-20'), 0.62]]), start_price_cents: 4600 })
}
