/** What it costs to derive fundamentals, in rows that the queries visit. */
import { expect, onTestFinished, test } from 'vitest'
import { rowsVisitedBy } from '../helpers/testing/rows-visited.ts'
import { scratchDatabase } from '../helpers/testing/scratch.ts'

/**
 * One filer with a 10-Q or 10-K each quarter, each of which reports the quarter and the year until then, and
 * again those of the year before: one in four with another value.
 */
const FACTS = `
  insert into stocks_research.fundamentals_raw
    (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
  select '0000000001', 'us-gaap', t.tag, 'USD', p.period_start, q.period_end,
    100 * y.year + q.no + t.no + case when (y.year + q.no) % 4 = 0 then 70000 * a.years_later else 0 end,
    'a-' || y.year + a.years_later || '-' || q.no, case q.no when 4 then '10-K' else '10-Q' end,
    q.period_end + 30 + 365 * a.years_later
  from generate_series(1, $1::integer) y (year)
  cross join lateral (
    select q.no, (make_date(1950 + y.year, 1, 1) + q.no * interval '3 months')::date - 1 as period_end
    from generate_series(1, 4) q (no)
  ) q
  cross join lateral (
    select make_date(1950 + y.year, 1, 1) as period_start
    union
    select (q.period_end + 1 - interval '3 months')::date where q.no < 4
  ) p
  cross join generate_series(0, 1) a (years_later)
  cross join (values ('Revenues', 1), ('NetIncomeLoss', 2), ('Liabilities', 3)) t (tag, no)`

const FUNCTIONS = [
  'stocks_research.derive_fundamentals(text[])',
  'stocks_research.derive_standard_items(text[])',
]

async function visitsOf(years: number): Promise<Map<string, number>> {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  const { db } = scratch
  await db.rows(FACTS, [years])
  await db.execute('analyze stocks_research.fundamentals_raw')
  const visits = new Map<string, number>()
  for (const name of FUNCTIONS) visits.set(name, await rowsVisitedBy(db, name, [['0000000001']]))
  return visits
}

test('quarters and standard items cost in proportion to the years that a filer has reported', async () => {
  const once = await visitsOf(25)
  const twice = await visitsOf(50)
  const ratios = FUNCTIONS.map((name) => ({ name, ratio: (twice.get(name) ?? 0) / (once.get(name) ?? 1) }))
  expect(once.get(FUNCTIONS[0] ?? '')).toBeGreaterThan(1_000)
  expect(ratios.filter(({ ratio }) => ratio > 2.2)).toEqual([])
})
