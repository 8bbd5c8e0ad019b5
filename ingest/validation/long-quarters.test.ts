import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'

/** Filers whose quarters have 12 and 16 weeks (17 in a year of 53 weeks), and periods that are none. */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const DAY_MS = 86_400_000
const dayAt = (weeks: number): string =>
  new Date(Date.UTC(2022, 0, 3) + weeks * 7 * DAY_MS).toISOString().slice(0, 10)
const lastDayAt = (weeks: number): string =>
  new Date(Date.UTC(2022, 0, 3) + weeks * 7 * DAY_MS - DAY_MS).toISOString().slice(0, 10)

/** A filer that reports its first quarter, half, nine months and year, which end after so many weeks. */
async function fiscalYear(cik: string, ends: readonly number[], values: readonly number[]) {
  for (const [at, weeks] of ends.entries())
    await scratch.db.rows(
      `insert into stocks_research.fundamentals_raw
         (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
       values ($1, 'us-gaap', 'Revenues', 'USD', $2, $3, $4, $5, $6, $7)`,
      [
        cik,
        dayAt(0),
        lastDayAt(weeks),
        values[at],
        `a-${at}`,
        at === 3 ? '10-K' : '10-Q',
        lastDayAt(weeks + 5),
      ],
    )
  return scratch.db.rows(
    `select period_end - period_start + 1 as days, value, is_long_quarter, ttm_value
     from stocks_research.derive_fundamentals(array[$1]) order by period_end, known_from`,
    [cik],
  )
}

const quarter = (weeks: number, value: string, ttm_value: string | null = null) => ({
  days: weeks * 7,
  value,
  is_long_quarter: weeks > 13,
  ttm_value,
})

it('16, 12, 12 and 12 weeks give four quarters and their sum', async () => {
  expect(await fiscalYear('0000000001', [16, 28, 40, 52], [259, 446, 640, 964])).toEqual([
    quarter(16, '259'),
    quarter(12, '187'),
    quarter(12, '194'),
    quarter(12, '324', '964'),
  ])
})

it('12, 12, 12 and 16 weeks give four quarters and their sum', async () => {
  expect(await fiscalYear('0000000002', [12, 24, 36, 52], [540, 1140, 1747, 2545])).toEqual([
    quarter(12, '540'),
    quarter(12, '600'),
    quarter(12, '607'),
    quarter(16, '798', '2545'),
  ])
})

it('a year of 53 weeks has a last quarter of 17', async () => {
  expect(await fiscalYear('0000000003', [12, 24, 36, 53], [100, 200, 300, 450])).toMatchObject([
    {},
    {},
    {},
    quarter(17, '150', '450'),
  ])
})

it.each([10, 15, 18, 22, 30, 34, 43])(
  'a period of %i weeks is none of a quarter, a half or nine months',
  async (weeks) => {
    const [row] = await scratch.db.rows('select stocks_research.period_kind($1) as kind', [weeks * 7])
    expect(row).toEqual({ kind: null })
  },
)
