import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { insertWeekdays } from '../testing/validation/weekdays.ts'
import { coverageMonths } from './coverage-months.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.execute(`
    ${insertWeekdays('2020-01-06', '2020-03-31')}
    insert into stocks_research.securities (security_id, source_id, ticker, currency) values
      (1, 's1', 'WHOLE', 'USD'), (2, 's2', 'HOLED', 'USD'), (3, 's3', 'NONE', 'USD');
    insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to) values
      (1, 'WHOLE', '2020-01-06', null), (2, 'HOLED', '2020-02-03', null),
      (3, 'NONE', '2020-03-02', '2020-03-06');
    insert into stocks_research.prices_daily (security_id, trade_date, close)
      select 1, session_date, 20
      from stocks_research.trading_sessions
      where session_date between '2020-01-06' and '2020-03-31'
      union all select 2, session_date, 20 from stocks_research.trading_sessions
       where session_date between '2020-02-03' and '2020-02-29'
         or session_date between '2020-03-02' and '2020-03-03'`)
})
afterAll(() => scratch?.drop())

it('counts listed sessions with bars by month, and securities by session', async () => {
  const found = await coverageMonths(scratch.db, { start_date: '2020-01-06', end_date: '2020-04-30' })
  expect(found.first_month).toBe('2020-01')
  expect(found.securities_complete).toBe(1)
  // In March 24 of 49 pairs of a listed security and a session have a bar.
  expect(found.coverage_by_security).toEqual([
    { source_id: 'all', ticker: 'all securities', expected: 109, missing: 25, months: '##4-' },
    { source_id: 's2', ticker: 'HOLED', expected: 42, missing: 20, months: '-#1-' },
    { source_id: 's3', ticker: 'NONE', expected: 5, missing: 5, months: '--0-' },
  ])
  const march = found.bars_by_session.find(({ month }) => month === '2020-03')
  expect(march?.listed.split(' ').slice(0, 6)).toEqual(['3', '3', '3', '3', '3', '2'])
  expect(march?.bars.split(' ').slice(0, 6)).toEqual(['2', '2', '1', '1', '1', '1'])
  expect(found.bars_by_session.map(({ listed }) => listed.split(' ').length)).toEqual([20, 20, 22])
})
