import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { Fact, Filing, ItemTag } from './item-statements.ts'
import { itemsOn, type NotFiled, type Quarter } from './standard-items.ts'

const CIK = '0000000001'
const TAGS: readonly (readonly [tag: string, unit: string, is_instant?: boolean])[] = [
  ['Revenues', 'USD'],
  ['RevenueFromContractWithCustomerExcludingAssessedTax', 'USD'],
  ['RevenueFromContractWithCustomerIncludingAssessedTax', 'USD'],
  ['SalesRevenueGoodsNet', 'USD'],
  ['SalesRevenueServicesNet', 'USD'],
  ['CostOfRevenue', 'USD'],
  ['GrossProfit', 'USD'],
  ['OperatingIncomeLoss', 'USD'],
  ['CostsAndExpenses', 'USD'],
  ['InterestAndDividendIncomeOperating', 'USD'],
  ['NetIncomeLoss', 'USD'],
  ['ProfitLoss', 'USD'],
  ['EarningsPerShareDiluted', 'USD/shares'],
  ['EarningsPerShareBasicAndDiluted', 'USD/shares'],
  ['WeightedAverageNumberOfDilutedSharesOutstanding', 'shares'],
  ['Assets', 'USD', true],
  ['CashAndCashEquivalentsAtCarryingValue', 'USD', true],
  ['CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents', 'USD', true],
]
const PERIODS = [
  ['2020-01-01', '2020-03-31'],
  ['2020-04-01', '2020-06-30'],
  ['2020-01-01', '2020-06-30'],
  ['2020-01-01', '2020-09-30'],
  ['2020-10-01', '2020-12-31'],
  ['2020-01-01', '2020-12-31'],
] as const
const DAYS = [
  '2020-05-01',
  '2020-08-01',
  '2020-11-01',
  '2021-02-01',
  '2021-02-01',
  '2022-02-01',
  '2023-02-01',
]

/** A few filings over a few periods, so that tags, tiers and sums meet in one period. */
const filing = fc.record({
  filed: fc.constantFrom(...DAYS),
  is_amendment: fc.boolean(),
  facts: fc.array(
    fc.record({
      tag: fc.nat(TAGS.length - 1),
      period: fc.constantFrom(0, 2, 3, 3, 4, 5, 5, 5),
      value: fc.constantFrom(0, 1, 2, 3, 4, 5, 20, -1),
    }),
    { minLength: 5, maxLength: 40, size: 'max' },
  ),
})
const filer = fc.array(filing, { minLength: 2, maxLength: 6, size: 'max' })
type Filer = typeof filer extends fc.Arbitrary<infer T> ? T : never

type FiledFact = Fact & Omit<Filing, 'facts'>

function factsOf(given: Filer): FiledFact[] {
  const rows = given.flatMap(({ filed, is_amendment, facts }, at) =>
    facts.map(({ tag: index, period, value }): FiledFact => {
      const [tag, unit, is_instant = false] = TAGS[index] ?? ['', '']
      const [start, period_end] = PERIODS[period] ?? PERIODS[0]
      const form = `10-K${is_amendment ? '/A' : ''}`
      return {
        taxonomy: 'us-gaap',
        tag,
        unit,
        period_start: is_instant ? null : start,
        period_end,
        value: String(value),
        accession: `${filed} ${at}`,
        form,
        filed,
      }
    }),
  )
  return [
    ...new Map(
      rows.map((row) => [JSON.stringify([row.tag, row.period_start, row.period_end, row.accession]), row]),
    ).values(),
  ]
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

/** Facts by filing, as the recomputation reads them. */
const filingsOf = (facts: readonly FiledFact[]): Filing[] =>
  [...Map.groupBy(facts, ({ accession }) => accession).values()].flatMap((own) => {
    const [first] = own
    return first === undefined ? [] : { ...first, facts: own }
  })

async function compare(tx: Database, facts: readonly FiledFact[]): Promise<void> {
  await tx.execute('truncate stocks_research.fundamentals_raw, stocks_research.fundamentals_derived')
  await tx.rows(
    `insert into stocks_research.fundamentals_raw (
       cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
     select '${CIK}', r.* from jsonb_to_recordset($1::jsonb) as r (taxonomy text, tag text, unit text,
       period_start date, period_end date, value numeric, accession text, form text, filed date)`,
    [JSON.stringify(facts)],
  )
  await tx.execute(
    `insert into stocks_research.fundamentals_derived
     select * from stocks_research.derive_fundamentals(array['${CIK}'])`,
  )
  const tags = await tx.rows<ItemTag & Record<string, unknown>>(
    'select * from stocks_research.standard_item_tags',
  )
  for (const day of new Set(facts.map(({ filed }) => filed))) {
    const quarters = await tx.rows<Quarter & Record<string, unknown>>(
      `select taxonomy, tag, unit, period_start, period_end, known_from, value as derived_value, method,
         reason,
         accession, subtracted_accession
       from stocks_research.fundamentals_quarters_as_of($1::date)`,
      [day],
    )
    const found = await tx.rows(
      `select item, period_kind, period_start, period_end, unit, value, taxonomy, tag, method, accession,
         known_from, reason
       from stocks_research.fundamentals_standard_as_of($1::date)`,
      [day],
    )
    const texts = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted()
    const { rows, not_filed } = itemsOn(day, tags, filingsOf(facts), quarters)
    const without = not_filed.flatMap(({ items, ...period }) => items.map((item) => notFiled(item, period)))
    expect(texts(found), `as of ${day}`).toEqual(texts([...rows, ...without]))
  }
}

const notFiled = (item: string, { period_kind, period_start, period_end }: Omit<NotFiled, 'items'>) => ({
  item,
  period_kind,
  period_start,
  period_end,
  unit: null,
  value: null,
  taxonomy: null,
  tag: null,
  method: 'none',
  accession: null,
  known_from: null,
  reason: 'not_filed',
})

it('standard items equal their recomputation filing by filing, on every day', async () => {
  const undo = new Error('Only to look.')
  await fc.assert(
    fc.asyncProperty(filer, async (given) => {
      await scratch.db
        .transaction(async (tx) => {
          await compare(tx, factsOf(given))
          throw undo
        })
        .catch((error: unknown) => {
          if (error !== undo) throw error
        })
    }),
    { numRuns: runs(60) },
  )
})
