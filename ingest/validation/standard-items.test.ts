import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deriveFundamentals } from '../testing/validation/derive-fundamentals.ts'

const CIK = '0000000001'
type Fact = readonly [
  tag: string,
  start: string | null,
  end: string,
  value: number,
  accession: string,
  form: string,
  filed: string,
  unit?: string,
  taxonomy?: string,
]

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
beforeEach(() =>
  scratch.db.execute(
    `truncate stocks_research.fundamentals_raw, stocks_research.fundamentals_derived,
       stocks_research.fundamentals_standard`,
  ),
)
afterAll(() => scratch?.drop())

async function file(...facts: Fact[]): Promise<void> {
  const rows = facts.map((fact) => {
    const [tag, period_start, period_end, value, accession, form, filed] = fact
    const [unit = 'USD', taxonomy = 'us-gaap'] = fact.slice(7)
    return { cik: CIK, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed }
  })
  await scratch.db.rows(
    `insert into stocks_research.fundamentals_raw (cik, taxonomy, tag, unit, period_start, period_end,
       value, accession, form, filed)
     select f.*
     from jsonb_to_recordset($1::jsonb)
       as f (cik text, taxonomy text, tag text, unit text, period_start date, period_end date, value numeric,
         accession text, form text, filed date)`,
    [JSON.stringify(rows)],
  )
  await deriveFundamentals(scratch.db, [CIK])
}

const itemsOn = (day: string, item: string) =>
  scratch.db.rows(
    `select period_kind as kind, period_end, value, tag, method, reason
     from stocks_research.fundamentals_standard_as_of($1::date)
     where item = $2
     order by period_end, kind`,
    [day, item],
  )
const CONTRACTS = 'RevenueFromContractWithCustomerExcludingAssessedTax'
const Y20 = ['2020-01-01', '2020-12-31'] as const
const Y21 = ['2021-01-01', '2021-12-31'] as const

it('follows a filer from tag to tag, and shows a past day the tag of that day', async () => {
  await file(
    ['SalesRevenueNet', ...Y20, 100, 'a', '10-K', '2021-02-01'],
    ['Revenues', ...Y20, 101, 'b', '10-K', '2022-02-01'],
    ['Revenues', ...Y21, 120, 'b', '10-K', '2022-02-01'],
  )
  expect(await itemsOn('2021-06-30', 'revenue')).toMatchObject([
    { period_end: '2020-12-31', value: '100', tag: 'SalesRevenueNet' },
  ])
  expect(await itemsOn('2022-02-01', 'revenue')).toMatchObject([
    { period_end: '2020-12-31', value: '101', tag: 'Revenues' },
    { period_end: '2021-12-31', value: '120', tag: 'Revenues' },
  ])
})

it('takes the total line, not the part from contracts; nothing when a tag exceeds the total', async () => {
  await file(
    [CONTRACTS, ...Y20, 2, 'a', '10-K', '2021-02-01'],
    ['Revenues', ...Y20, 77, 'a', '10-K', '2021-02-01'],
    ['Revenues', ...Y21, 90, 'b', '10-K', '2022-02-01'],
    ['SalesRevenueNet', ...Y21, 900, 'b', '10-K', '2022-02-01'],
  )
  expect(await itemsOn('2022-12-31', 'revenue')).toMatchObject([
    { value: '77' },
    { value: null, reason: 'may_be_a_part' },
  ])
})

it('takes the tag that equals gross profit plus cost, when "Revenues" is a part of the revenue', async () => {
  await file(
    ['Revenues', ...Y20, 20, 'a', '10-K', '2021-02-01'],
    [CONTRACTS, ...Y20, 184, 'a', '10-K', '2021-02-01'],
    ['GrossProfit', ...Y20, 84, 'a', '10-K', '2021-02-01'],
    ['CostOfRevenue', ...Y20, 100, 'a', '10-K', '2021-02-01'],
  )
  expect(await itemsOn('2021-12-31', 'revenue')).toMatchObject([{ value: '184', tag: CONTRACTS }])
})

it('names the reason of each null: not filed, not additive', async () => {
  await file(
    ['NetIncomeLoss', ...Y20, 40, 'b', '10-K', '2021-02-01'],
    ['NetIncomeLoss', '2020-01-01', '2020-09-30', 30, 'a', '10-Q', '2020-11-01'],
    ['EarningsPerShareDiluted', ...Y20, 4, 'b', '10-K', '2021-02-01', 'USD/shares'],
    ['EarningsPerShareDiluted', '2020-01-01', '2020-09-30', 3, 'a', '10-Q', '2020-11-01', 'USD/shares'],
  )
  expect(await itemsOn('2021-12-31', 'net_income')).toMatchObject([
    { kind: 'nine_months', value: '30', method: 'reported' },
    { kind: 'quarter', value: '10', method: 'year_less_nine_months' },
    { kind: 'year', value: '40', method: 'reported' },
  ])
  expect(
    (await itemsOn('2021-12-31', 'eps_diluted')).filter((row) => row['kind'] === 'quarter'),
  ).toMatchObject([{ value: null, reason: 'not_additive' }])
  expect(await itemsOn('2021-12-31', 'revenue')).toMatchObject([
    { kind: 'quarter', value: null, tag: null, reason: 'not_filed' },
    { kind: 'year', value: null, tag: null, reason: 'not_filed' },
  ])
})

it('never puts earnings of today’s shares beside a count of shares from before a split', async () => {
  await file(
    ['NetIncomeLoss', ...Y20, 100, 'a', '10-K', '2021-02-01'],
    ['EarningsPerShareDiluted', ...Y20, 4, 'a', '10-K', '2021-02-01', 'USD/shares'],
    ['WeightedAverageNumberOfDilutedSharesOutstanding', ...Y20, 25, 'a', '10-K', '2021-02-01', 'shares'],
    ['EarningsPerShareDiluted', ...Y20, 1, 'b', '10-K', '2022-02-01', 'USD/shares'],
  )
  expect(await itemsOn('2021-12-31', 'shares_diluted')).toMatchObject([{ value: '25', reason: null }])
  expect(await itemsOn('2022-12-31', 'eps_diluted')).toMatchObject([{ value: '1' }])
  expect(await itemsOn('2022-12-31', 'shares_diluted')).toMatchObject([
    { value: null, reason: 'share_basis_may_differ' },
  ])
  // A later filing that repeats the count says that nothing was split in between.
  await file(
    ['EarningsPerShareBasic', ...Y20, 1.1, 'a', '10-K', '2021-02-01', 'USD/shares'],
    ['EarningsPerShareDiluted', ...Y20, 4, 'c', '10-K/A', '2022-03-01', 'USD/shares'],
  )
  expect(await itemsOn('2022-12-31', 'shares_diluted')).toMatchObject([{ value: '25', reason: null }])
})

it('ignores other forms, facts of a period that had not ended, and values in a wrong unit', async () => {
  await file(
    ['Assets', null, '2020-12-31', 1, 'a', '8-K', '2021-02-01'],
    ['Assets', null, '2022-12-31', 2, 'b', '10-K', '2021-02-01'],
    ['Assets', null, '2020-12-31', 3, 'b', '10-K', '2021-02-01', 'shares'],
    ['Assets', null, '2020-12-31', 4, 'b', '10-K', '2021-02-01'],
  )
  expect(await itemsOn('2022-12-31', 'assets')).toMatchObject([{ period_end: '2020-12-31', value: '4' }])
})

it('keeps the meaning of an item when a newer filing reports only a similar one', async () => {
  const end20 = [null, '2020-12-31'] as const
  await file(
    ['CashAndCashEquivalentsAtCarryingValue', ...end20, 48, 'a', '10-K', '2021-02-01'],
    [
      'CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents',
      ...end20,
      50,
      'b',
      '10-K',
      '2023-02-01',
    ],
    ['StockholdersEquity', ...end20, 70, 'a', '10-K', '2021-02-01'],
    [
      'StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest',
      ...end20,
      75,
      'b',
      '10-K',
      '2023-02-01',
    ],
    ['NetIncomeLoss', ...Y20, 9, 'a', '10-K', '2021-02-01'],
    ['ProfitLoss', ...Y20, 11, 'b', '10-K', '2023-02-01'],
    ['ProfitLoss', ...Y21, 12, 'b', '10-K', '2023-02-01'],
  )
  expect(await itemsOn('2023-12-31', 'cash')).toMatchObject([
    { value: '48', tag: 'CashAndCashEquivalentsAtCarryingValue' },
  ])
  expect(await itemsOn('2023-12-31', 'equity')).toMatchObject([{ value: '70', tag: 'StockholdersEquity' }])
  expect(await itemsOn('2023-12-31', 'net_income')).toMatchObject([
    { value: '9', tag: 'NetIncomeLoss' },
    { value: '12', tag: 'ProfitLoss' },
  ])
})

it('derives the quarter of the proper tag where a filing states only its neighbour', async () => {
  const nine = ['2020-01-01', '2020-09-30'] as const
  const fourth = ['2020-10-01', '2020-12-31'] as const
  await file(
    ['NetIncomeLoss', ...nine, 30, 'a', '10-Q', '2020-11-01'],
    ['NetIncomeLoss', ...Y20, 40, 'b', '10-K', '2021-02-01'],
    ['ProfitLoss', ...fourth, 13, 'c', '10-K', '2022-02-01'],
  )
  const quarterOn = async (day: string) =>
    (await itemsOn(day, 'net_income')).filter((row) => row['kind'] === 'quarter')
  expect(await quarterOn('2022-12-31')).toMatchObject([
    { value: '10', tag: 'NetIncomeLoss', method: 'year_less_nine_months' },
  ])
})

it('gives a bank no revenue from contracts alone, in no year and no derived quarter', async () => {
  const nine = ['2020-01-01', '2020-09-30'] as const
  await file(
    [CONTRACTS, ...nine, 6, 'a', '10-Q', '2020-11-01'],
    ['InterestAndDividendIncomeOperating', ...nine, 70, 'a', '10-Q', '2020-11-01'],
    [CONTRACTS, ...Y20, 9, 'b', '10-K', '2021-02-01'],
    ['InterestAndDividendIncomeOperating', ...Y20, 95, 'b', '10-K', '2021-02-01'],
    ['InterestIncomeExpenseNet', ...Y20, 80, 'b', '10-K', '2021-02-01'],
  )
  const revenue = await itemsOn('2021-12-31', 'revenue')
  expect(revenue.map(({ kind, value, reason }) => [kind, value, reason])).toEqual([
    ['nine_months', null, 'may_be_a_part'],
    ['quarter', null, 'may_be_a_part'],
    ['year', null, 'may_be_a_part'],
  ])
  expect(await itemsOn('2021-12-31', 'net_interest_income')).toMatchObject([{ value: '80' }])
})

it('takes the contracts for the total beside other income when income and costs add up to them', async () => {
  await file(
    [CONTRACTS, ...Y20, 100, 'a', '10-K', '2021-02-01'],
    ['OperatingLeaseLeaseIncome', ...Y20, 4, 'a', '10-K', '2021-02-01'],
    ['OperatingIncomeLoss', ...Y20, 30, 'a', '10-K', '2021-02-01'],
    ['CostsAndExpenses', ...Y20, 70, 'a', '10-K', '2021-02-01'],
    [CONTRACTS, ...Y21, 110, 'b', '10-K', '2022-02-01'],
    ['OperatingLeaseLeaseIncome', ...Y21, 5, 'b', '10-K', '2022-02-01'],
  )
  expect(await itemsOn('2022-12-31', 'revenue')).toMatchObject([
    { value: '100', tag: CONTRACTS, reason: null },
    { value: null, tag: CONTRACTS, reason: 'may_be_a_part' },
  ])
})

it('gives no total where goods and services are apart, no part where a year has a total', async () => {
  const nine = ['2021-01-01', '2021-09-30'] as const
  await file(
    ['SalesRevenueGoodsNet', ...Y20, 60, 'a', '10-K', '2021-02-01'],
    ['SalesRevenueServicesNet', ...Y20, 40, 'a', '10-K', '2021-02-01'],
    [CONTRACTS, ...nine, 20, 'b', '10-Q', '2021-11-01'],
    ['Revenues', ...nine, 80, 'b', '10-Q', '2021-11-01'],
    [CONTRACTS, ...Y21, 28, 'c', '10-K', '2022-02-01'],
    ['RegulatedAndUnregulatedOperatingRevenue', ...Y21, 110, 'c', '10-K', '2022-02-01'],
  )
  const revenue = await itemsOn('2022-12-31', 'revenue')
  expect(revenue.map(({ kind, value, reason }) => [kind, value, reason])).toEqual([
    ['year', null, 'may_be_a_part'],
    ['nine_months', '80', null],
    ['year', '110', null],
  ])
})

it('reads one figure for basic and diluted earnings as both', async () => {
  await file(
    ['EarningsPerShareBasicAndDiluted', ...Y20, -2, 'a', '10-K', '2021-02-01', 'USD/shares'],
    [
      'WeightedAverageNumberOfShareOutstandingBasicAndDiluted',
      ...Y20,
      25,
      'a',
      '10-K',
      '2021-02-01',
      'shares',
    ],
  )
  for (const item of ['eps_basic', 'eps_diluted'])
    expect(await itemsOn('2021-12-31', item)).toMatchObject([{ value: '-2' }])
  for (const item of ['shares_basic', 'shares_diluted'])
    expect(await itemsOn('2021-12-31', item)).toMatchObject([{ value: '25' }])
})

it('no row of the standard items has a null without a reason, nor a value with one', async () => {
  await file(
    ['NetIncomeLoss', ...Y20, 100, 'a', '10-K', '2021-02-01'],
    ['EarningsPerShareDiluted', ...Y20, 4, 'a', '10-K', '2021-02-01', 'USD/shares'],
    ['EarningsPerShareDiluted', '2020-01-01', '2020-09-30', 3, 'c', '10-Q', '2020-11-01', 'USD/shares'],
    ['WeightedAverageNumberOfDilutedSharesOutstanding', ...Y20, 25, 'a', '10-K', '2021-02-01', 'shares'],
    ['EarningsPerShareDiluted', ...Y20, 1, 'b', '10-K', '2022-02-01', 'USD/shares'],
    ['SalesRevenueGoodsNet', ...Y20, 60, 'a', '10-K', '2021-02-01'],
    ['SalesRevenueServicesNet', ...Y20, 40, 'a', '10-K', '2021-02-01'],
  )
  const rows = await scratch.db.rows<{ reason: string | null; bad: string }>(
    `select reason, count(*) filter (where (value is null) <> (reason is not null))::text as bad
     from stocks_research.fundamentals_standard_v
     group by reason`,
  )
  expect(rows.filter(({ bad }) => bad !== '0')).toEqual([])
  const reasons = rows.flatMap(({ reason }) => (reason === null ? [] : [reason])).toSorted()
  expect(reasons).toEqual(['may_be_a_part', 'not_additive', 'not_filed', 'share_basis_may_differ'])
})

it('every item has a US GAAP tag, one kind of value, and priorities from 1 by tier', async () => {
  const bad = await scratch.db.rows(
    `select item from stocks_research.standard_item_tags group by item
     having bool_and(taxonomy = 'ifrs-full') or count(distinct value_kind) > 1
       or count(distinct is_instant) > 1 or min(priority) <> 1`,
  )
  expect(bad).toEqual([])
  const unordered = await scratch.db.rows(
    `select a.item, a.tag from stocks_research.standard_item_tags a
     join stocks_research.standard_item_tags b on b.item = a.item and b.taxonomy = a.taxonomy
       and b.priority > a.priority and b.tier < a.tier`,
  )
  expect(unordered).toEqual([])
})

it('takes a fact filed on the last day of its period, and no duration for an item of a day', async () => {
  await file(
    ['Assets', null, '2020-12-31', 500, 'a', '10-K', '2020-12-31'],
    ['Assets', '2020-10-01', '2020-12-31', 7, 'a', '10-K', '2020-12-31'],
    ['Assets', null, '2021-01-01', 501, 'a', '10-K', '2020-12-31'],
  )
  const rows = await itemsOn('2021-12-31', 'assets')
  expect(rows.map(({ period_end, kind, value }) => [period_end, kind, value])).toEqual([
    ['2020-12-31', 'instant', '500'],
  ])
})
