import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { loadCalendar } from '../calendar/load.ts'
import { CHECKS } from './checks.ts'
import { listingsRecomputation } from './recompute-listings.ts'
import { validate } from './validate.ts'

/**
 * Twenty US dollars was the last close of each security, on 2021-01-29. `acquirer` (security 1) closed at 12
 * on that day, is listed, and was 15 a week later. `terms` are columns of the event that ended the listing.
 */
const CASES: readonly (readonly [what: string, terms: string, wanted: readonly (string | null)[]])[] = [
  ['cash', "kind = 'merger', cash_amount = 21.50", ['merger_cash', '0.075000000000', null]],
  [
    'shares',
    "kind = 'merger', shares_per_share = 2, acquirer_ticker = 'ACQ'",
    ['merger_stock', '0.200000000000', null],
  ],
  [
    'cash and shares',
    "kind = 'merger', cash_amount = 5, shares_per_share = 1, acquirer_source_id = 'acquirer'",
    ['merger_mixed', '-0.150000000000', null],
  ],
  [
    'cash alone by its code, and shares all the same',
    `kind = 'merger', delisting_code = 'merger_cash', cash_amount = 5, shares_per_share = 1,
     acquirer_ticker = 'ACQ'`,
    ['merger_mixed', '-0.150000000000', null],
  ],
  [
    'cash and shares by its code, and no rate of shares',
    "kind = 'merger', delisting_code = 'merger_mixed', cash_amount = 5",
    ['merger_mixed', null, 'terms_not_reported'],
  ],
  [
    'shares of nobody',
    "kind = 'merger', cash_amount = 5, shares_per_share = 1",
    ['merger_mixed', null, 'acquirer_not_reported'],
  ],
  [
    'shares of a company that is not here',
    "kind = 'merger', shares_per_share = 1, acquirer_ticker = 'XYZ'",
    ['merger_stock', null, 'acquirer_not_in_database'],
  ],
  [
    'shares of a company without bars',
    "kind = 'merger', shares_per_share = 1, acquirer_source_id = 'no bars'",
    ['merger_stock', null, 'no_close_of_acquirer'],
  ],
  [
    'cash and a right',
    "kind = 'merger', cash_amount = 21.50, has_other_proceeds = true",
    ['merger_cash', null, 'other_proceeds'],
  ],
  [
    'cash in pounds',
    "kind = 'merger', cash_amount = 21.50, currency = 'GBP'",
    ['merger_cash', null, 'other_currency'],
  ],
  ['a merger without terms', "kind = 'merger'", ['not_known', null, 'terms_not_reported']],
  ['a delisting without terms', "kind = 'delisting'", ['not_known', null, 'terms_not_reported']],
  ['nothing', "kind = 'delisting', cash_amount = 0", ['worthless', '-1.000000000000', null]],
  [
    'nothing, by its code',
    "kind = 'delisting', delisting_code = 'worthless'",
    ['worthless', '-1.000000000000', null],
  ],
  [
    'a move to another market',
    "kind = 'delisting', delisting_code = 'moved_to_otc'",
    ['moved_to_otc', null, 'trades_elsewhere'],
  ],
  [
    'a redemption',
    "kind = 'delisting', delisting_code = 'redeemed', cash_amount = 25",
    ['redeemed', '0.250000000000', null],
  ],
]
const FIRST = 10
const idOf = (what: string): number => FIRST + CASES.findIndex(([name]) => name === what)

const ENDED = `
  insert into stocks_research.securities (security_id, source_id, ticker, currency, list_date, delist_date)
    values ($1, $2, $2, 'USD', '2020-01-02', '2021-01-29');`
const LAST_BARS = `
  insert into stocks_research.prices_daily (security_id, trade_date, close)
    values ($1, '2020-01-02', 16), ($1, '2021-01-29', 20);`

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  const { db } = scratch
  await db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
  await db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency) values
      (1, 'acquirer', 'ACQ', 'USD'), (2, 'no bars', 'NOB', 'USD');
    insert into stocks_research.ticker_history (security_id, ticker, valid_from) values
      (1, 'ACQ', '2020-01-02'), (2, 'NOB', '2020-01-02');
    insert into stocks_research.prices_daily (security_id, trade_date, close) values
      (1, '2021-01-04', 11), (1, '2021-01-29', 12), (1, '2021-02-05', 15)`)
  for (const [at, [what, terms]] of CASES.entries()) {
    const id = FIRST + at
    await db.rows(ENDED, [id, what])
    await db.rows(LAST_BARS, [id])
    const kind = /kind = '(\w+)'/.exec(terms)?.[1] ?? ''
    await db.rows(
      `insert into stocks_research.corporate_actions
         (security_id, ex_date, kind, action_key, occurrence, source)
       values ($1, '2021-01-29', $2, $2, 1, 'test')`,
      [id, kind],
    )
    await db.execute(`update stocks_research.corporate_actions set ${terms} where security_id = ${id}`)
  }
})
afterAll(() => scratch?.drop())

interface End extends Record<string, unknown> {
  readonly delisting_code: string
  readonly delisting_return: string | null
  readonly delisting_return_reason: string | null
}
async function endOf(security_id: number): Promise<(string | null)[] | undefined> {
  const [row] = await scratch.db.rows<End>(
    `select delisting_code, delisting_return, delisting_return_reason
     from stocks_research.delistings_v where security_id = $1`,
    [security_id],
  )
  return row && [row.delisting_code, row.delisting_return, row.delisting_return_reason]
}
const violations = async () => await listingsRecomputation.find(scratch.db)

it.each(CASES)('holders who received %s', async (what, _terms, wanted) => {
  expect(await endOf(idOf(what))).toEqual(wanted)
})

it('an acquirer that has the merger too stays listed', async () => {
  await scratch.db.execute(`
    insert into stocks_research.corporate_actions
      (security_id, ex_date, kind, action_key, occurrence, cash_amount, source)
    values (1, '2021-01-29', 'merger', 'merger', 1, 21.50, 'test')`)
  expect(await endOf(1)).toBeUndefined()
  const rows = await scratch.db.rows(
    `select listed_from_evidence, listed_to_evidence, delisting_return_reason
     from stocks_research.securities_listing_v where security_id = 1`,
  )
  expect(rows).toEqual([
    {
      listed_from_evidence: 'first_bar',
      listed_to_evidence: 'window',
      delisting_return_reason: 'listed',
    },
  ])
})

const LATER: readonly (readonly [what: string, sql: string, wanted: readonly (string | null)[]])[] = [
  [
    'payments after the last bar, in two parts',
    `insert into stocks_research.corporate_actions
       (security_id, ex_date, kind, action_key, occurrence, cash_amount, currency, source)
     values (50, '2021-02-10', 'liquidation', 'a', 1, 11, 'USD', 'test'),
       (50, '2021-06-10', 'liquidation', 'b', 1, 4, 'USD', 'test')`,
    ['liquidation', '-0.250000000000', null],
  ],
  [
    'a payment, and one that was refused',
    `insert into stocks_research.corporate_actions
       (security_id, ex_date, kind, action_key, occurrence, cash_amount, source)
     values (50, '2021-02-10', 'liquidation', 'a', 1, 11, 'test');
     insert into stocks_research.refused_events (security_id, ex_date, kind, reason)
     values (50, '2021-06-10', 'liquidation', 'cash_amount is missing')`,
    ['liquidation', null, 'event_refused'],
  ],
  [
    'a payment on new shares',
    `insert into stocks_research.corporate_actions
       (security_id, ex_date, kind, action_key, occurrence, cash_amount, split_from, split_to, source)
     values (50, '2021-02-10', 'liquidation', 'a', 1, 11, null, null, 'test'),
       (50, '2021-02-09', 'split', 'a', 1, null, 10, 1, 'test')`,
    ['liquidation', null, 'split_after_last_close'],
  ],
  ['nothing that anybody reports', '', ['not_known', null, 'no_event_known']],
  [
    'cash, a year after the last bar',
    `insert into stocks_research.corporate_actions
       (security_id, ex_date, kind, action_key, occurrence, cash_amount, source)
     values (50, '2022-01-03', 'merger', 'merger', 1, 21, 'test');
     update stocks_research.securities set delist_date = '2022-01-03' where security_id = 50`,
    ['merger_cash', null, 'last_close_too_old'],
  ],
  [
    'an end without a day',
    'update stocks_research.securities set delist_date = null, is_listed = false where security_id = 50',
    ['not_known', null, 'no_event_known'],
  ],
]

it.each(LATER)('%s', async (_what, sql, wanted) => {
  await scratch.db.rows(ENDED, [50, 'later'])
  await scratch.db.rows(LAST_BARS, [50])
  try {
    await scratch.db.execute(sql)
    expect(await endOf(50)).toEqual(wanted)
    expect(await violations()).toEqual([])
  } finally {
    await scratch.db.execute(
      ['corporate_actions', 'refused_events', 'prices_daily', 'securities']
        .map((table) => `delete from stocks_research.${table} where security_id = 50;`)
        .join(''),
    )
  }
})

it('the recomputation agrees with every row, and finds a term that the view does not read', async () => {
  expect(await violations()).toEqual([])
  const definition = await scratch.db.rows<{ sql: string }>(
    "select pg_get_viewdef('stocks_research.delistings_v'::regclass) as sql",
  )
  const sql = definition[0]?.sql ?? ''
  const broken = sql.replace('COALESCE((e.shares_per_share * q.close), (0)::numeric)', '(0)::numeric')
  expect(broken).not.toBe(sql)
  await scratch.db.execute(`create or replace view stocks_research.delistings_v as ${broken}`)
  expect((await violations()).map(({ subject }) => subject).toSorted()).toEqual(
    ['cash alone by its code, and shares all the same', 'cash and shares', 'shares'].toSorted(),
  )
  await scratch.db.execute(`create or replace view stocks_research.delistings_v as ${sql}`)
})

it('records the old and the new value of each price that is restated, and lists it', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'price-restated')
  expect((await validate(scratch.db, { checks, accepted: [] })).soft_count).toBe(0)
  await scratch.db.execute(
    `update stocks_research.prices_daily set close = 11.5, volume = 7
     where security_id = 1 and trade_date = '2021-01-29'`,
  )
  await scratch.db.execute('update stocks_research.prices_daily set close = close')
  expect(
    await scratch.db.rows(
      `select security_id, trade_date, field, old_value, new_value
       from ingestion.price_revisions order by field`,
    ),
  ).toEqual([
    { security_id: '1', trade_date: '2021-01-29', field: 'close', old_value: '12', new_value: '11.5' },
    { security_id: '1', trade_date: '2021-01-29', field: 'volume', old_value: null, new_value: '7' },
  ])
  expect((await validate(scratch.db, { checks, accepted: [] })).soft_count).toBe(2)
})
