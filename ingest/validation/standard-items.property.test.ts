import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deriveFundamentals } from '../testing/validation/derive-fundamentals.ts'
import type { Fact, Filing, ItemTag } from './item-statements.ts'
import { notFiled, type Quarter, vintagesOf } from './standard-items.ts'

const CIK = '0000000001'
const TAGS: readonly (readonly [tag: string, unit: string, is_instant?: boolean, taxonomy?: string])[] = [
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
  ['CommonStockSharesOutstanding', 'shares', true],
  ['Assets', 'USD', true],
  ['Revenues', 'EUR'],
  ['Revenue', 'USD', false, 'ifrs-full'],
  ['RevenueFromContractsWithCustomers', 'USD', false, 'ifrs-full'],
  ['InsuranceRevenue', 'USD', false, 'ifrs-full'],
  ['CostOfSales', 'USD', false, 'ifrs-full'],
  ['GrossProfit', 'USD', false, 'ifrs-full'],
  ['ProfitLoss', 'USD', false, 'ifrs-full'],
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
  form: fc.constantFrom('10-K', '10-K', '10-KT', '20-F', '8-K'),
  is_amendment: fc.boolean(),
  facts: fc.array(
    fc.record({
      tag: fc.nat(TAGS.length - 1),
      period: fc.constantFrom(0, 2, 3, 3, 4, 5, 5, 5),
      value: fc.constantFrom(0, 1, 2, 3, 4, 5, 20, -1, 1000, 4000, 20_000, 2_000_000),
    }),
    { minLength: 5, maxLength: 40, size: 'max' },
  ),
})
const filer = fc.array(filing, { minLength: 2, maxLength: 6, size: 'max' })
type Filer = typeof filer extends fc.Arbitrary<infer T> ? T : never

type FiledFact = Fact & Omit<Filing, 'facts'>

function factsOf(given: Filer): FiledFact[] {
  const rows = given.flatMap(({ filed, form: form_name, is_amendment, facts }, at) =>
    facts.map(({ tag: index, period, value }): FiledFact => {
      const [tag, unit, is_instant = false, taxonomy = 'us-gaap'] = TAGS[index] ?? ['', '']
      const [start, period_end] = PERIODS[period] ?? PERIODS[0]
      const form = `${form_name}${is_amendment ? '/A' : ''}`
      return {
        taxonomy,
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
      rows.map((row) => [
        JSON.stringify([row.taxonomy, row.tag, row.unit, row.period_start, row.period_end, row.accession]),
        row,
      ]),
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

/** The whole table, and what is known on each day, by SQL and by the recomputation. */
async function compare(tx: Database, facts: readonly FiledFact[]): Promise<void> {
  await tx.execute(
    `truncate stocks_research.fundamentals_raw, stocks_research.fundamentals_derived,
       stocks_research.fundamentals_standard`,
  )
  await tx.rows(
    `insert into stocks_research.fundamentals_raw (
       cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
     select '${CIK}', r.* from jsonb_to_recordset($1::jsonb) as r (taxonomy text, tag text, unit text,
       period_start date, period_end date, value numeric, accession text, form text, filed date)`,
    [JSON.stringify(facts)],
  )
  await deriveFundamentals(tx, [CIK])
  const tags = await tx.rows<ItemTag & Record<string, unknown>>(
    'select * from stocks_research.standard_item_tags',
  )
  const quarters = await tx.rows<Quarter & Record<string, unknown>>(
    `select q.*
     from (
       select taxonomy, tag, unit, period_start, period_end, known_from, value as derived_value, method,
         reason, accession, subtracted_accession,
         lead(known_from) over (
           partition by taxonomy, tag, unit, period_start, period_end order by known_from) as known_to
       from stocks_research.fundamentals_derived) q
     where q.method <> 'reported'`,
  )
  const vintages = vintagesOf(tags, filingsOf(facts), quarters)
  const table = await tx.rows(`select ${COLUMNS}, known_to from stocks_research.fundamentals_standard`)
  expect(texts(table)).toEqual(texts(vintages))
  for (const day of new Set(facts.map(({ filed }) => filed))) {
    const found = await tx.rows(
      `select ${COLUMNS} from stocks_research.fundamentals_standard_as_of($1::date)`,
      [day],
    )
    const panel = await tx.rows(
      `select item, period_end, value
       from stocks_research.fundamentals_panel(array[$1::date],
         (select array_agg(item) from stocks_research.standard_item_tags))`,
      [day],
    )
    const newest = await tx.rows(
      `select distinct on (item) item, period_end, value
       from stocks_research.fundamentals_standard_as_of($1::date)
       -- Of two currencies the one that was used first.
       join (
         select item, unit, min(concat(known_from, period_end)) as first_used
         from stocks_research.fundamentals_standard
         group by item, unit
       ) u using (item, unit)
       where period_kind in ('quarter', 'instant') and reason is distinct from 'not_filed'
       order by item, period_end desc, value is null, period_start desc, first_used, unit`,
      [day],
    )
    expect(texts(panel), `panel of ${day}`).toEqual(texts(newest))
    const known = vintages.filter(
      ({ known_from, known_to }) => known_from <= day && (known_to === null || known_to > day),
    )
    const without = notFiled(known, tags).flatMap(({ items, ...period }) =>
      items.map((item) => ({ ...NOTHING, item, ...period })),
    )
    expect(texts(found), `as of ${day}`).toEqual(
      texts([...known.map(({ known_to: _, ...row }) => row), ...without]),
    )
  }
}

const COLUMNS = `item, period_kind, period_start, period_end, unit, value, reason, taxonomy, tag, method,
  accession, filed, known_from, first_known_on, first_value`

const texts = (rows: readonly object[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).toSorted())).toSorted()

const NOTHING = {
  unit: null,
  value: null,
  reason: 'not_filed',
  taxonomy: null,
  tag: null,
  method: 'none',
  accession: null,
  filed: null,
  known_from: null,
  first_known_on: null,
  first_value: null,
}

/** The half is restated under a quarter that has no value before or after: no new vintage. */
const ZERO = { tag: 0, period: 0, value: 0 }
const RESTATED_WITHOUT_VALUE = [
  { filed: '2023-02-01', is_amendment: false, facts: [{ tag: 0, period: 2, value: 0 }, ZERO] },
  {
    filed: '2021-02-01',
    is_amendment: false,
    facts: [{ tag: 3, period: 3, value: 3 }, { tag: 0, period: 3, value: 0 }, ZERO],
  },
  { filed: '2021-02-01', is_amendment: false, facts: [{ tag: 0, period: 2, value: 5 }, ZERO] },
]

/** One name of a line in two taxonomies: of the sums that they make, one is the revenue. */
const OF_TWO_TAXONOMIES = [
  {
    filed: '2021-02-01',
    form: '10-K',
    is_amendment: false,
    facts: [
      { tag: 6, period: 5, value: -1 },
      { tag: 0, period: 5, value: 1 },
      { tag: 22, period: 5, value: 1_000 },
      { tag: 3, period: 5, value: 20_000 },
      { tag: 5, period: 5, value: 2 },
    ],
  },
]

it('standard items equal their recomputation filing by filing, in every vintage', async () => {
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
    { numRuns: runs(60), examples: [[RESTATED_WITHOUT_VALUE], [OF_TWO_TAXONOMIES]] },
  )
})
