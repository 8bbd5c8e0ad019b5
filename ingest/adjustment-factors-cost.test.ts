/** What it costs to derive the factors of securities with a new bar, in rows that the query visits. */
import { expect, onTestFinished, test } from 'vitest'
import { rowsVisitedBy } from '../helpers/testing/rows-visited.ts'
import { scratchDatabase } from '../helpers/testing/scratch.ts'
import { loadCalendar } from './calendar/load.ts'

const LAST = '2025-12-31'

/** Twenty securities with a bar for each session from $1 on, and a dividend in each quarter of two years. */
const MARKET = [
  `insert into stocks_research.securities (security_id, source_id, ticker, currency)
   select no, 'x:' || no, 'X' || no, 'USD' from generate_series(1, 20) no`,
  `insert into stocks_research.ticker_history (security_id, ticker, valid_from)
   select security_id, ticker, '2015-01-02' from stocks_research.securities`,
  `insert into stocks_research.prices_daily (security_id, trade_date, close)
   select s.security_id, c.session_date, 50
   from stocks_research.securities s
   join stocks_research.trading_sessions c on c.session_date between $1 and '${LAST}'`,
  `insert into stocks_research.corporate_actions
     (security_id, ex_date, kind, action_key, occurrence, cash_amount, currency, source)
   select s.security_id, d::date, 'cash_dividend', '', 1, 0.25, 'USD', 'x'
   from stocks_research.securities s
   cross join generate_series('2024-02-01'::timestamp, '2025-12-01', '3 months') d`,
]

async function visitsSince(first_date: string): Promise<{ bars: number; visits: number }> {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  const { db } = scratch
  await loadCalendar(db, { today: LAST })
  for (const statement of MARKET) await db.rows(statement, statement.includes('$1') ? [first_date] : [])
  await db.execute('analyze')
  const { bars } = await db.one<{ bars: number }>(
    'select count(*)::integer as bars from stocks_research.prices_daily',
  )
  const source_ids = Array.from({ length: 20 }, (_, at) => `x:${at + 1}`)
  const name = 'stocks_research.adjustment_intervals(date, text[])'
  return { bars, visits: await rowsVisitedBy(db, name, [LAST, source_ids]) }
}

test('factors cost in proportion to events: a history of twice the bars visits as many rows', async () => {
  const once = await visitsSince('2021-01-04')
  const twice = await visitsSince('2016-01-04')
  expect(twice.bars).toBeGreaterThan(1.9 * once.bars)
  expect(twice.visits).toBeLessThan(1.1 * once.visits)
  // Far fewer than one visit a bar, and enough to have seen the events.
  expect(once.visits).toBeGreaterThan(160)
  expect(once.visits).toBeLessThan(0.5 * once.bars)
})
