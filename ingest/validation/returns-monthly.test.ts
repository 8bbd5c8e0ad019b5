import { afterAll, expect, it } from 'vitest'
import type { Security } from '../../helpers/simulator/market/types.ts'
import { expectedDelisting } from '../../helpers/testing/market/differences-delistings.ts'
import { near, openCookbookMarket, type Row } from '../testing/validation/cookbook-market.ts'
import { numberOf } from '../testing/validation/market-truth.ts'

const market = await openCookbookMarket()
const { db, idOf, truth, world } = market
afterAll(() => market.drop())

const monthly = (from: string, to: string): Promise<Row[]> =>
  db.rows<Row>(
    `select r.*, r.security_id::text, r.month::text, r.trade_date::text
     from stocks_research.returns_monthly($1, $2) r`,
    [from, to],
  )

const monthOf = (day: string): string => day.slice(0, 7)
/** The return of a month by the truth of the market; null where it has none. */
function expectedReturn(security: Security, month: string, months: readonly string[]): number | null {
  const before = months[months.indexOf(month) - 1]
  const last = security.bars.findLast(({ date }) => monthOf(date) === month)
  const base = security.bars.findLast(({ date }) => monthOf(date) === before)
  if (last === undefined || base === undefined) return null
  const growth = truth.totalReturnClose(security, last.date) / truth.totalReturnClose(security, base.date)
  const end = last === security.bars.at(-1) ? expectedDelisting(world, security)?.delisting_return : undefined
  return growth * (1 + (end == null ? 0 : numberOf(end))) - 1
}

it('each monthly return is that of the market, the delisting return included', async () => {
  const rows = await monthly(world.start_date, world.end_date)
  const found = new Map(rows.map((row) => [`${row['security_id']} ${String(row['month']).slice(0, 7)}`, row]))
  const months = [...new Set(world.calendar.sessions.map(monthOf))]
  let returns_count = 0
  let delistings_count = 0
  let rows_count = 0
  for (const security of world.securities) {
    for (const month of new Set(security.bars.map(({ date }) => monthOf(date)))) {
      rows_count += 1
      const row = found.get(`${idOf(security)} ${month}`)
      const wanted = expectedReturn(security, month, months)
      if (wanted === null) expect(row).toMatchObject({ return: null })
      else {
        near(row?.['return'], wanted)
        returns_count += 1
      }
      if (row?.['is_delisting_return'] === true) delistings_count += 1
    }
  }
  expect(rows).toHaveLength(rows_count)
  expect(returns_count).toBeGreaterThan(1000)
  const known = world.securities.filter((each) => expectedDelisting(world, each)?.delisting_return != null)
  expect(delistings_count).toBe(known.length)
  expect(known.length).toBeGreaterThan(5)
})

it('the capitalisation is that of the month end, and that of the month before', async () => {
  const rows = await monthly('2022-03-01', '2022-05-31')
  const caps = await db.rows<{ day: string; security_id: string; market_cap: string | null }>(
    `select c.as_of::text as day, c.security_id::text, c.market_cap
     from unnest(array['2022-02-28', '2022-03-31', '2022-04-29', '2022-05-31']::date[]) d (day)
     cross join lateral stocks_research.market_cap_as_of(d.day) c`,
  )
  const capOf = (month: string, id: unknown): string | null =>
    caps.find((cap) => cap.day.startsWith(month) && cap.security_id === id)?.market_cap ?? null
  const before: Record<string, string> = { '2022-03': '2022-02', '2022-04': '2022-03', '2022-05': '2022-04' }
  let caps_count = 0
  for (const row of rows) {
    const month = String(row['month']).slice(0, 7)
    expect(row['market_cap']).toBe(capOf(month, row['security_id']))
    expect(row['market_cap_before']).toBe(capOf(before[month] ?? '', row['security_id']))
    if (row['market_cap'] !== null && row['market_cap_before'] !== null) caps_count += 1
  }
  expect(caps_count).toBeGreaterThan(60)
  expect(new Set(rows.map((row) => row['month']))).toEqual(
    new Set(['2022-03-01', '2022-04-01', '2022-05-01']),
  )
})
