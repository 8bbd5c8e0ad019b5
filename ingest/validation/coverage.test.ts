import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { insertWeekdays } from '../testing/validation/weekdays.ts'
import { coverageOf } from './coverage.ts'
import { coverageMonths } from './coverage-months.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.execute(`
    ${insertWeekdays('2019-12-02', '2020-03-31')}
    insert into stocks_research.securities (security_id, source_id, ticker, currency, list_date) values
      (1, 'whole', 'WHOLE', 'USD', null), (2, 'young', 'YOUNG', 'USD', null),
      (3, 'late', 'LATE', 'USD', '2020-01-06'), (4, 'holed', 'HOLED', 'USD', null),
      (5, 'none', 'NONE', 'USD', null), (6, 'old', 'OLD', 'USD', null);
    insert into stocks_research.ticker_history (security_id, ticker, valid_from, valid_to) values
      (1, 'WHOLE', '2000-01-03', null), (2, 'KID', '2000-01-03', '2020-01-12'),
      (2, 'YOUNG', '2020-01-13', null), (3, 'LATE', '2000-01-03', null),
      (4, 'HOLED', '2000-01-03', null), (5, 'NONE', '2000-01-03', null), (6, 'OLD', '2000-01-03', null);
    insert into stocks_research.prices_daily (security_id, trade_date, close)
      select security_id, session_date, 20 from stocks_research.trading_sessions, (values
        (1, date '2020-01-06', date '2020-01-31'), (2, '2020-01-20', '2020-01-31'),
        (3, '2020-01-20', '2020-01-31'), (4, '2020-01-06', '2020-01-10'),
        (4, '2020-01-20', '2020-01-31'), (6, '2019-12-30', '2019-12-31'),
        (6, '2020-01-20', '2020-01-31')) b (security_id, first_date, last_date)
       where session_date between first_date and last_date`)
})
afterAll(() => scratch?.drop())

const WINDOW = { start_date: '2020-01-06', end_date: '2020-01-31' }

it('counts missing bars before the first one as a hole only where the listing day is known', async () => {
  const { total, gaps, listing_unknown, listing_unknown_ratio, without_bars } = await coverageOf(
    scratch.db,
    WINDOW,
  )
  // Under both of its tickers; the window has twenty weekdays, of which ten are before 20 January.
  expect(listing_unknown).toEqual([
    { source_id: 'young', ticker: 'YOUNG', first_trade_date: '2020-01-20', sessions: 10 },
  ])
  expect(gaps).toEqual([
    { source_id: 'late', ticker: 'LATE', first_date: '2020-01-06', last_date: '2020-01-17', missing: 10 },
    // A bar before the window: it was listed.
    { source_id: 'old', ticker: 'OLD', first_date: '2020-01-06', last_date: '2020-01-17', missing: 10 },
    { source_id: 'holed', ticker: 'HOLED', first_date: '2020-01-13', last_date: '2020-01-17', missing: 5 },
  ])
  expect(total).toEqual({ expected: 90, present: 65, missing: 25, ratio: 65 / 90 })
  expect(listing_unknown_ratio).toBe(10 / 100)
  expect(without_bars).toEqual([{ source_id: 'none', ticker: 'NONE', sessions: 20 }])
})

it('shows by month the same pairs that it counts', async () => {
  const { coverage_by_security } = await coverageMonths(scratch.db, WINDOW)
  const { total, without_bars } = await coverageOf(scratch.db, WINDOW)
  const all = coverage_by_security[0]
  expect(all?.expected).toBe(total.expected + without_bars.reduce((sum, { sessions }) => sum + sessions, 0))
  // It misses nothing that is known to be there.
  expect(coverage_by_security.find(({ source_id }) => source_id === 'young')).toBeUndefined()
})
