import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency, list_date, delist_date)
      select i, 's' || i, 'T' || i, 'USD', '2020-01-02', case when i <> 5 then date '2021-01-29' end
      from generate_series(1, 6) i;
    insert into stocks_research.prices_daily (security_id, trade_date, close)
      select i, d, 20 from generate_series(1, 6) i, (values (date '2020-01-02'), ('2021-01-29')) d (d);
    insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
      detail, source) values
      (1, '2021-01-29', 'merger', 'merger', 1, '{"cash_rate": "21.50"}', 'test'),
      (2, '2021-01-29', 'merger', 'merger', 1, '{"cash_rate": "5", "stock_rate": "0.5"}', 'test'),
      (3, '2021-01-29', 'delisting', 'delisting', 1, '{"reason": "bankruptcy"}', 'test'),
      (5, '2021-01-29', 'merger', 'merger', 1, '{"cash_rate": "21.50"}', 'test'),
      (6, '2021-01-29', 'delisting', 'delisting', 1, '{}', 'test')`)
})
afterAll(() => scratch?.drop())

it('reports how each listing ended, with a return only where the source states cash', async () => {
  const rows = await scratch.db.rows<Record<string, string | null>>(
    'select * from stocks_research.securities_listing_v order by security_id',
  )
  expect(
    rows.map((row) => [row['delisting_kind'], row['delisting_return'], row['delisting_return_reason']]),
  ).toEqual([
    ['merger', '0.075000000000', null],
    ['merger', null, 'proceeds_not_known'],
    ['bankruptcy', null, 'proceeds_not_known'],
    [null, null, 'no_event_known'],
    [null, null, 'listed'], // It acquired another one.
    ['unknown', null, 'proceeds_not_known'],
  ])
  expect(rows[0]).toMatchObject({ first_trade_date: '2020-01-02', last_trade_date: '2021-01-29' })
})

it('records the old and the new value of each price that is restated, and lists it', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'price-restated')
  expect((await validate(scratch.db, { checks, accepted: [] })).soft_count).toBe(0)
  await scratch.db.execute(
    `update stocks_research.prices_daily
     set close = 19.5, volume = 7
     where security_id = 1 and trade_date = '2020-01-02'`,
  )
  await scratch.db.execute('update stocks_research.prices_daily set close = close')
  expect(
    await scratch.db.rows(
      `select security_id, trade_date, field, old_value, new_value
       from ingestion.price_revisions
       order by field`,
    ),
  ).toEqual([
    { security_id: '1', trade_date: '2020-01-02', field: 'close', old_value: '20', new_value: '19.5' },
    { security_id: '1', trade_date: '2020-01-02', field: 'volume', old_value: null, new_value: '7' },
  ])
  expect((await validate(scratch.db, { checks, accepted: [] })).soft_count).toBe(2)
})
