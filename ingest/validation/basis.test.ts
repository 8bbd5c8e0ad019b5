import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'

/** Quarters on one basis: each world is a few filings of one filer, and what was known after each of them. */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())
afterEach(() => scratch.db.execute('delete from stocks_research.fundamentals_raw'))

const CIK = '0000000001'
const YEAR = ['2021-01-01', '2021-12-31'] as const
const NINE_MONTHS = ['2021-01-01', '2021-09-30'] as const
const HALF = ['2021-01-01', '2021-06-30'] as const
const FIRST = ['2021-01-01', '2021-03-31'] as const
const FOURTH = ['2021-10-01', '2021-12-31'] as const

interface Filing {
  readonly filed: string
  readonly form: string
  /** Revenues unless another tag is given. */
  readonly tag?: string
  readonly unit?: string
  readonly facts: readonly (readonly [period: readonly [string, string], value: number])[]
}

async function file(filings: readonly Filing[]): Promise<void> {
  for (const [at, { filed, form, tag = 'Revenues', unit = 'USD', facts }] of filings.entries())
    for (const [[start, end], value] of facts)
      await scratch.db.rows(
        `insert into stocks_research.fundamentals_raw
           (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
         values ($1, 'us-gaap', $2, $3, $4, $5, $6, $7, $8, $9)`,
        [CIK, tag, unit, start, end, value, `a-${at}`, form, filed],
      )
}

/** What was known of a quarter on a day. */
async function on(day: string, [start, end]: readonly [string, string]) {
  const [row] = await scratch.db.rows(
    `select d.value, d.yoy_ratio, d.yoy_reason, d.ttm_value, d.ttm_reason
     from stocks_research.derive_fundamentals(array[$1]) d
     where d.period_start = $2::date and d.period_end = $3::date and d.known_from <= $4::date
     order by d.known_from desc limit 1`,
    [CIK, start, end, day],
  )
  return row
}

const AS_FILED: readonly Filing[] = [
  { filed: '2021-04-30', form: '10-Q', facts: [[FIRST, 250_000_000]] },
  { filed: '2021-07-30', form: '10-Q', facts: [[HALF, 500_000_000]] },
  { filed: '2021-10-30', form: '10-Q', facts: [[NINE_MONTHS, 750_000_000]] },
  { filed: '2022-02-20', form: '10-K', facts: [[YEAR, 1_000_000_000]] },
]
const nextYear = (filed: string, value: number): Filing => ({ filed, form: '10-K', facts: [[YEAR, value]] })

describe('a fourth quarter', () => {
  it('keeps its value when only the year is restated, by any form, and its sum of four is null', async () => {
    await file([...AS_FILED, nextYear('2023-02-20', 800_000_000)])
    expect(await on('2022-12-31', FOURTH)).toMatchObject({ value: '250000000', ttm_value: '1000000000' })
    expect(await on('2023-02-20', FOURTH)).toMatchObject({
      value: '250000000',
      ttm_value: null,
      ttm_reason: 'basis_may_differ',
    })
  })

  it('follows two restatements of one day; after one of a later day it waits for the other one', async () => {
    await file([
      ...AS_FILED,
      { filed: '2022-06-01', form: '10-K/A', facts: [[YEAR, 900_000_000]] },
      { filed: '2022-06-01', form: '10-Q/A', facts: [[NINE_MONTHS, 680_000_000]] },
      nextYear('2023-02-20', 800_000_000),
      { filed: '2023-03-10', form: '10-Q/A', facts: [[NINE_MONTHS, 600_000_000]] },
      nextYear('2024-02-20', 800_000_000),
    ])
    expect(await on('2022-06-01', FOURTH)).toMatchObject({ value: '220000000' })
    expect(await on('2023-03-10', FOURTH)).toMatchObject({ value: '220000000' })
    expect(await on('2024-02-20', FOURTH)).toMatchObject({ value: '200000000' })
  })

  it('follows a year that is restated beside nine months that a later filing repeats unchanged', async () => {
    await file([
      ...AS_FILED,
      nextYear('2023-02-20', 990_000_000),
      { filed: '2023-10-30', form: '10-Q', facts: [[NINE_MONTHS, 750_000_000]] },
    ])
    expect(await on('2023-10-29', FOURTH)).toMatchObject({ value: '250000000' })
    expect(await on('2023-10-30', FOURTH)).toMatchObject({ value: '240000000' })
  })

  it('keeps its value when the nine months alone are restated', async () => {
    await file([...AS_FILED, { filed: '2022-10-30', form: '10-Q', facts: [[NINE_MONTHS, 640_000_000]] }])
    expect(await on('2022-10-30', FOURTH)).toMatchObject({
      value: '250000000',
      ttm_reason: 'basis_may_differ',
    })
  })

  it('follows a year that is merely rounded: no restatement', async () => {
    await file([
      ...AS_FILED.slice(0, 3),
      { filed: '2022-02-20', form: '10-K', facts: [[YEAR, 999_725_000]] },
      nextYear('2023-02-20', 1_000_000_000),
    ])
    expect(await on('2022-02-20', FOURTH)).toMatchObject({ value: '249725000' })
    expect(await on('2023-02-20', FOURTH)).toMatchObject({ value: '250000000', ttm_reason: null })
  })
})

it('growth over a year is null while only one of the two quarters was restated', async () => {
  const first_2022 = ['2022-01-01', '2022-03-31'] as const
  const first_2023 = ['2023-01-01', '2023-03-31'] as const
  await file([
    { filed: '2021-04-30', form: '10-Q', facts: [[FIRST, 200_000_000]] },
    {
      filed: '2022-04-30',
      form: '10-Q',
      facts: [
        [first_2022, 300_000_000],
        [FIRST, 200_000_000],
      ],
    },
    {
      filed: '2023-04-30',
      form: '10-Q',
      facts: [
        [first_2023, 310_000_000],
        [first_2022, 240_000_000],
      ],
    },
  ])
  expect(await on('2022-04-30', first_2022)).toMatchObject({ yoy_ratio: '0.50000000000000000000' })
  expect(await on('2023-04-30', first_2022)).toMatchObject({
    value: '240000000',
    yoy_reason: 'basis_may_differ',
  })
  expect(await on('2023-04-30', first_2023)).toMatchObject({ yoy_reason: null })
})

/** The value of a quarter that was known before a day, and on it. */
async function turn(day: string, quarter: readonly [string, string]) {
  const before = new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
  const valueOn = async (each: string) => (await on(each, quarter))?.['value']
  return { before: await valueOn(before), after: await valueOn(day) }
}

describe('each vintage as of its day:', () => {
  it('a segment that is sold: the year omits it first, the nine months later', async () => {
    await file([
      ...AS_FILED.slice(0, 3),
      // The first statement of the year is without the segment: no filing shows that the bases differ.
      { filed: '2022-02-20', form: '10-K', facts: [[YEAR, 800_000_000]] },
      { filed: '2022-10-30', form: '10-Q', facts: [[NINE_MONTHS, 600_000_000]] },
      nextYear('2023-02-20', 800_000_000),
    ])
    expect(await turn('2022-02-20', FOURTH)).toEqual({ before: undefined, after: '50000000' })
    expect(await turn('2022-10-30', FOURTH)).toEqual({ before: '50000000', after: '50000000' })
    expect(await on('2022-10-30', FOURTH)).toMatchObject({ ttm_reason: 'basis_may_differ' })
    expect(await turn('2023-02-20', FOURTH)).toEqual({ before: '50000000', after: '200000000' })
  })

  it('a split in counts of shares', async () => {
    const first_2022 = ['2022-01-01', '2022-03-31'] as const
    const second = ['2021-04-01', '2021-06-30'] as const
    const second_2022 = ['2022-04-01', '2022-06-30'] as const
    const shares = { tag: 'WeightedAverageNumberOfDilutedSharesOutstanding', unit: 'shares', form: '10-Q' }
    await file([
      { ...shares, filed: '2021-04-30', facts: [[FIRST, 100_000_000]] },
      { ...shares, filed: '2021-07-30', facts: [[second, 100_000_000]] },
      // Four for one in between; the second filing after it states no quarter of the year before.
      {
        ...shares,
        filed: '2022-04-30',
        facts: [
          [first_2022, 404_000_000],
          [FIRST, 400_000_000],
        ],
      },
      { ...shares, filed: '2022-07-30', facts: [[second_2022, 408_000_000]] },
    ])
    expect(await turn('2022-04-30', FIRST)).toEqual({ before: '100000000', after: '400000000' })
    expect(await on('2022-04-30', first_2022)).toMatchObject({ yoy_ratio: '0.01000000000000000000' })
    expect(await on('2022-07-30', second_2022)).toMatchObject({
      yoy_ratio: null,
      yoy_reason: 'share_basis_may_differ',
    })
  })

  it('a fiscal year that ends with June, and with December from 2021 on', async () => {
    const third = ['2021-07-01', '2021-09-30'] as const
    const fourth = ['2021-10-01', '2021-12-31'] as const
    const year_to_june = ['2020-07-01', '2021-06-30'] as const
    const nine_months = ['2020-07-01', '2021-03-31'] as const
    const second = ['2021-04-01', '2021-06-30'] as const
    await file([
      {
        filed: '2021-04-30',
        form: '10-Q',
        facts: [
          [FIRST, 120],
          [nine_months, 330],
        ],
      },
      { filed: '2021-08-20', form: '10-K', facts: [[year_to_june, 460]] },
      { filed: '2021-10-30', form: '10-Q', facts: [[third, 140]] },
      { filed: '2022-02-20', form: '10-KT', facts: [[['2021-07-01', '2021-12-31'], 290]] },
    ])
    expect(await turn('2021-08-20', second)).toEqual({ before: undefined, after: '130' })
    expect(await turn('2022-02-20', fourth)).toEqual({ before: undefined, after: '150' })
    expect(await on('2022-02-20', fourth)).toMatchObject({ ttm_value: '540', ttm_reason: null })
  })

  it('52 weeks, then 53', async () => {
    const year = ['2019-12-29', '2020-12-26'] as const
    const long_year = ['2020-12-27', '2022-01-01'] as const
    const fourth = ['2020-09-27', '2020-12-26'] as const
    const long_fourth = ['2021-09-26', '2022-01-01'] as const
    await file([
      { filed: '2020-10-30', form: '10-Q', facts: [[['2019-12-29', '2020-09-26'], 390]] },
      { filed: '2021-02-20', form: '10-K', facts: [[year, 520]] },
      { filed: '2021-10-30', form: '10-Q', facts: [[['2020-12-27', '2021-09-25'], 390]] },
      {
        filed: '2022-02-20',
        form: '10-K',
        facts: [
          [long_year, 533],
          [year, 520],
        ],
      },
    ])
    expect(await turn('2021-02-20', fourth)).toEqual({ before: undefined, after: '130' })
    expect(await turn('2022-02-20', long_fourth)).toEqual({ before: undefined, after: '143' })
    expect(await on('2022-02-20', long_fourth)).toMatchObject({ yoy_ratio: '0.10000000000000000000' })
  })
})

describe('the quarter of a year ago', () => {
  it.each([
    ['2020-03-21', '10 days from the day a year ago', '0.25'],
    ['2020-04-10', '10 days after it', '0.25'],
    ['2020-03-20', '11 days from it', null],
    ['2020-04-11', '11 days after it', null],
  ])('that ended on %s, %s, has the growth %s', async (end, _, yoy_ratio) => {
    const start = new Date(Date.parse(end) - 90 * 86_400_000).toISOString().slice(0, 10)
    await file([
      { filed: '2020-05-10', form: '10-Q', facts: [[[start, end], 200_000_000]] },
      { filed: '2021-05-10', form: '10-Q', facts: [[FIRST, 250_000_000]] },
    ])
    const found = await on('2021-05-10', FIRST)
    expect(found?.['yoy_ratio'] == null ? null : String(Number(found['yoy_ratio']))).toBe(yoy_ratio)
  })
})
