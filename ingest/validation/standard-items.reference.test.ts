import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { figure, referenceFolder, referenceRows } from '../../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from './checks.ts'

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
