import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { referenceFolder } from '../../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { ingestDelivery } from '../testing/flat-files/delivery.ts'
import { deliveryOfCharts } from '../testing/validation/chart-delivery.ts'
import { CHECKS } from './checks.ts'
import { inspectSeries } from './inspect.ts'
import { validate } from './validate.ts'

/** Deliveries that were once loaded wrongly without a finding. Each has its right answer in its README. */
let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch?.drop())

async function load(folder: string): Promise<void> {
  await ingestDelivery(scratch.connection, join(referenceFolder(), 'failing', folder), { jobs: JOB_NAMES })
}

/** The source ids or filers that each check of a name finds. */
async function subjectsOf(name: string): Promise<string[]> {
  const checks = CHECKS.filter((check) => check.name === name)
  const { checks: reports } = await validate(scratch.db, { checks, accepted: [] })
  return reports.flatMap(({ examples }) => examples.map(({ subject }) => subject)).toSorted()
}

it('each of four splits that the prices contradict is a hard violation', async () => {
  await load('split-contradicts-prices')
  expect(await subjectsOf('split-contradicts-price')).toEqual(['dov', 'nvax', 'swapped', 'twice'])
})

it('a split that Yahoo lists and has not applied is a hard violation', async () => {
  const chart = await readFile(join(referenceFolder(), 'failing/yahoo-split-not-applied/chart.json'), 'utf8')
  await ingestDelivery(scratch.connection, await deliveryOfCharts({ bcan: chart }))
  // Four times the usual money was traded on the day, but no news moves a price by 132 times.
  expect(await subjectsOf('split-contradicts-price')).toEqual(['bcan'])
  expect(await subjectsOf('leap-on-split-day')).toEqual([])
})

it('a consolidation that is stated and applied with a wrong ratio is found in the series', async () => {
  const file = join(referenceFolder(), 'failing/inspect-wrong-ratio/split-wrong-ratio.csv')
  expect(await inspectSeries(file)).toEqual([expect.stringMatching(/^2018-06-19: .*\[split-not-applied\]$/)])
})

it('dividends on later shares are a hard violation', async () => {
  await load('dividends-told-on-later-shares')
  expect(await subjectsOf('dividends-on-raw-shares')).toEqual(['divadj'])
})

it('a quarter of two vintages keeps its value, and one that no filing restates is found', async () => {
  await load('quarter-of-two-vintages')
  const rows = await scratch.db.rows(
    `select distinct on (cik) cik, value from stocks_research.fundamentals_derived
     where period_end in ('2009-12-31', '2022-12-31') order by cik, known_from desc`,
  )
  expect(rows).toEqual([
    { cik: '0009000007', value: '1665' },
    { cik: '0009000008', value: '7' },
    { cik: '0009000009', value: '-8' },
  ])
  expect(await subjectsOf('revenue-quarter-out-of-line')).toEqual(['0009000008', '0009000009'])
})

it('quarters of 16 and 12 weeks have rows and sums', async () => {
  await load('sixteen-week-quarter')
  const rows = await scratch.db.rows(
    `select distinct on (cik) cik, ttm_value from stocks_research.fundamentals_derived
     where ttm_value is not null order by cik, period_end desc`,
  )
  expect(rows.map(({ ttm_value }) => ttm_value).toSorted()).toEqual(['2545', '964'])
  const long = await scratch.db.rows(
    'select distinct value from stocks_research.fundamentals_derived where is_long_quarter order by value',
  )
  expect(long.map(({ value }) => value)).toEqual(['259', '798'])
})

it('events on the first day of a new ticker, under the old one, adjust the renamed security', async () => {
  await load('rename-day-under-the-old-ticker')
  const events = await scratch.db.rows(
    'select kind, ex_date from stocks_research.corporate_actions order by kind',
  )
  expect(events).toEqual([
    { kind: 'cash_dividend', ex_date: '2018-05-09' },
    { kind: 'split', ex_date: '2018-05-09' },
  ])
})

it('a delisting dated the first day without trading ends the former holder of the ticker', async () => {
  await load('delisting-dated-first-day-without')
  const ends = await scratch.db.rows(
    `select s.source_id
     from stocks_research.corporate_actions
     join stocks_research.securities s using (security_id)`,
  )
  expect(ends).toEqual([{ source_id: 'handa' }])
})

it('a placeholder of shares outstanding is found', async () => {
  await load('shares-outstanding-placeholder')
  expect(await subjectsOf('shares-outstanding-placeholder')).toHaveLength(1)
})
