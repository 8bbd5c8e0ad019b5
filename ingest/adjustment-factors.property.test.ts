import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addDays } from '../helpers/core/days.ts'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { loadCalendar } from './calendar/load.ts'
import { type Action, adjust } from './validation/adjust.ts'
import { conversionOf } from './validation/fx-conversions.ts'
import { isNear, rational } from './validation/rational.ts'
import { convertedCash } from './validation/recompute-factors.ts'

let scratch: Scratch
let sessions: string[]
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2024-01-02' }))
  sessions = (
    await scratch.db.rows<{ day: string }>(
      'select session_date as day from stocks_research.trading_sessions order by 1',
    )
  ).map(({ day }) => day)
})
afterAll(() => scratch?.drop())

/** The session that is `at` sessions after the first one. */
const dayOf = (at: number): string => sessions[sessions.indexOf('2019-06-03') + at] ?? ''

const FIRST = Date.parse('2019-06-03')
const day = fc
  .integer({ min: 0, max: 90 })
  .map((days) => new Date(FIRST + days * 86_400_000).toISOString().slice(0, 10))
const cents = (max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max }).map((n) => (n / 100).toFixed(2))
const split = fc.constantFrom(
  ['1', '2'],
  ['1', '3'],
  ['2', '3'],
  ['20', '1'],
  ['1', '1.0027455'],
  ['1', '1'],
  ['1', '7'],
)
const bars = fc.uniqueArray(fc.record({ at: fc.integer({ min: 0, max: 60 }), close: cents(20_000) }), {
  selector: ({ at }) => at,
  minLength: 1,
  maxLength: 40,
})
/** Mostly before the ex-date, at times after it: such an event is known later. */
const declared_date = fc.option(day)
const cash = fc.record({
  ex_date: day,
  kind: fc.constantFrom('cash_dividend', 'spin_off'),
  cash_amount: cents(4_000),
  declared_date,
  currency: fc.oneof({ weight: 4, arbitrary: fc.constant('USD') }, fc.constantFrom('CAD', 'EUR')),
})
/** Rates of an exchange, at times published later. */
const rates = fc.uniqueArray(
  fc.record({
    rate_date: day,
    pair: fc.constantFrom(['EUR', 'USD'], ['USD', 'EUR'], ['EUR', 'CAD'], ['USD', 'CAD'], ['CAD', 'USD']),
    source: fc.constantFrom('ecb', 'fed'),
    rate: cents(300),
    days_later: fc.constantFrom(0, 0, 4),
  }),
  { selector: ({ rate_date, pair, source }) => `${rate_date} ${pair.join()} ${source}`, maxLength: 40 },
)
const splits = fc.record({
  ex_date: day,
  kind: fc.constantFrom('split', 'spin_off'),
  ratio: split,
  declared_date,
})
const world = fc.record({
  bars,
  cash: fc.array(cash, { maxLength: 8 }),
  splits: fc.uniqueArray(splits, { selector: ({ ex_date }) => ex_date, maxLength: 4 }),
  refused: fc.array(
    fc.record({
      ex_date: fc.option(day, { freq: 9 }),
      kind: fc.constantFrom('cash_dividend', 'spin_off', 'split', 'unknown', 'merger'),
      declared_date,
    }),
    { maxLength: 2 },
  ),
  delist: fc.option(day),
  as_of: day,
  rates,
})

type World = typeof world extends fc.Arbitrary<infer Given> ? Given : never

it('the chain in SQL equals exact fractions for any bars, gaps, events, delisting and day', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      await compareChains(given)
    }),
    { numRuns: 300 },
  )
})

/**
 * Cash and splits of few days, and nothing that makes the whole history null: in the world above most values
 * are null, and cash that meets a split on one day is rare.
 */
const crowded = fc
  .record({
    closes: fc.array(cents(20_000), { minLength: 12, maxLength: 12 }),
    cash: fc.array(fc.record({ at: fc.integer({ min: 1, max: 5 }), cash_amount: cents(100) }), {
      minLength: 1,
      maxLength: 4,
    }),
    splits: fc.uniqueArray(fc.record({ at: fc.integer({ min: 1, max: 5 }), ratio: split }), {
      selector: ({ at }) => at,
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(
    ({ closes, cash: paid, splits: told }): World => ({
      bars: closes.map((close, at) => ({ at, close: (Number(close) + 100).toFixed(2) })),
      cash: paid.map(({ at, cash_amount }) => ({
        ex_date: dayOf(at),
        kind: 'cash_dividend',
        cash_amount,
        declared_date: null,
        currency: 'USD',
      })),
      splits: told.map(({ at, ratio }) => ({
        ex_date: dayOf(at),
        kind: 'split',
        ratio,
        declared_date: null,
      })),
      refused: [],
      delist: null,
      as_of: dayOf(30),
      rates: [],
    }),
  )

it('and where cash and splits share their days, with every value known', async () => {
  await fc.assert(
    fc.asyncProperty(crowded, async (given) => {
      const { expected } = await compareChains(given)
      for (const each of expected) expect([each.price, each.total_return, each.split]).not.toContain(null)
    }),
    { numRuns: 150 },
  )
})

// By hand. A: (C_prev - D) / C_prev / r. B: C_ex / (r * C_ex + D). Both for the days before the ex-date.
it.each([
  { name: '2 old for 3 new', ratio: ['2', '3'], close: '40', price: [19, 30], total: [40, 61] },
  { name: '20 old for 1 new', ratio: ['20', '1'], close: '1200', price: [19, 1], total: [1200, 61] },
] as const)('cash of 1.00 and a split of $name on one day give the factors of the formula', async (given) => {
  const { rows } = await compareChains({
    bars: [
      { at: 0, close: '20' },
      { at: 1, close: given.close },
    ],
    cash: [
      { ex_date: dayOf(1), kind: 'cash_dividend', cash_amount: '1.00', declared_date: null, currency: 'USD' },
    ],
    splits: [{ ex_date: dayOf(1), kind: 'split', ratio: [...given.ratio], declared_date: null }],
    refused: [],
    delist: null,
    as_of: dayOf(30),
    rates: [],
  })
  const before = rows.find((row) => (row['first_date'] ?? '') <= dayOf(0))
  const fraction = ([n, d]: readonly [number, number]) => ({ n: BigInt(n), d: BigInt(d) })
  expect(isNear(rational(before?.['price_factor'] ?? ''), fraction(given.price), 38)).toBe(true)
  expect(isNear(rational(before?.['total_return_factor'] ?? ''), fraction(given.total), 38)).toBe(true)
})

/** Both chains for one world; they must agree on each bar. Returns what they gave. */
async function compareChains(given: World) {
  const start = sessions.indexOf('2019-06-03')
  const delist_date = given.delist
  const own = given.bars
    .map(({ at, close }) => ({ trade_date: sessions[start + at] ?? '', close }))
    .toSorted((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
  const events = [
    ...given.cash.map((each) => ({ ...each, split_from: null, split_to: null })),
    ...given.splits.map(({ ratio, ...each }) => ({
      ...each,
      cash_amount: null,
      currency: null,
      split_from: ratio[0] ?? '',
      split_to: ratio[1] ?? '',
    })),
  ]
  const stated = given.rates.map(({ rate_date, pair, source, rate, days_later }) => ({
    rate_date,
    from_currency: pair[0] ?? '',
    to_currency: pair[1] ?? '',
    source,
    rate,
    known_from: addDays(rate_date, days_later),
  }))
  const conversion = conversionOf(stated)
  const rollback = new Error('Only to look.')
  let rows: Record<string, string | null>[] = []
  let view: Record<string, string | null>[] = []
  await scratch.db
    .transaction(async (tx) => {
      await tx.rows(
        `insert into stocks_research.securities (security_id, source_id, ticker, currency, delist_date)
         values (1, 'x', 'X', 'USD', $1)`,
        [delist_date],
      )
      await tx.rows(
        `insert into stocks_research.prices_daily (security_id, trade_date, close, volume)
         select 1, trade_date, close, 1
         from jsonb_to_recordset($1::jsonb) as b (trade_date date, close numeric)`,
        [JSON.stringify(own)],
      )
      await tx.rows(
        `insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
           cash_amount,
           currency, split_from, split_to, declared_date, source)
         select 1, ex_date, kind, 'k', row_number() over (), cash_amount, currency, split_from, split_to,
           declared_date, 'test'
         from jsonb_to_recordset($1::jsonb) as e (ex_date date, kind text, cash_amount numeric,
           currency text, split_from numeric, split_to numeric, declared_date date)`,
        [JSON.stringify(events)],
      )
      await tx.rows(
        `insert into stocks_research.refused_events (security_id, ex_date, kind, declared_date, reason)
         select 1, ex_date, kind, declared_date, 'told ill' from jsonb_to_recordset($1::jsonb)
           as e (ex_date date, kind text, declared_date date)
         on conflict do nothing`,
        [JSON.stringify(given.refused)],
      )
      await tx.rows(
        `insert into stocks_research.fx_rates select r.* from jsonb_populate_recordset(
           null::stocks_research.fx_rates, $1::jsonb) r`,
        [JSON.stringify(stated)],
      )
      rows = await tx.rows('select * from stocks_research.adjustment_intervals($1::date)', [given.as_of])
      view = await tx.rows(
        `select trade_date, adj_close, adjustment_reason
         from stocks_research.prices_daily_adjusted_as_of($1::date)
         order by 1`,
        [given.as_of],
      )
      throw rollback
    })
    .catch((error: unknown) => {
      if (error !== rollback) throw error
    })
  const known = own.filter(({ trade_date }) => trade_date <= given.as_of)
  const expected = adjust(
    {
      bars: known,
      actions: events.map((event) => convertedCash<Action>(event, 'USD', conversion, given.as_of)),
      refused: given.refused,
      currency: 'USD',
      last_listed: delist_date,
    },
    sessions,
    given.as_of,
  )
  expect(view.map((row) => row['trade_date'])).toEqual(known.map(({ trade_date }) => trade_date))
  for (const [index, { trade_date }] of known.entries()) {
    const row = rows.find(
      (each) => (each['first_date'] ?? '') <= trade_date && trade_date <= (each['last_date'] ?? ''),
    )
    const want = expected[index]
    for (const [name, factor] of [
      ['price_factor', want?.price],
      ['total_return_factor', want?.total_return],
    ] as const) {
      const value = row?.[name] ?? null
      if (value === null || factor == null) expect([name, value]).toEqual([name, factor ?? null])
      else expect(isNear(rational(value), factor, 38), `${name} ${trade_date} ${value}`).toBe(true)
    }
    expect(row?.['split_numerator'] ?? null).toBe(want?.split === null ? null : String(want?.split?.n))
    expect(row?.['split_denominator'] ?? null).toBe(want?.split === null ? null : String(want?.split?.d))
    expect(row?.['reason'] === null).toBe(
      want?.price !== null && want?.total_return !== null && want?.split !== null,
    )
  }
  return { rows, expected }
}
