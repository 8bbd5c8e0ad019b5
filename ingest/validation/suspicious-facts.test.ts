import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

const FACT_CHECKS = CHECKS.filter(({ job, severity }) => job === 'fundamentals-raw' && severity === 'soft')

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
beforeEach(() => scratch.db.execute('truncate stocks_research.fundamentals_raw, stocks_research.filings'))
afterAll(() => scratch?.drop())

type Fact = readonly [
  tag: string,
  start: string | null,
  end: string,
  value: number,
  filed: string,
  unit?: string,
]
const QUARTERS = [
  ['2020-01-01', '2020-03-31'],
  ['2020-04-01', '2020-06-30'],
  ['2020-07-01', '2020-09-30'],
  ['2020-10-01', '2020-12-31'],
] as const
const YEAR = ['2020-01-01', '2020-12-31'] as const

/** Files the facts, those of one day in one filing; returns the checks that have something to say. */
async function suspicionsOf(...facts: Fact[]): Promise<Record<string, number>> {
  await scratch.db.rows(
    `insert into stocks_research.fundamentals_raw (
       cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
     select '0000000001', 'us-gaap', tag, unit, period_start, period_end, value, 'filed ' || filed, '10-K',
       filed
     from jsonb_to_recordset($1::jsonb)
       as r (tag text, unit text, period_start date, period_end date, value numeric, filed date)`,
    [
      JSON.stringify(
        facts.map(([tag, period_start, period_end, value, filed, unit = 'USD']) => ({
          tag,
          unit,
          period_start,
          period_end,
          value,
          filed,
        })),
      ),
    ],
  )
  const { checks } = await validate(scratch.db, { checks: FACT_CHECKS, accepted: [] })
  return Object.fromEntries(
    checks.flatMap(({ name, violations_count }) => (violations_count > 0 ? [[name, violations_count]] : [])),
  )
}

const quarters = (values: readonly number[]): Fact[] =>
  QUARTERS.map(([start, end], at) => ['Revenues', start, end, values[at] ?? 0, '2021-02-01'])

it('has nothing to say of a filer whose filings agree, restatements included', async () => {
  expect(
    await suspicionsOf(
      ...quarters([20, 25, 25, 30]),
      ['Revenues', ...YEAR, 100, '2021-02-01'],
      ['Revenues', ...YEAR, 99.7, '2022-02-01'],
      ['Revenues', ...YEAR, 99.7, '2023-02-01'],
      ['SalesRevenueNet', ...YEAR, 99, '2021-02-01'],
      ['NetIncomeLoss', ...YEAR, 50, '2021-02-01'],
      ['EarningsPerShareDiluted', ...YEAR, 2, '2021-02-01', 'USD/shares'],
      ['WeightedAverageNumberOfDilutedSharesOutstanding', ...YEAR, 25, '2021-02-01', 'shares'],
    ),
  ).toEqual({})
})

it.each<[string, Fact[]]>([
  ['filed-after-period-end', [['Assets', null, '2021-12-31', 5, '2021-02-01']]],
  [
    'fact-out-of-scale',
    [
      ['Assets', null, '2020-12-31', 5_000_000, '2021-02-01'],
      ['Assets', null, '2020-12-31', 5_001, '2022-02-01'],
    ],
  ],
  [
    'value-changed-and-back',
    [
      ['Revenues', ...YEAR, 4167, '2021-02-01'],
      ['Revenues', ...YEAR, 2230, '2021-05-01'],
      ['NetIncomeLoss', ...YEAR, 7, '2021-02-01'],
      ['NetIncomeLoss', ...YEAR, 5, '2021-05-01'],
      ['Revenues', ...YEAR, 4167, '2022-02-01'],
      ['NetIncomeLoss', ...YEAR, 7, '2022-02-01'],
    ],
  ],
  ['reported-quarters-add-up', [...quarters([20, 25, 25, 30]), ['Revenues', ...YEAR, 110, '2021-02-01']]],
  [
    'shares-in-thousands',
    [
      ['NetIncomeLoss', ...YEAR, 50_000, '2021-02-01'],
      ['EarningsPerShareDiluted', ...YEAR, 2, '2021-02-01', 'USD/shares'],
      ['WeightedAverageNumberOfDilutedSharesOutstanding', ...YEAR, 25, '2021-02-01', 'shares'],
    ],
  ],
  [
    'shares-outstanding-placeholder',
    [
      ['WeightedAverageNumberOfDilutedSharesOutstanding', ...YEAR, 54_119_255, '2021-02-01', 'shares'],
      ['CommonStockSharesOutstanding', null, '2020-12-31', 100, '2021-02-01', 'shares'],
    ],
  ],
  [
    'shares-outstanding-placeholder',
    [
      ['WeightedAverageNumberOfSharesOutstandingBasic', ...YEAR, 2_645_100_000, '2021-02-01', 'shares'],
      ['CommonStockSharesOutstanding', null, '2020-12-31', 1_000, '2021-02-01', 'shares'],
    ],
  ],
  [
    'shares-outstanding-placeholder',
    [
      ['WeightedAverageNumberOfShareOutstandingBasicAndDiluted', ...YEAR, 8_815_233, '2021-02-01', 'shares'],
      ['CommonStockSharesOutstanding', null, '2020-12-31', 1, '2021-02-01', 'shares'],
    ],
  ],
  [
    'standard-tags-agree',
    [
      ['Revenues', ...YEAR, 100, '2021-02-01'],
      ['SalesRevenueNet', ...YEAR, 60, '2021-02-01'],
    ],
  ],
])('%s: one finding, and nothing else', async (name, facts) => {
  expect(await suspicionsOf(...facts)).toEqual({ [name]: 1 })
})

it.each([
  ['fact-without-filing', 'another', '2021-02-01'],
  ['fact-contradicts-filing', 'filed 2021-02-01', '2021-02-02'],
  [undefined, 'filed 2021-02-01', '2021-02-01'],
])('%s: facts and the filings of their filer are compared', async (name, accession, filed) => {
  await scratch.db.rows(
    `insert into stocks_research.filings (cik, accession, form, filed)
     values ('0000000001', $1, '10-K', $2::date), ('0000000002', 'of another', '10-K', '2021-02-01')`,
    [accession, filed],
  )
  const found = await suspicionsOf(['Revenues', ...YEAR, 100, '2021-02-01'])
  expect(found).toEqual(name === undefined ? {} : { [name]: 1 })
})
