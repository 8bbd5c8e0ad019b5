import { afterAll, expect, it } from 'vitest'
import { bySecurity, openCookbookMarket, type Row } from '../testing/validation/cookbook-market.ts'

// What a quant types without reading the documentation first, and the right answer.

const market = await openCookbookMarket()
const { db, idOf, truth, world } = market
afterAll(() => market.drop())

const DAY = '2023-06-30'
const ofYear = (day: string): string => day.slice(0, 4)

it('a delisted security keeps its type; its end has a code, and a return or a reason', async () => {
  const rows = bySecurity(
    await db.rows<Row>(
      `select l.security_id::text, l.security_type, l.delisting_code, l.delisting_return,
         l.delisting_return_reason
       from stocks_research.securities_listing_v l`,
    ),
  )
  const ended = world.securities.filter(({ delist_date }) => delist_date !== null)
  expect(ended.length).toBeGreaterThan(10)
  for (const security of ended) {
    const row = rows.get(idOf(security))
    expect(row?.['security_type'], security.source_id).toBe(security.security_type)
    expect(row?.['delisting_code'], security.source_id).toEqual(expect.any(String))
    expect(row?.['delisting_return'] === null).toBe(row?.['delisting_return_reason'] !== null)
  }
})

it('a ticker names nobody before the first bar of its security', async () => {
  const later = world.securities.filter(({ bars }) => ofYear(bars[0]?.date ?? '') > ofYear(world.start_date))
  expect(later.length).toBeGreaterThan(0)
  for (const security of later) {
    const day = world.calendar.shift(security.bars[0]?.date ?? '', -20)
    const [row] = await db.rows<Row>('select stocks_research.security_as_of($1, $2)::text as security_id', [
      security.tickers[0]?.ticker ?? '',
      day,
    ])
    expect(row?.['security_id'], `${security.source_id} on ${day}`).not.toBe(idOf(security))
  }
})

it('what was paid after the last bar nulls no earlier price', async () => {
  for (const scenario of ['liquidation', 'cash_merger', 'bankruptcy'] as const) {
    const { bars_count } = await db.one<{ bars_count: number }>(
      `select count(p.total_return_close)::integer as bars_count
       from stocks_research.prices_daily_adjusted_v p
       where p.security_id = $1::bigint`,
      [idOf(truth.one(scenario))],
    )
    expect(bars_count, scenario).toBe(truth.one(scenario).bars.length)
  }
})

it('two classes of a filer have no capitalisation each from the count of both', async () => {
  const classes = [truth.one('class_a'), truth.one('class_b')]
  const rows = await db.rows<Row>(
    `select c.security_id::text, c.market_cap, c.reason, c.filer_shares
     from stocks_research.market_cap_as_of($1, array[$2]) c`,
    [DAY, classes[0]?.cik],
  )
  expect(rows.map((row) => row['security_id']).toSorted()).toEqual(classes.map(idOf).toSorted())
  for (const row of rows) expect(row).toMatchObject({ market_cap: null, reason: 'counted_for_all_classes' })
  expect(new Set(rows.map((row) => row['filer_shares'])).size).toBe(1)
  expect(rows[0]?.['filer_shares']).not.toBeNull()
})

it('the monthly rows of some securities are those of all, with capitalisations', async () => {
  const asked = [truth.one('class_a'), truth.one('cash_merger'), truth.one('split_twice'), truth.one('etf')]
  const ids = asked.map(idOf)
  const monthly = (of: string): Promise<Row[]> =>
    db.rows<Row>(
      `select r.*, r.security_id::text
       from stocks_research.returns_monthly('2020-01-01', '2023-06-30'${of}) r
       where r.security_id = any ($1::bigint[])
       order by r.security_id, r.month`,
      [ids],
    )
  const some = await monthly(', $1::bigint[]')
  expect(some).toEqual(await monthly(''))
  expect(new Set(some.map((row) => row['security_id']))).toEqual(new Set(ids))
  expect(some.some((row) => row['market_cap_before'] !== null)).toBe(true)
})

it('items of three kinds in one panel are those of three panels', async () => {
  const panel = (...items: string[]): Promise<Row[]> =>
    db.rows<Row>(
      `select f.*
       from stocks_research.fundamentals_panel(
         stocks_research.month_ends('2022-01-01', '2022-06-30'), $1
       ) f
       order by f.item, f.cik, f.as_of`,
      [items],
    )
  const apart = [
    ...(await panel('book_equity')),
    ...(await panel('eps_diluted_ttm')),
    ...(await panel('net_income')),
  ]
  expect(await panel('book_equity', 'eps_diluted_ttm', 'net_income')).toEqual(apart)
  expect(new Set(apart.map((row) => row['item'])).size).toBe(3)
})
