/** What checks and the research surface cost, in rows and pages that their plans read. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { withVariables } from '../../helpers/testing/documents/cookbook.ts'
import { callsOf, pagesRead, planInside, planOf, rowsVisited } from '../../helpers/testing/rows-visited.ts'
import { type CookbookMarket, openCookbookMarket } from '../testing/validation/cookbook-market.ts'
import { doubleMarket } from '../testing/validation/double-market.ts'
import { CHECKS } from './checks.ts'
import { CHECK_SETTINGS } from './find-violations.ts'

const SQL = join(import.meta.dirname, 'sql')
const DAY = '2024-06-28'

/** One security or one filer, from every view and function that takes its key. */
const BY_KEY = {
  prices_daily_adjusted_v: 'select * from stocks_research.prices_daily_adjusted_v where security_id = $1',
  prices_daily_adjusted_as_of: `
    select *
    from stocks_research.prices_daily_adjusted_as_of('${DAY}', array[$1])`,
  returns_daily_v: 'select * from stocks_research.returns_daily_v where security_id = $1',
  securities_listing_v: 'select * from stocks_research.securities_listing_v where security_id = $1',
  delistings_v: 'select * from stocks_research.delistings_v where security_id = $1',
  security_history_v: 'select * from stocks_research.security_history_v where security_id = $1',
  prices_panel: `select * from stocks_research.prices_panel(array['${DAY}']::date[], array[$1])`,
  trailing_dividends_panel: `
    select *
    from stocks_research.trailing_dividends_panel(array['${DAY}']::date[], array[$1])`,
  split_ratio: `select stocks_research.split_ratio($1, '2024-01-02', '${DAY}')`,
  total_return: `select * from stocks_research.total_return($1, '2024-01-02', '${DAY}')`,
  fundamentals_standard_v: 'select * from stocks_research.fundamentals_standard_v where cik = $2',
  fundamentals_standard_as_of: `
    select *
    from stocks_research.fundamentals_standard_as_of('${DAY}', array[$2])`,
  fundamentals_as_of: `select * from stocks_research.fundamentals_as_of('${DAY}', array[$2])`,
  fundamentals_quarters_as_of: `
    select *
    from stocks_research.fundamentals_quarters_as_of('${DAY}', array[$2])`,
  fundamentals_panel: `
    select * from stocks_research.fundamentals_panel(array['${DAY}']::date[], array['revenue'], array[$2])`,
  calculated_items_panel: `
    select * from stocks_research.fundamentals_panel(
      array['${DAY}']::date[], array['free_cash_flow', 'working_capital', 'eps_diluted_ttm'], array[$2])`,
  calculated_items_as_of: `
    select * from stocks_research.calculated_items_as_of('${DAY}', array[$2])`,
  filings: 'select * from stocks_research.filings where cik = $2',
  earnings_dates_v: 'select * from stocks_research.earnings_dates_v where cik = $2',
  market_cap_as_of: `select * from stocks_research.market_cap_as_of('${DAY}', array[$2])`,
} as const

let market: CookbookMarket
let db: Database
let security_id: string
let cik: string
let checksOnce: ReadonlyMap<string, number>
let checksTwice: ReadonlyMap<string, number>
let factorsOnce: Awaited<ReturnType<typeof planInside>>
let factorsTwice: typeof factorsOnce
let keysOnce: ReadonlyMap<string, number>
let keysTwice: ReadonlyMap<string, number>
let signalsOnce: ReadonlyMap<string, number>
let signalsOfTwiceTheDays: ReadonlyMap<string, number>
let signalsTwice: ReadonlyMap<string, number>

/** Rows that each check visits, planned as a validation plans them. */
async function checkCosts(): Promise<ReadonlyMap<string, number>> {
  const costs = new Map<string, number>()
  for (const check of CHECKS) {
    if (!('query' in check)) continue
    const sql = queryFile(SQL, 'find-violations', { query: check.query })
    const plan = await db.transaction(async (tx) => {
      // Plans of one kind are compared: with workers a larger table has more nodes for the same rows.
      await tx.execute(`${CHECK_SETTINGS}; set local max_parallel_workers_per_gather = 0`)
      return planOf(tx, sql, [1_000])
    })
    costs.set(check.name, rowsVisited(plan))
  }
  // What a recomputation reads at once, and not by its keys.
  costs.set('listing-events', rowsVisited(await planOf(db, queryFile(SQL, 'listing-events'))))
  return costs
}

async function keyCosts(): Promise<ReadonlyMap<string, number>> {
  const costs = new Map<string, number>()
  for (const [name, text] of Object.entries(BY_KEY)) {
    const sql = text.replaceAll('$1', security_id).replaceAll('$2', `'${cik}'`)
    await planOf(db, sql) // The first call of a session reads the catalogue too.
    costs.set(name, pagesRead(await planOf(db, sql)))
  }
  return costs
}

/** Rows that each signal visits at the month ends from a day to the end of 2024. */
async function signalCosts(from: string): Promise<ReadonlyMap<string, number>> {
  const costs = new Map<string, number>()
  for (const file of globSync('examples/signals/*.sql')) {
    const sql = withVariables(readFileSync(file, 'utf8'), { from, to: '2024-12-31' })
    costs.set(basename(file), rowsVisited(await planOf(db, sql)))
  }
  return costs
}

/** The plan by which the factors of all securities are derived. */
const factorPlan = () => planInside(db, 'stocks_research.adjustment_intervals(date, text[])', [DAY, null])

beforeAll(async () => {
  market = await openCookbookMarket()
  db = market.db
  const known = await db.one<{ security_id: string; cik: string }>(
    `select s.security_id::text, s.cik
     from stocks_research.securities s
     where exists (select from stocks_research.fundamentals_standard f where f.cik = s.cik)
       and exists (
         select
         from stocks_research.prices_daily p
         where p.security_id = s.security_id and p.trade_date = '${DAY}')
     order by 1
     limit 1`,
  )
  security_id = known.security_id
  cik = known.cik
  // Fewer bars of more securities: the number of securities is what is doubled.
  await db.execute("delete from stocks_research.prices_daily where trade_date < '2023-10-01'")
  // In a small market the planner scans complete tables again and again, since that is cheaper there.
  await doubleMarket(db, 1)
  await doubleMarket(db, 2)
  checksOnce = await checkCosts()
  keysOnce = await keyCosts()
  signalsOnce = await signalCosts('2024-10-01')
  signalsOfTwiceTheDays = await signalCosts('2024-07-01')
  factorsOnce = await factorPlan()
  await doubleMarket(db, 4)
  checksTwice = await checkCosts()
  keysTwice = await keyCosts()
  signalsTwice = await signalCosts('2024-10-01')
  factorsTwice = await factorPlan()
})
afterAll(() => market?.drop())

test('a check of twice the market visits about twice the rows', () => {
  const steep = [...checksTwice]
    .map(([name, twice]) => ({ name, once: checksOnce.get(name) ?? 0, twice }))
    .filter(({ once, twice }) => twice > 2.3 * once + 2_000)
  expect(checksOnce.size).toBeGreaterThan(70)
  expect(steep).toEqual([])
})

test('one security or one filer is read from as few pages in a market of twice the size', () => {
  const steep = [...keysTwice]
    .map(([name, twice]) => ({ name, once: keysOnce.get(name) ?? 0, twice }))
    .filter(({ once, twice }) => once < 1 || twice > 1.3 * once + 20)
  expect(steep).toEqual([])
})

test('a signal of twice the market, or at twice the days, visits about twice the rows', () => {
  const steep = [...signalsOnce].flatMap(([name, once]) => {
    const most = 2.4 * once + 2_000
    const costs = { days: signalsOfTwiceTheDays.get(name) ?? 0, filers: signalsTwice.get(name) ?? 0 }
    return costs.days > most || costs.filers > most ? [{ name, once, ...costs }] : []
  })
  expect(signalsOnce.size).toBe(10)
  expect(steep).toEqual([])
})

test('factors of twice the market visit twice the rows, and call no function without need', async () => {
  expect(rowsVisited(factorsOnce)).toBeGreaterThan(1_000)
  expect(rowsVisited(factorsTwice)).toBeLessThan(2.3 * rowsVisited(factorsOnce) + 2_000)
  const { spin_offs, foreign } = await db.one<{ spin_offs: number; foreign: number }>(
    `select
       count(*) filter (where a.kind = 'spin_off' and a.cash_amount is null and a.split_to is null)::int
         as spin_offs,
       count(*) filter (where a.kind = 'spin_off' or a.currency <> s.currency)::int as foreign
     from stocks_research.corporate_actions a
     join stocks_research.securities s using (security_id)`,
  )
  const calls = callsOf(factorsTwice)
  expect([...calls.keys()].toSorted()).toEqual(['fx_conversion', 'spun_off_first_close'])
  expect(calls.get('spun_off_first_close')).toBeLessThanOrEqual(spin_offs)
  expect(calls.get('fx_conversion')).toBeLessThanOrEqual(foreign)
})
