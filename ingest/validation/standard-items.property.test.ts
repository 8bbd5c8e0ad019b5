import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import {
  type DerivedQuarter,
  type ItemFact,
  type ItemTag,
  itemsOn,
} from '../testing/validation/standard-items.ts'

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

function factsOf(given: Filer): ItemFact[] {
  const rows = given.flatMap(({ filed, is_amendment, facts }, at) =>
    facts.map(({ tag: index, period, value }): ItemFact => {
      const [tag, unit, is_instant = false] = TAGS[index] ?? ['', '']
      const [start, period_end] = PERIODS[period] ?? PERIODS[0]
      const form = `10-K${is_amendment ? '/A' : ''}`
      return {
        tag,
        unit,
        period_start: is_instant ? null : start,
        period_end,
        value,
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

async function compare(tx: Database, facts: readonly ItemFact[]): Promise<void> {
  await tx.execute('truncate stocks_research.fundamentals_raw, stocks_research.fundamentals_derived')
  await tx.rows(
    `insert into stocks_research.fundamentals_raw (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
     select '${CIK}', 'us-gaap', tag, unit, period_start, period_end, value, accession, form, filed from jsonb_to_recordset($1::jsonb)
       as r (tag text, unit text, period_start date, period_end date, value numeric, accession text, form text, filed date)`,
    [JSON.stringify(facts)],
  )
  await tx.execute(
    `insert into stocks_research.fundamentals_derived select * from stocks_research.derive_fundamentals(array['${CIK}'])`,
  )
  const tags = await tx.rows<ItemTag & Record<string, unknown>>(
    `select item, tag, tier, priority, value_kind, is_instant, part_beside from stocks_research.standard_item_tags where taxonomy <> 'ifrs-full'`,
  )
  for (const day of new Set(facts.map(({ filed }) => filed))) {
    const quarters = await tx.rows<DerivedQuarter & Record<string, unknown>>(
      `select tag, unit, period_start, period_end, known_from, value::float8 as value, method, reason, accession, subtracted_accession
       from stocks_research.fundamentals_quarters_as_of($1::date) where method <> 'reported'`,
      [day],
    )
    const found = await tx.rows(
      `select item, period_start, period_end, value::float8 as value, tag, method, reason from stocks_research.fundamentals_standard_as_of($1::date)`,
      [day],
    )
    const texts = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted()
    expect(texts(found), `as of ${day}`).toEqual(texts(itemsOn(day, tags, facts, quarters)))
  }
}

it('standard items equal those that are told again filing by filing, on every day', async () => {
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
    { numRuns: 60 },
  )
})
