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
  const rows = await scratch.db.transaction(async (tx) => {
    await tx.execute('delete from stocks_research.fundamentals_raw')
    await tx.rows(
      `insert into stocks_research.fundamentals_raw
         (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
       select '0000000001', 'us-gaap', 'Revenues', 'USD', '2020-01-01', '2020-12-31', v.*
       from jsonb_to_recordset($1) as v (value numeric, accession text, form text, filed date)`,
      [JSON.stringify(VINTAGES)],
    )
    return tx.rows<{ value: string }>(
      'select value from stocks_research.fundamentals_as_of($1::date, array[$2])',
      [day, '0000000001'],
    )
  })
  expect(rows).toEqual(value === undefined ? [] : [{ value }])
})
