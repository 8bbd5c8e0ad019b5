import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { type Filing, fileFacts } from '../testing/validation/company-facts.ts'

/** Revenue of four quarters of a filer whose annual report has another tag than its quarterly ones. */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const CONTRACTS = 'RevenueFromContractWithCustomerExcludingAssessedTax'
let filers = 0

/** The year 2022 is 100; its half is 45, or what `half` of the later report is; the half of 2023 is 60. */
async function revenueOf(year_tag: string, half: number, amended_year?: number): Promise<string> {
  filers += 1
  const cik = String(filers).padStart(10, '0')
  const revenue = (start: string, end: string, value: number, tag = 'Revenues'): Filing['facts'][number] => [
    start,
    end,
    `us-gaap:${tag}`,
    'USD',
    String(value),
  ]
  const year = (value: number) => [revenue('2022-01-01', '2022-12-31', value, year_tag)]
  const filings: Filing[] = [
    {
      form: '10-Q',
      filed: '2022-08-01',
      accn: 'a',
      facts: [revenue('2022-04-01', '2022-06-30', 25), revenue('2022-01-01', '2022-06-30', 45)],
    },
    { form: '10-K', filed: '2023-02-01', accn: 'b', facts: year(100) },
    {
      form: '10-Q',
      filed: '2023-08-01',
      accn: 'c',
      facts: [
        revenue('2023-04-01', '2023-06-30', 32),
        revenue('2023-01-01', '2023-06-30', 60),
        revenue('2022-01-01', '2022-06-30', half),
      ],
    },
  ]
  if (amended_year !== undefined)
    filings.push({ form: '10-K/A', filed: '2023-03-01', accn: 'd', facts: year(amended_year) })
  await fileFacts(scratch.db, cik, filings)
  const { text } = await scratch.db.one<{ text: string }>(
    `select coalesce(trim_scale(ttm_value)::text, ttm_reason) as text
     from stocks_research.fundamentals_panel(array['2023-09-01'::date], array['revenue'], array[$1])`,
    [cik],
  )
  return text
}

it.each<[string, string, number, number | undefined, string]>([
  ['a tag of the same meaning gives the year', CONTRACTS, 45, undefined, '115'],
  ['months that were restated may be on another basis', CONTRACTS, 44, undefined, 'basis_may_differ'],
  ['… and so may a year that was', CONTRACTS, 45, 101, 'basis_may_differ'],
  ['a tag of a part does not', 'SalesRevenueGoodsNet', 45, undefined, 'fewer_than_four_quarters'],
  [
    'with one tag a quarter that is not known is missing',
    'Revenues',
    45,
    undefined,
    'fewer_than_four_quarters',
  ],
])('%s', async (_, tag, half, amended_year, expected) => {
  expect(await revenueOf(tag, half, amended_year)).toBe(expected)
})
