import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'

/** Quarters on one basis: each world is a few filings of one filer, and what was known after each of them. */
let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch?.drop())

const CIK = '0000000001'
const YEAR = ['2021-01-01', '2021-12-31'] as const
const NINE_MONTHS = ['2021-01-01', '2021-09-30'] as const
const HALF = ['2021-01-01', '2021-06-30'] as const
const FIRST = ['2021-01-01', '2021-03-31'] as const
const FOURTH = ['2021-10-01', '2021-12-31'] as const

interface Filing {
  readonly filed: string
  readonly form: string
  readonly facts: readonly (readonly [period: readonly [string, string], value: number])[]
}

async function file(filings: readonly Filing[]): Promise<void> {
  for (const [at, { filed, form, facts }] of filings.entries())
    for (const [[start, end], value] of facts)
      await scratch.db.rows(
        `insert into stocks_research.fundamentals_raw
           (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
         values ($1, 'us-gaap', 'Revenues', 'USD', $2, $3, $4, $5, $6, $7)`,
        [CIK, start, end, value, `a-${at}`, form, filed],
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
