import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { figure, referenceFolder, referenceRows } from '../../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from './checks.ts'
import { differencesOf } from './recompute-calculated-items.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await ingestDelivery(scratch.connection, join(referenceFolder(), 'flat-files'), { jobs: JOB_NAMES })
})
afterAll(() => scratch?.drop())

/** The names that a person gave the fields, and ours. */
const ITEMS: Readonly<Record<string, string>> = {
  revenues: 'revenue',
  op_income: 'operating_income',
  cur_assets: 'current_assets',
  cur_liab: 'current_liabilities',
  cash_flow_op: 'operating_cash_flow',
  cash_flow_inv: 'investing_cash_flow',
  cash_flow_fin: 'financing_cash_flow',
}

it('every field that a person typed from a filing is the standard item, with its tag', async () => {
  const wrong: unknown[] = []
  const rows = referenceRows('expected', 'fundamentals_hand_verified.csv').filter(
    (row) => row['match'] === '1',
  )
  for (const row of rows) {
    const found = await scratch.db.rows<{ value: string; tag: string }>(
      `select value, tag from stocks_research.fundamentals_standard_as_of($1::date, array[$2])
       where item = $3 and period_end = $4::date and unit = $5
         and period_start is not distinct from nullif($6, '')::date`,
      [
        row['first_filed'],
        row['cik'],
        ITEMS[row['field'] ?? ''] ?? row['field'],
        row['period_end'],
        row['unit'],
        row['start'],
      ],
    )
    if (
      found.length !== 1 ||
      Number(found[0]?.value) !== Number(row['value']) ||
      found[0]?.tag !== row['tag']
    )
      wrong.push({ ...row, found })
  }
  figure('typed from filings, as standard items', { rows: rows.length, wrong: wrong.length })
  expect(wrong).toEqual([])
})

it('each restated fact is the standard item with its value of both days, or a null in doubt', async () => {
  const rows = await scratch.db.rows<{ filed: string; found: string | null; reason: string | null }>(
    queryFile(join(import.meta.dirname, '..', 'testing', 'validation', 'sql'), 'restated-items'),
    [JSON.stringify(referenceRows('expected', 'restatement_cases.csv'))],
  )
  const nulls = rows.filter(({ found }) => found === null)
  figure('restated facts', { values: rows.length, nulls: nulls.length })
  expect(rows.length).toBeGreaterThanOrEqual(500)
  expect(rows.filter(({ filed, found }) => found !== null && Number(found) !== Number(filed))).toEqual([])
  // Counts of shares that are in doubt.
  expect(nulls.filter(({ reason }) => reason === null)).toEqual([])
  expect(nulls.length).toBeLessThanOrEqual(17)
})

it('no year or quarter of a filer lacks revenue, net income or assets, whatever tags it used', async () => {
  const gaps = await scratch.db.rows(
    `select cik, item, period_kind, period_end, reason from stocks_research.fundamentals_standard_v
     where item in ('revenue', 'net_income', 'gross_profit', 'assets', 'equity') and value is null`,
  )
  const tags = await scratch.db.rows<{ cik: string; tags: string }>(
    `select cik, count(distinct tag)::text as tags
     from stocks_research.fundamentals_standard_v
     where item = 'revenue'
     group by cik`,
  )
  figure('tags of revenue by filer', tags)
  expect(gaps).toEqual([])
  expect(tags.some(({ tags: count }) => Number(count) > 1)).toBe(true)
})

it('revenue less its cost is the gross profit, and diluted earnings are income by shares', async () => {
  const rows = await scratch.db.rows<
    Record<'cik' | 'period_end' | 'accession', string> &
      Record<'revenue' | 'cost' | 'gross' | 'net' | 'shares' | 'eps', string | null>
  >(
    `select cik, period_start, period_end,
       max(accession) filter (where item = 'shares_diluted') as accession,
       max(value) filter (where item = 'revenue') as revenue,
       max(value) filter (where item = 'cost_of_revenue') as cost,
       max(value) filter (where item = 'gross_profit') as gross,
       max(value) filter (where item = 'net_income') as net,
       max(value) filter (where item = 'shares_diluted') as shares,
       max(value) filter (where item = 'eps_diluted') as eps
     from stocks_research.fundamentals_standard_v
     where period_kind in ('quarter', 'year')
     group by cik, period_start, period_end`,
  )
  const offGross = rows.filter(
    ({ revenue, cost, gross }) =>
      gross !== null && cost !== null && Number(revenue) - Number(cost) !== Number(gross),
  )
  // Half a cent of rounding in the filing.
  const offShare = rows.filter(
    ({ net, shares, eps }) =>
      shares !== null && eps !== null && Math.abs(Number(net) / Number(shares) - Number(eps)) > 0.006,
  )
  figure('periods', { all: rows.length, offGross: offGross.length, offShare: offShare.length })
  expect({ offGross: offGross.slice(0, 5), offShare: offShare.slice(0, 5) }).toEqual({
    offGross: [],
    offShare: [],
  })
})

/** Findings of a check of facts, and which of the values that a filing states each of them concerns. */
const IN_DOUBT: Readonly<Record<string, string>> = {
  'fact-out-of-scale': "s.reason = 'out_of_scale'",
  'shares-in-thousands': "s.item in ('shares_basic', 'shares_diluted') and s.method = 'reported'",
  'shares-outstanding-placeholder':
    "s.item = 'shares_outstanding' and s.tag = f.tag and s.period_end = f.period_end",
}

it('each finding about a value that standard items would use has its null in every vintage', async () => {
  const numbers: unknown[] = []
  for (const [name, concerns] of Object.entries(IN_DOUBT)) {
    const check = CHECKS.find((each) => each.name === name)
    const query = check !== undefined && 'query' in check ? check.query : ''
    const rows = await scratch.db.rows(
      `select s.cik, s.item, s.period_end, s.known_from, s.value, s.reason
       from (${query}) f
       join stocks_research.fundamentals_standard s on s.cik = f.subject and s.accession = f.accession
       where ${concerns}`,
    )
    figure(name, { vintages: rows.length, nulls: rows.filter(({ value }) => value === null).length })
    numbers.push(...rows.filter(({ value }) => value !== null))
  }
  expect(numbers).toEqual([])
})

it('no count of shares of Apple or Nvidia, in any vintage, is a thousandth of its neighbours', async () => {
  const counts = await scratch.db.rows<{ cik: string; least: string; largest: string }>(
    `select cik, min(value) as least, max(value) as largest
     from stocks_research.fundamentals_standard
     where item in ('shares_outstanding', 'shares_basic', 'shares_diluted')
     group by cik
     order by cik`,
  )
  const nulls = await scratch.db.rows(
    `select cik, item, reason, count(*) as vintages, min(period_end) as first, max(period_end) as last
     from stocks_research.fundamentals_standard
     where reason in ('out_of_scale', 'shares_in_thousands', 'shares_placeholder', 'shares_out_of_scale')
     group by cik, item, reason
     order by cik, item, reason`,
  )
  figure('counts', counts)
  figure('values in doubt', nulls)
  expect(counts).toHaveLength(2)
  for (const { least } of counts) expect(Number(least)).toBeGreaterThan(100_000_000)
  expect(nulls.length).toBeGreaterThan(0)
})

const APPLE = '0000320193'
const NVIDIA = '0001045810'
const M = 1_000_000

// In millions, from the statements of the annual reports for fiscal 2019 and 2024.
it.each<[string, string, string, Readonly<Record<string, number>>]>([
  [
    APPLE,
    '2019-11-01',
    '2019-09-28',
    {
      total_debt: 5_980 + 10_260 + 91_807,
      short_term_debt: 5_980 + 10_260,
      working_capital: 162_819 - 105_718,
      book_equity: 90_488,
      free_cash_flow: 69_391 - 10_495,
      ebitda: 63_930 + 12_547,
    },
  ],
  [
    NVIDIA,
    '2024-03-01',
    '2024-01-28',
    {
      total_debt: 1_250 + 8_459,
      short_term_debt: 1_250,
      working_capital: 44_345 - 10_631,
      book_equity: 42_978,
      free_cash_flow: 28_090 - 1_069,
      ebitda: 32_972 + 1_508,
    },
  ],
])(
  'calculated items of %s as known on %s are those of its report for %s',
  async (cik, day, end, expected) => {
    const rows = await scratch.db.rows<{ item: string; value: string }>(
      `select item, value from stocks_research.calculated_items_as_of($1::date, array[$2])
     where period_end = $3::date and period_kind in ('year', 'instant') and value is not null`,
      [day, cik, end],
    )
    const found = Object.fromEntries(rows.map(({ item, value }) => [item, Number(value)]))
    const inDollars = Object.entries(expected).map(([item, value]) => [item, value * M])
    expect(found).toMatchObject(Object.fromEntries(inDollars))
  },
)

// As filed: 11.89 for fiscal 2019, 10.16 and 8.86 for nine months; 6.90 for fiscal 2021, 3.03 and 1.47 for a
// quarter. Apple split 4 for 1 on 2020-08-31.
it.each([
  [APPLE, '2020-08-28', 13.19],
  [APPLE, '2020-08-31', 3.2975],
  [NVIDIA, '2021-07-19', 8.46],
])(
  'diluted earnings per share of four quarters of %s on %s are %d, in shares of the day',
  async (cik, day, eps) => {
    const { value } = await scratch.db.one<{ value: string }>(
      `select value
     from stocks_research.fundamentals_panel(array[$1::date], array['eps_diluted_ttm'], array[$2])`,
      [day, cik],
    )
    expect(Number(value)).toBe(eps)
  },
)

// In millions, by quarter as filed. The year 2020 is tagged as revenue from contracts, the quarters as
// revenues.
it.each([
  ['2020-02-28', 2_220 + 2_579 + 3_014 + 3_105],
  ['2020-08-31', 3_014 + 3_105 + 3_080 + 3_866],
  ['2020-11-30', 3_105 + 3_080 + 3_866 + 4_726],
])('revenue of four quarters of Nvidia is known on %s, whatever its tags', async (day, revenue) => {
  const { ttm_value } = await scratch.db.one<{ ttm_value: string }>(
    `select ttm_value
     from stocks_research.fundamentals_panel(array[$1::date], array['revenue'], array[$2])`,
    [day, NVIDIA],
  )
  expect(Number(ttm_value)).toBe(revenue * M)
})

it('calculated items of Apple and Nvidia equal their recomputation every four months', async () => {
  const years = Array.from({ length: 10 }, (_, at) => 2011 + at)
  const days = years.flatMap((year) => [`${year}-01-28`, `${year}-05-28`, `${year}-09-28`])
  expect(await differencesOf(scratch.db, [APPLE, NVIDIA], days)).toEqual([])
})

it('debt of Apple and Nvidia is known for most balances, and never less than long-term debt', async () => {
  const rows = await scratch.db.rows<{ cik: string; balances: string; known: string; less: string }>(
    `select c.cik, count(*) as balances, count(c.value) as known,
       count(*) filter (where c.value < s.value) as less
     from stocks_research.calculated_items_as_of('infinity') c
     left join stocks_research.fundamentals_standard_v s
       on s.cik = c.cik and s.period_end = c.period_end and s.item = 'long_term_debt_noncurrent'
     where c.item = 'total_debt'
     group by c.cik
     order by c.cik`,
  )
  figure('balances with total debt', rows)
  expect(rows.map(({ known }) => Number(known))).toEqual([47, 30])
  expect(rows.map(({ less }) => less)).toEqual(['0', '0'])
})
