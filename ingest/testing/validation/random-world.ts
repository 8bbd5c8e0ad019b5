import fc from 'fast-check'
import type { Database } from '../../../helpers/postgres/database.ts'
import { deriveFundamentals } from './derive-fundamentals.ts'

/**
 * A small market of 2018 to 2021 with everything that can falsify the past: renames, delistings, events,
 * restatements, changed tags.
 */
export interface World {
  readonly securities: readonly {
    security_id: number
    currency: string
    list_date: string
    delist_date: string | null
  }[]
  readonly tickers: readonly {
    security_id: number
    ticker: string
    valid_from: string
    valid_to: string | null
  }[]
  readonly bars: readonly { security_id: number; at: number; close: string }[]
  readonly actions: readonly {
    security_id: number
    ex_date: string
    kind: string
    cash_amount: string | null
    split_from: string | null
    split_to: string | null
    occurrence: number
    declared_date: string | null
    /** The security that a spin-off gave out, one share for two, when nothing else is said of its value. */
    new_source_id: string | null
  }[]
  readonly facts: readonly {
    cik: string
    tag: string
    unit: string
    period_start: string | null
    period_end: string
    value: number
    accession: string
    form: string
    filed: string
  }[]
}

const WORLD_START = '2018-01-01'
const DAYS = 1400
const SECURITIES = [1, 2, 3]
const CIKS = ['0000000001', '0000000002']

export const dayAfter = (days: number, from = WORLD_START): string =>
  new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10)
export const dayOfWorld: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: DAYS + 200 })
  .map((days) => dayAfter(days))

const cents = (max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max }).map((n) => (n / 100).toFixed(2))
const security_id = fc.constantFrom(...SECURITIES)
const day = fc.integer({ min: 0, max: DAYS }).map((days) => dayAfter(days))
const ratio = fc.constantFrom(['1', '2'], ['20', '1'], ['1', '1.05'], ['2', '3'])

const declared_date = fc.option(day, { freq: 3 })
const action = fc.oneof(
  fc.record({
    security_id,
    ex_date: day,
    declared_date,
    kind: fc.constantFrom('cash_dividend', 'special_dividend', 'spin_off'),
    cash_amount: cents(900),
  }),
  fc.record({
    security_id,
    ex_date: day,
    declared_date,
    kind: fc.constantFrom('split', 'stock_dividend', 'spin_off'),
    ratio,
  }),
  fc.record({ security_id, ex_date: day, declared_date, kind: fc.constant('spin_off'), child: security_id }),
)

const TAGS = [
  ['Revenues', 'USD'],
  ['SalesRevenueNet', 'USD'],
  ['GrossProfit', 'USD'],
  ['CostOfRevenue', 'USD'],
  ['NetIncomeLoss', 'USD'],
  ['NetIncomeLoss', 'USD'],
  ['EarningsPerShareDiluted', 'USD/shares'],
  ['WeightedAverageNumberOfDilutedSharesOutstanding', 'shares'],
  ['Assets', 'USD'],
  ['CommonStockSharesOutstanding', 'shares'],
] as const
const INSTANTS: readonly string[] = ['Assets', 'CommonStockSharesOutstanding']
const fact = fc.record({
  cik: fc.constantFrom(...CIKS),
  tag: fc.constantFrom(...TAGS),
  /**
   * Last quarter of the period, counted from the first of 2017, and quarters that it spans within its year.
   */
  quarter: fc.integer({ min: 0, max: 14 }),
  spans: fc.integer({ min: 1, max: 4 }),
  // Mostly the report of the period, at times a restatement long after it, now and then a date that cannot
  // be.
  lag: fc.oneof(fc.constantFrom(35, 60), fc.integer({ min: -20, max: 800 })),
  is_amendment: fc.boolean(),
  value: fc.oneof(fc.integer({ min: -50, max: 500 }), fc.constantFrom(3, 400, 3_000, 400_000)),
})

/** First and last day of a run of calendar quarters; 2017 is year 0. */
function periodOf(quarter: number, spans: number): [start: string, end: string] {
  const first = Math.max(quarter - spans + 1, quarter - (quarter % 4))
  const of = (index: number): string => new Date(Date.UTC(2017, index * 3, 1)).toISOString().slice(0, 10)
  return [of(first), dayAfter(-1, of(quarter + 1))]
}

export const world: fc.Arbitrary<World> = fc
  .record({
    delisted: fc.array(fc.option(day), { minLength: 3, maxLength: 3 }),
    renames: fc.uniqueArray(
      fc.record({ security_id, days: fc.integer({ min: 1, max: DAYS }), back: fc.boolean() }),
      {
        selector: (each) => `${each.security_id} ${each.days}`,
        maxLength: 5,
      },
    ),
    bars: fc.uniqueArray(
      fc.record({ security_id, at: fc.integer({ min: 0, max: 900 }), close: cents(20_000) }),
      {
        selector: (each) => `${each.security_id} ${each.at}`,
        minLength: 5,
        maxLength: 60,
      },
    ),
    actions: fc.array(action, { maxLength: 15 }),
    // Without a size most worlds are near the shortest: too thin for a year of quarters.
    facts: fc.array(fact, { minLength: 10, maxLength: 70, size: 'max' }),
  })
  .map(({ delisted, renames, bars, actions, facts }) => ({
    securities: SECURITIES.map((id, at) => ({
      security_id: id,
      currency: 'USD',
      list_date: WORLD_START,
      delist_date: delisted[at] ?? null,
    })),
    tickers: SECURITIES.flatMap((id, at) => {
      const days = [
        0,
        ...renames.filter((each) => each.security_id === id).map((each) => each.days),
      ].toSorted((a, b) => a - b)
      return days.map((from, index) => {
        const next = days[index + 1]
        // Even names return to their owner; odd ones are new.
        const ticker = index % 2 === 0 ? `T${id}` : `T${id}X${index}`
        return {
          security_id: id,
          ticker,
          valid_from: dayAfter(from),
          valid_to: next === undefined ? (delisted[at] ?? null) : dayAfter(next - 1),
        }
      })
    }).filter(({ valid_from, valid_to }) => valid_to === null || valid_from <= valid_to),
    bars,
    actions: actions.map((each, at) => ({
      security_id: each.security_id,
      ex_date: each.ex_date,
      kind: each.kind,
      cash_amount: 'cash_amount' in each ? each.cash_amount : null,
      split_from: 'ratio' in each ? (each.ratio[0] ?? null) : null,
      split_to: 'ratio' in each ? (each.ratio[1] ?? null) : null,
      occurrence: at + 1,
      declared_date: each.declared_date,
      new_source_id: 'child' in each ? `s${each.child}` : null,
    })),
    facts: [
      ...new Map(
        facts.map(({ cik, tag: [tag, unit], quarter, spans, lag, is_amendment, value }) => {
          const [start, period_end] = periodOf(quarter, spans)
          const period_start = INSTANTS.includes(tag) ? null : start
          const filed = dayAfter(lag, period_end)
          const form = `${spans === 4 ? '10-K' : '10-Q'}${is_amendment ? '/A' : ''}`
          const accession = `${filed} ${form}`
          return [
            `${cik} ${tag} ${period_start} ${period_end} ${accession}`,
            { cik, tag, unit, period_start, period_end, value, accession, form, filed },
          ] as const
        }),
      ).values(),
    ],
  }))

/** Loads a world into empty tables. The calendar must be there. */
export async function loadWorld(db: Database, given: World): Promise<void> {
  const load = (sql: string, rows: readonly unknown[]): Promise<unknown> =>
    db.rows(sql, [JSON.stringify(rows)])
  await load(
    `insert into stocks_research.securities
       (security_id, source_id, ticker, currency, list_date, delist_date, cik)
     select security_id, 's' || security_id, 'T' || security_id, currency, list_date, delist_date,
       -- The first two are classes of one filer.
       case when security_id < 3 then '${CIKS[0]}' else '${CIKS[1]}' end
     from jsonb_to_recordset($1::jsonb)
       as r (security_id bigint, currency text, list_date date, delist_date date)`,
    given.securities,
  )
  await load(
    `insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to)
     select *
     from jsonb_to_recordset($1::jsonb)
       as r (security_id bigint, ticker text, valid_from date, valid_to date)`,
    given.tickers,
  )
  await load(
    `insert into stocks_research.prices_daily (security_id, trade_date, close, volume)
     select r.security_id, s.session_date, r.close, 100
     from jsonb_to_recordset($1::jsonb) as r (security_id bigint, at integer, close numeric)
     join (
       select session_date, row_number() over (order by session_date) - 1 as at
       from stocks_research.trading_sessions
       where session_date >= '${WORLD_START}'
     ) s using (at)`,
    given.bars,
  )
  await load(
    `insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
       cash_amount, currency, split_from, split_to, declared_date, detail, source)
     select security_id, ex_date, kind, kind, occurrence, cash_amount, 'USD', split_from, split_to,
       declared_date,
       case
         when new_source_id is null then '{}'
         else jsonb_build_object('new_source_id', new_source_id, 'new_rate', '1', 'source_rate', '2')
       end,
       'test'
     from jsonb_to_recordset($1::jsonb)
       as r (security_id bigint, ex_date date, kind text, occurrence integer, cash_amount numeric,
         split_from numeric, split_to numeric, declared_date date, new_source_id text)`,
    given.actions,
  )
  await load(
    `insert into stocks_research.fundamentals_raw (cik, taxonomy, tag, unit, period_start, period_end,
       value, accession, form, filed)
     select cik, 'us-gaap', tag, unit, period_start, period_end, value, accession, form, filed
     from jsonb_to_recordset($1::jsonb)
       as r (cik text, tag text, unit text, period_start date, period_end date, value numeric,
         accession text, form text, filed date)`,
    given.facts,
  )
  await derive(db)
}

/** Derives the quarters again from the stored facts. */
export const derive = (db: Database): Promise<void> => deriveFundamentals(db, CIKS)
