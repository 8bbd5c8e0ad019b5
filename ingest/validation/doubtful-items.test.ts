import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deriveFundamentals } from '../testing/validation/derive-fundamentals.ts'
import { CHECKS } from './checks.ts'
import { standardItemsRecomputation } from './recompute-standard-items.ts'
import { validate } from './validate.ts'

const CIK = '0000000001'
type Fact = readonly [
  tag: string,
  start: string | null,
  end: string,
  value: number,
  filed: string,
  unit?: string,
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

/** Files the facts, those of one day in one filing; the recomputation agrees. */
async function file(...facts: Fact[]): Promise<void> {
  const rows = facts.map(([tag, period_start, period_end, value, filed, unit = 'USD']) => ({
    tag,
    unit,
    period_start,
    period_end,
    value,
    filed,
  }))
  await scratch.db.rows(
    `insert into stocks_research.fundamentals_raw (cik, taxonomy, tag, unit, period_start, period_end,
       value, accession, form, filed)
     select '${CIK}', 'us-gaap', tag, unit, period_start, period_end, value, 'of ' || filed, '10-K', filed
     from jsonb_to_recordset($1::jsonb)
       as f (tag text, unit text, period_start date, period_end date, value numeric, filed date)`,
    [JSON.stringify(rows)],
  )
  await deriveFundamentals(scratch.db, [CIK])
  expect(await standardItemsRecomputation.find(scratch.db)).toEqual([])
}

const vintagesOf = (item: string) =>
  scratch.db.rows(
    `select period_end, known_from, known_to, value, reason, first_value
     from stocks_research.fundamentals_standard
     where item = $1
     order by period_end, known_from`,
    [item],
  )
const findingsOf = async (name: string): Promise<number> => {
  const checks = CHECKS.filter((check) => check.name === name)
  return (await validate(scratch.db, { checks, accepted: [] })).soft_count
}
const OUTSTANDING = 'CommonStockSharesOutstanding'
const AVERAGE = 'WeightedAverageNumberOfDilutedSharesOutstanding'
const Y20 = ['2020-01-01', '2020-12-31'] as const
const outstanding = (year: number, value: number): Fact => [
  OUTSTANDING,
  null,
  `${year}-12-31`,
  value,
  `${year + 1}-02-01`,
  'shares',
]

it('averages in thousands are null, and so are counts of their scale in the same filing', async () => {
  await file(
    ['NetIncomeLoss', ...Y20, 50_000_000, '2021-02-01'],
    ['EarningsPerShareDiluted', ...Y20, 2, '2021-02-01', 'USD/shares'],
    [AVERAGE, ...Y20, 25_000, '2021-02-01', 'shares'],
    ['WeightedAverageNumberOfSharesOutstandingBasic', ...Y20, 24_000, '2021-02-01', 'shares'],
    outstanding(2020, 24_500_000),
  )
  expect(await findingsOf('shares-in-thousands')).toBe(1)
  for (const item of ['shares_diluted', 'shares_basic'])
    expect(await vintagesOf(item)).toMatchObject([{ value: null, reason: 'shares_in_thousands' }])
  expect(await vintagesOf('shares_outstanding')).toMatchObject([{ value: '24500000', reason: null }])
  expect(await vintagesOf('net_income')).toMatchObject([{ value: '50000000', reason: null }])
})

it('a placeholder beside the averages of its filing is null', async () => {
  await file([AVERAGE, ...Y20, 54_119_255, '2021-02-01', 'shares'], outstanding(2020, 100))
  expect(await findingsOf('shares-outstanding-placeholder')).toBe(1)
  expect(await vintagesOf('shares_outstanding')).toMatchObject([
    { value: null, reason: 'shares_placeholder', first_value: null },
  ])
  expect(await vintagesOf('shares_diluted')).toMatchObject([{ value: '54119255', reason: null }])
})

it('a count is null from the day on which a later filing states a hundred times as many', async () => {
  await file(outstanding(2018, 100), outstanding(2019, 101), outstanding(2020, 54_000_000))
  expect(await vintagesOf('shares_outstanding')).toMatchObject([
    { period_end: '2018-12-31', known_from: '2019-02-01', known_to: null, value: '100' },
    { period_end: '2019-12-31', known_from: '2020-02-01', known_to: '2021-02-01', value: '101' },
    {
      period_end: '2019-12-31',
      known_from: '2021-02-01',
      known_to: null,
      value: null,
      reason: 'shares_out_of_scale',
    },
    { period_end: '2020-12-31', known_from: '2021-02-01', value: '54000000' },
  ])
})

it('one filing far above three that agree is itself in doubt, until another one supports it', async () => {
  const of = (end: string, value: number, filed: string): Fact => [
    OUTSTANDING,
    null,
    end,
    value,
    filed,
    'shares',
  ]
  const first = of('2020-03-31', 50, '2020-05-01')
  const second = of('2020-06-30', 50, '2020-08-01')
  const third = of('2020-09-30', 50, '2020-11-01')
  await file(first, second, third, of('2020-12-31', 50_000, '2021-02-01'))
  expect((await vintagesOf('shares_outstanding')).map(({ value, reason }) => [value, reason])).toEqual([
    ['50', null],
    ['50', null],
    ['50', null],
    [null, 'shares_out_of_scale'],
  ])
  await file(of('2021-03-31', 50_001, '2021-05-01'))
  expect(
    (await vintagesOf('shares_outstanding')).map(({ known_from, value }) => [known_from, value]),
  ).toEqual([
    ['2020-05-01', '50'],
    ['2021-05-01', null],
    ['2020-08-01', '50'],
    ['2021-05-01', null],
    ['2020-11-01', '50'],
    ['2021-05-01', null],
    ['2021-02-01', null],
    ['2021-05-01', '50000'],
    ['2021-05-01', '50001'],
  ])
})

it('a restatement by a thousand is null until it is repeated, and so is a quarter made from it', async () => {
  const nine = ['2020-01-01', '2020-09-30'] as const
  await file(
    ['Revenues', ...nine, 75, '2020-11-01'],
    ['Revenues', ...Y20, 100, '2021-02-01'],
    ['Revenues', ...Y20, 100_000, '2022-02-01'],
    ['Revenues', ...nine, 75_000, '2022-02-01'],
  )
  expect(await findingsOf('fact-out-of-scale')).toBe(1)
  const rows = (await vintagesOf('revenue')).filter(({ period_end }) => period_end === '2020-12-31')
  expect(rows.map(({ known_from, value, reason }) => [known_from, value, reason])).toEqual([
    ['2021-02-01', '100', null],
    ['2021-02-01', '25', null],
    ['2022-02-01', null, 'out_of_scale'],
    ['2022-02-01', null, 'out_of_scale'],
  ])
  await file(['Revenues', ...Y20, 100_000, '2023-02-01'])
  expect(
    await scratch.db.rows(
      `select value
       from stocks_research.fundamentals_standard_v
       where item = 'revenue' and period_kind = 'year'`,
    ),
  ).toEqual([{ value: '100000' }])
})

it('a sum of four quarters with one that is out of scale is null', async () => {
  const quarters = [
    ['2020-01-01', '2020-03-31', '2020-05-01'],
    ['2020-04-01', '2020-06-30', '2020-08-01'],
    ['2020-07-01', '2020-09-30', '2020-11-01'],
    ['2020-10-01', '2020-12-31', '2021-02-01'],
  ] as const
  await file(...quarters.map(([start, end, filed]): Fact => ['Revenues', start, end, 25, filed]))
  const ttm = () =>
    scratch.db.rows(
      `select value, ttm_value, ttm_reason
       from stocks_research.fundamentals_panel(array['2021-12-31'::date], array['revenue'])`,
    )
  expect(await ttm()).toEqual([{ value: '25', ttm_value: '100', ttm_reason: null }])
  await file(['Revenues', '2020-04-01', '2020-06-30', 25_000, '2021-08-01'])
  expect(await ttm()).toEqual([{ value: '25', ttm_value: null, ttm_reason: 'a_quarter_has_no_value' }])
})
