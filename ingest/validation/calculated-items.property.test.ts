import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { type Filing, fileFacts } from '../testing/validation/company-facts.ts'
import { differencesOf } from './recompute-calculated-items.ts'

/** Lines of a balance sheet; with small values their sums meet by chance. */
const LINES = [
  'AccountsPayableCurrent',
  'AccruedLiabilitiesCurrent',
  'AccumulatedOtherComprehensiveIncomeLossNetOfTax',
  'AssetsCurrent',
  'CommonStockValue',
  'DebtCurrent',
  'DebtLongtermAndShorttermCombinedAmount',
  'DeferredIncomeTaxLiabilitiesNet',
  'EmployeeRelatedLiabilitiesCurrent',
  'LiabilitiesCurrent',
  'LongTermDebt',
  'LongTermDebtCurrent',
  'LongTermDebtNoncurrent',
  'MinorityInterest',
  'PreferredStockLiquidationPreferenceValue',
  'PreferredStockValue',
  'RetainedEarningsAccumulatedDeficit',
  'ShortTermBorrowings',
  'StockholdersEquity',
  'StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest',
  'TreasuryStockValue',
]
const FLOWS = [
  'NetCashProvidedByUsedInOperatingActivities',
  'PaymentsToAcquirePropertyPlantAndEquipment',
  'OperatingIncomeLoss',
  'DepreciationDepletionAndAmortization',
  // Other tags of the same meaning.
  'PaymentsToAcquireProductiveAssets',
  'DepreciationAmortizationAndAccretionNet',
]
const PERIODS = [
  ['2020-01-01', '2020-03-31'],
  ['2020-01-01', '2020-06-30'],
  ['2020-04-01', '2020-06-30'],
  ['2020-07-01', '2020-09-30'],
  ['2020-01-01', '2020-12-31'],
  ['2020-10-01', '2020-12-31'],
  ['2021-01-01', '2021-03-31'],
] as const
const ENDS = ['2020-06-30', '2020-12-31'] as const
const DAYS = ['2021-05-01', '2021-06-01', '2021-06-01', '2022-02-01']

const amount = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, -3, 5_000)
const filing = fc.record({
  filed: fc.constantFrom(...DAYS),
  unit: fc.constantFrom('USD', 'USD', 'USD', 'EUR'),
  lines: fc.array(fc.tuple(fc.constantFrom(...LINES), fc.constantFrom(...ENDS), amount), {
    minLength: 15,
    maxLength: 40,
    size: 'max',
  }),
  flows: fc.array(fc.tuple(fc.constantFrom(...FLOWS), fc.constantFrom(...PERIODS), amount), {
    minLength: 10,
    maxLength: 24,
    size: 'max',
  }),
  earnings: fc.array(fc.tuple(fc.constantFrom(...PERIODS), fc.constantFrom(1, 1.1, 1.5, 2, -1)), {
    maxLength: 6,
  }),
})

function filingOf(
  { filed, unit, lines, flows, earnings }: typeof filing extends fc.Arbitrary<infer T> ? T : never,
  at: number,
): Filing {
  const facts: Filing['facts'] = [
    ...lines.map(([tag, end, value]) => ['', end, `us-gaap:${tag}`, unit, String(value)] as const),
    ...flows.map(
      ([tag, [start, end], value]) => [start, end, `us-gaap:${tag}`, unit, String(value)] as const,
    ),
    ...earnings.map(
      ([[start, end], value]) =>
        [start, end, 'us-gaap:EarningsPerShareDiluted', `${unit}/shares`, String(value)] as const,
    ),
  ]
  // A filing states each value once.
  const once = new Map(facts.map((fact) => [fact.slice(0, 4).join(), fact]))
  return { form: '10-K', filed, accn: `a-${at}`, facts: [...once.values()] }
}

const CIK = '0000000001'
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  // Two splits: one that was known on its day, one that was declared late.
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, currency, cik)
    values (1, 'x', 'X', 'USD', '${CIK}');
    insert into stocks_research.corporate_actions (security_id, ex_date, kind, action_key, occurrence,
      split_from, split_to, declared_date, source)
    values (1, '2021-05-15', 'split', 'a', 1, 2, 3, null, 'test'),
      (1, '2021-05-20', 'split', 'b', 1, 7, 1, '2021-08-01', 'test')`)
})
afterAll(() => scratch?.drop())

it('calculated items of any filings equal their recomputation, on each day with a filing', async () => {
  const undo = new Error('Only to look.')
  const values = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(filing, { minLength: 1, maxLength: 4 }), async (filings) => {
      await scratch.db
        .transaction(async (tx) => {
          await fileFacts(tx, CIK, filings.map(filingOf))
          expect(await differencesOf(tx, [CIK], ['2021-05-17', ...new Set(DAYS)])).toEqual([])
          const rows = await tx.rows<{ item: string }>(
            `select distinct item
             from stocks_research.fundamentals_panel(
               array['2022-02-01'::date],
               array(select item from stocks_research.calculated_item_terms) || array['eps_diluted_ttm'])
             where value is not null`,
          )
          for (const { item } of rows) values.add(item)
          throw undo
        })
        .catch((error: unknown) => {
          if (error !== undo) throw error
        })
    }),
    { numRuns: runs(100) },
  )
  // With so many filings each item has had a value; else the comparison would be of nulls.
  expect(values.size).toBe(8)
})
