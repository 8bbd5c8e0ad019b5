import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { loadCalendar } from '../calendar/load.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency, cik, list_date) values (1, 'x', 'X', 'USD', '0000000001', '2020-01-02');
    insert into stocks_research.ticker_history (security_id, ticker, valid_from) values (1, 'X', '2020-01-02');
    insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
      select 1, session_date, 10, 11, 9, 10, 100 from stocks_research.trading_sessions where session_date between '2020-01-02' and '2020-01-31';
    insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence, cash_amount, currency, source)
      values (1, '2020-01-15', 'cash_dividend', 'a', 1, 0.5, 'USD', 'test');
    insert into stocks_research.adjustment_factors (security_id, first_date, last_date, price_factor, total_return_factor, split_numerator, split_denominator, events, reason)
      select security_id, first_date, last_date, price_factor, total_return_factor, split_numerator, split_denominator, events, reason
      from stocks_research.adjustment_intervals('2020-01-31');
    insert into stocks_research.fundamentals_raw (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed) values
      ('0000000001', 'us-gaap', 'Revenues', 'USD', '2020-01-01', '2020-09-30', 60, 'a', '10-Q', '2020-11-01'),
      ('0000000001', 'us-gaap', 'Revenues', 'USD', '2020-01-01', '2020-12-31', 100, 'b', '10-K', '2021-02-01');
    insert into stocks_research.fundamentals_derived
      select * from stocks_research.derive_fundamentals(array['0000000001'])`)
})
afterAll(() => scratch?.drop())

const hardOnly = CHECKS.filter(({ severity }) => severity === 'hard')

it('finds nothing hard in rows that are right', async () => {
  const report = await validate(scratch.db, { checks: hardOnly, accepted: [] })
  expect(report.checks.filter(({ offenders_count }) => offenders_count > 0)).toEqual([])
  expect(report.is_valid).toBe(true)
})

// One wrong row each, and the checks that must see it.
it.each([
  [
    'a bar on a Sunday',
    `insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-01-19', 10)`,
    ['bar-on-session'],
  ],
  [
    'a bar before the listing',
    `insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2019-12-31', 10)`,
    ['bar-inside-listing'],
  ],
  [
    'a factor off by a thousandth',
    'update stocks_research.adjustment_factors set price_factor = price_factor * 1.001 where price_factor < 1',
    ['adjustment-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a total return off by a thousandth',
    'update stocks_research.adjustment_factors set total_return_factor = total_return_factor * 1.001 where price_factor < 1',
    ['total-return-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a last factor of two',
    'update stocks_research.adjustment_factors set price_factor = price_factor * 2',
    ['last-factor-one', 'factors-equal-recomputation'],
  ],
  ['a factor row that is gone', `delete from stocks_research.adjustment_factors where price_factor < 1`, ['one-factor-a-bar']],
  [
    'a close changed under its factor',
    `update stocks_research.prices_daily set close = 10.5 where trade_date = '2020-01-14'`,
    ['adjustment-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a dividend that no factor knows',
    `insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence, cash_amount, source) values (1, '2020-01-22', 'cash_dividend', 'a', 1, 1, 'test')`,
    ['adjustment-continuous', 'factors-equal-recomputation'],
  ],
  [
    'a derived quarter off by one',
    'update stocks_research.fundamentals_derived set value = value + 1',
    ['quarters-add-up', 'quarters-equal-recomputation'],
  ],
  [
    'a quarter known too early',
    `update stocks_research.fundamentals_derived set known_from = '2021-01-31'`,
    ['no-look-ahead', 'quarters-equal-recomputation'],
  ],
  ['a quarter that is gone', 'delete from stocks_research.fundamentals_derived', ['quarters-equal-recomputation']],
  [
    'a constraint that was never validated',
    'alter table stocks_research.prices_daily add constraint late check (close < 1000000) not valid',
    ['constraints-validated'],
  ],
  [
    'a foreign key that is gone',
    'alter table stocks_research.prices_daily drop constraint prices_daily_security_id_fkey',
    ['foreign-keys-present'],
  ],
])('sees %s', async (_fault, sql, names) => {
  const undo = new Error('The fault is taken back.')
  let failed: string[] = []
  await scratch.db
    .transaction(async (tx) => {
      await tx.execute(sql)
      const report = await validate(tx, { checks: hardOnly, accepted: [] })
      failed = report.checks.filter(({ offenders_count }) => offenders_count > 0).map(({ name }) => name)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  expect(failed).toEqual(expect.arrayContaining(names))
})

it('stores a finding once, resolves it when it is gone, and honours a judgement until it expires', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'close-repeats')
  const first = await validate(scratch.db, { checks, accepted: [] })
  expect(first).toMatchObject({ soft_count: 1, is_valid: true })
  const fingerprint = first.checks[0]?.examples[0]?.fingerprint ?? ''
  const entry = {
    fingerprint,
    check: 'close-repeats',
    subject: 'x',
    reason: 'An invented series.',
    accepted_by: 'a person',
    accepted_on: '2020-02-01',
    expires_on: '2020-12-31',
  }
  expect(await validate(scratch.db, { checks, accepted: [entry], today: '2020-06-01' })).toMatchObject({ soft_count: 0, accepted_count: 1 })
  expect(await validate(scratch.db, { checks, accepted: [entry], today: '2021-01-01' })).toMatchObject({
    soft_count: 1,
    accepted_count: 0,
    unused_acceptances: [entry],
  })
  await scratch.db.execute('update stocks_research.prices_daily set volume = 0')
  await validate(scratch.db, { checks, accepted: [] })
  const rows = await scratch.db.rows(
    'select fingerprint, resolved_at is not null as is_resolved from ingestion.findings where check_name = $1',
    ['close-repeats'],
  )
  expect(rows).toEqual([{ fingerprint, is_resolved: true }])
})
