import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { figure, referenceFolder, referenceRows } from '../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { JOB_NAMES } from './contract/job.ts'
import { ingestDelivery } from './testing/flat-files/delivery.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await ingestDelivery(scratch.connection, join(referenceFolder(), 'flat-files'), { jobs: JOB_NAMES })
})
afterAll(() => scratch?.drop())

const EVER = '9999-12-31'

/** Value of a quarter as it was known on a day; null for none and for null. */
async function quarter(row: Record<string, string>, as_of: string): Promise<number | null> {
  const [found] = await scratch.db.rows<{ value: string | null }>(
    `select value from stocks_research.fundamentals_derived
     where cik = $1 and tag = $2 and unit = $3 and period_start = $4 and period_end = $5 and known_from <= $6
      order by known_from desc limit 1`,
    [row['cik'], row['tag'], row['unit'], row['q4_start'], row['fy_end'], as_of],
  )
  return found?.value == null ? null : Number(found.value)
}

/** Value of a fact as it was known on a day. */
async function fact(
  cik: string,
  tag: string,
  unit: string,
  start: string,
  end: string,
  as_of: string,
): Promise<number | null> {
  const [found] = await scratch.db.rows<{ value: string }>(
    `select value from stocks_research.fundamentals_as_of($6::date, array[$1])
     where tag = $2 and unit = $3 and period_start is not distinct from nullif($4, '')::date
       and period_end = $5::date`,
    [cik, tag, unit, start, end, as_of],
  )
  return found === undefined ? null : Number(found.value)
}

/**
 * True when a filing states another year than the first one, and none states the nine months on or after its
 * day.
 */
async function isYearAloneRestated(row: Readonly<Record<string, string>>): Promise<boolean> {
  const [found] = await scratch.db.rows(
    `with years as (
       select f.value, f.filed, lag(f.value) over (order by f.filed, f.accession) as value_before
       from stocks_research.fundamentals_raw f
       where f.cik = $1 and f.tag = $2 and f.unit = $3 and f.period_start = $4::date
         and f.period_end = $5::date
         and f.form in ('10-K', '10-K/A', '10-Q', '10-Q/A'))
     select from years y
     where y.value <> y.value_before and not exists (
       select from stocks_research.fundamentals_raw f
       where f.cik = $1 and f.tag = $2 and f.unit = $3 and f.period_start = $4::date
         and f.period_end = $6::date - 1 and f.filed >= y.filed)`,
    [row['cik'], row['tag'], row['unit'], row['fy_start'], row['fy_end'], row['q4_start']],
  )
  return found !== undefined
}

const numberOf = (text: string | undefined): number | null =>
  text === undefined || text === '' ? null : Number(text)

it('every fourth quarter is as expected, now and as first known; none per share is derived', async () => {
  const wrong: unknown[] = []
  const counts: Record<string, number> = {}
  let kept_count = 0
  for (const row of referenceRows('expected', 'fundamentals_q4.csv')) {
    const kind = row['class'] ?? ''
    counts[kind] = (counts[kind] ?? 0) + 1
    const latest = await quarter(row, EVER)
    const allowed =
      kind === 'not_additive'
        ? [null, numberOf(row['reported_q4_latest'])]
        : [row['derived_q4_latest'], row['reported_q4_latest']].filter((text) => text !== '').map(Number)
    // The expected newest value subtracts whatever is newest. Where the year was restated and the nine
    // months were not, that mixes two bases, and the quarter keeps its first value.
    const is_kept =
      !allowed.includes(latest) &&
      latest === numberOf(row['derived_q4_first']) &&
      (await isYearAloneRestated(row))
    if (is_kept) kept_count += 1
    else if (!allowed.includes(latest)) wrong.push({ ...row, latest })
    if (
      kind === 'derived_only' &&
      (await quarter(row, row['fy_first_filed'] ?? '')) !== numberOf(row['derived_q4_first'])
    )
      wrong.push({ ...row, point: 'in time' })
  }
  figure('fourth quarters', { ...counts, kept_on_first_basis: kept_count, wrong: wrong.length })
  expect(kept_count).toBe(7)
  expect(wrong).toEqual([])
})

it('both vintages of each restatement are known on their days, and the newest today', async () => {
  const wrong: unknown[] = []
  const cases = referenceRows('expected', 'restatement_cases.csv')
  for (const row of cases) {
    for (const [as_of, value] of [
      [row['first_filed'], row['first_value']],
      [row['last_filed'], row['last_value']],
      [EVER, row['newest_value']],
    ]) {
      const found = await fact(
        row['cik'] ?? '',
        row['tag'] ?? '',
        row['unit'] ?? '',
        row['start'] ?? '',
        row['end'] ?? '',
        as_of ?? '',
      )
      if (found !== numberOf(value)) wrong.push({ ...row, as_of, found })
    }
  }
  figure('restatements', { cases: cases.length, wrong: wrong.length })
  expect(wrong).toEqual([])
})

it('every value that a person typed from a filing is the one known on its day', async () => {
  const wrong: unknown[] = []
  const rows = referenceRows('expected', 'fundamentals_hand_verified.csv').filter(
    (row) => row['match'] === '1',
  )
  for (const row of rows) {
    const found = await fact(
      row['cik'] ?? '',
      row['tag'] ?? '',
      row['unit'] ?? '',
      row['start'] ?? '',
      row['period_end'] ?? '',
      row['first_filed'] ?? '',
    )
    if (found !== numberOf(row['value'])) wrong.push({ ...row, found })
  }
  figure('typed from filings', { rows: rows.length, wrong: wrong.length })
  expect(wrong).toEqual([])
})

it('every ticker names its holder of the day, or none', async () => {
  const rows = referenceRows('expected', 'ticker_as_of.csv')
  const wrong: unknown[] = []
  for (const row of rows) {
    const [found] = await scratch.db.rows<{ source_id: string }>(
      `select source_id
       from stocks_research.securities
       where security_id = stocks_research.security_as_of($1, $2::date, true)`,
      [row['ticker'], row['date']],
    )
    if ((found?.source_id ?? '') !== row['source_id']) wrong.push({ ...row, found })
  }
  figure('ticker look-ups', { rows: rows.length, wrong: wrong.length })
  expect(wrong).toEqual([])
})
