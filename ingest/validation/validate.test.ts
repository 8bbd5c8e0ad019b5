import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { loadCalendar } from '../calendar/load.ts'
import { deriveFundamentals } from '../testing/validation/derive-fundamentals.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency, cik, list_date)
      values (1, 'x', 'X', 'USD', '0000000001', '2020-01-02');
    insert into stocks_research.ticker_history (security_id, ticker, valid_from)
    values (1, 'X', '2020-01-02');
    insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
      select 1, session_date, 10, 11, 9, 10, 100 from stocks_research.trading_sessions
      where session_date between '2020-01-02' and '2020-01-31';
    insert into stocks_research.corporate_actions
      (security_id, ex_date, kind, action_key, occurrence, cash_amount, currency, source)
      values (1, '2020-01-15', 'cash_dividend', 'a', 1, 0.5, 'USD', 'test');
    insert into stocks_research.adjustment_factors
      (security_id, first_date, last_date, price_factor, total_return_factor,
       split_numerator, split_denominator, events, reason)
      select security_id, first_date, last_date, price_factor, total_return_factor,
        split_numerator, split_denominator, events, reason
      from stocks_research.adjustment_intervals('2020-01-31');
    insert into stocks_research.fundamentals_raw
      (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
    select '0000000001', 'us-gaap', 'Revenues', 'USD', '2020-01-01', period_end, value, accession, form, filed
    from (values
      (date '2020-09-30', 60, 'a', '10-Q', date '2020-11-01'),
      ('2020-12-31', 100, 'b', '10-K', '2021-02-01')
    ) f (period_end, value, accession, form, filed)`)
  await deriveFundamentals(scratch.db, ['0000000001'])
})
afterAll(() => scratch?.drop())

it('stores a finding once, resolves it when it is gone, and keeps a judgement until it expires', async () => {
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
  expect(await validate(scratch.db, { checks, accepted: [entry], today: '2020-06-01' })).toMatchObject({
    soft_count: 0,
    accepted_count: 1,
  })
  expect(await validate(scratch.db, { checks, accepted: [entry], today: '2021-01-01' })).toMatchObject({
    soft_count: 1,
    accepted_count: 0,
    unused_acceptances: [entry],
  })
  await scratch.db.execute('update stocks_research.prices_daily set volume = 0')
  await validate(scratch.db, { checks, accepted: [] })
  const rows = await scratch.db.rows(
    `select fingerprint, resolved_at is not null as is_resolved
     from ingestion.findings
     where check_name = $1`,
    ['close-repeats'],
  )
  expect(rows).toEqual([{ fingerprint, is_resolved: true }])
})
