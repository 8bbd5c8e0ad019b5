import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

/** One fact of one period, as filings stated it: in the order of their days. */
const VINTAGES = [
  { form: '10-K', filed: '2021-02-10', accession: '0000000001-21-000001', value: '100' },
  { form: '10-K/A', filed: '2021-05-03', accession: '0000000001-21-000002', value: '98' },
  // Two filings of one day: the amendment is valid, whatever the accession numbers are.
  { form: '10-K', filed: '2022-02-09', accession: '0000000001-22-000009', value: '120' },
  { form: '10-K/A', filed: '2022-02-09', accession: '0000000001-22-000001', value: '121' },
  // Two of one form on one day: the higher accession number.
  { form: '10-Q', filed: '2022-05-05', accession: '0000000001-22-000021', value: '130' },
  { form: '10-Q', filed: '2022-05-05', accession: '0000000001-22-000020', value: '131' },
  // Forms that repeat facts do not count.
  { form: '8-K', filed: '2022-06-01', accession: '0000000001-22-000030', value: '999' },
]
const DAYS = [
  { day: '2021-02-09', value: undefined },
  { day: '2021-02-10', value: '100' },
  { day: '2021-05-02', value: '100' },
  { day: '2021-05-03', value: '98' },
  { day: '2021-05-04', value: '98' },
  { day: '2022-02-08', value: '98' },
  { day: '2022-02-09', value: '121' },
  { day: '2022-05-04', value: '121' },
  { day: '2022-05-05', value: '130' },
  { day: '2022-12-31', value: '130' },
]

it.each(DAYS)('on $day a restated fact is what the newest filing stated: $value', async ({ day, value }) => {
  const { all, byKey } = await scratch.db.transaction(async (tx) => {
    await tx.execute('delete from stocks_research.fundamentals_raw')
    await tx.rows(
      `insert into stocks_research.fundamentals_raw
         (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
       select '0000000001', 'us-gaap', 'Revenues', 'USD', '2020-01-01', '2020-12-31', v.*
       from jsonb_to_recordset($1) as v (value numeric, accession text, form text, filed date)`,
      [JSON.stringify(VINTAGES)],
    )
    return {
      all: await tx.rows('select value from stocks_research.fundamentals_as_of($1::date)', [day]),
      byKey: await tx.rows('select value from stocks_research.fundamentals_as_of($1::date, array[$2])', [
        day,
        '0000000001',
      ]),
    }
  })
  expect(all).toEqual(value === undefined ? [] : [{ value }])
  expect(byKey).toEqual(all)
})

/** Facts of three filers: flows and balances, of two tags in two units, in up to four filings. */
const FACTS = `
  insert into stocks_research.fundamentals_raw
    (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
  select '000000000' || c, x, t, u, s, make_date(2020, q * 3, 1), 10 * n + q, c || '-' || n || '-' || q,
    case when n = 3 then '10-Q/A' else '10-Q' end, make_date(2020, q * 3, 20) + 90 * (n / 2)
  from generate_series(1, 3) c
  cross join unnest(array['us-gaap', 'ifrs-full']) x
  cross join unnest(array['Revenues', 'Assets']) t
  cross join unnest(array['USD', 'EUR']) u
  cross join generate_series(1, 4) q
  cross join unnest(array[null, make_date(2019, 12, 31), make_date(2020, 1, 1)]) s
  cross join generate_series(1, 4) n
  where (c + q + n) % 5 > 0`

it('filers that are named have the facts that they have among all filers', async () => {
  await scratch.db.execute('delete from stocks_research.fundamentals_raw')
  await scratch.db.execute(FACTS)
  const textOf = async (call: string): Promise<string[]> => {
    const rows = await scratch.db.rows<{ fact: string }>(
      `select f::text as fact from stocks_research.${call} f order by 1`,
    )
    return rows.map(({ fact }) => fact)
  }
  for (const day of ['2020-06-20', '2020-09-18', 'infinity']) {
    const all = await textOf(`fundamentals_as_of('${day}')`)
    const two = all.filter((fact) => !fact.includes('0000000002'))
    expect(all.length).toBeGreaterThan(two.length)
    const named = "array['0000000003', '0000000001', '0000000009', '0000000003', null]"
    expect(await textOf(`fundamentals_as_of('${day}', ${named})`)).toEqual(two)
    expect(await textOf(`fundamentals_as_of('${day}', array[]::text[])`)).toEqual([])
  }
})
