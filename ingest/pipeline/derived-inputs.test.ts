import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES, type JobName } from '../contract/job.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import type { IngestOptions } from './run.ts'

let scratch: Scratch
let root: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  root = await writeDelivery(SMALL_DELIVERY)
  await run()
})
afterEach(() => scratch?.drop())

const DERIVED = ['adjustment-factors', 'fundamentals-derived'] as const

/** Items that each derived job left as they were, and all of its items. */
async function run(rest: Partial<Omit<IngestOptions, 'jobs'>> = {}, jobs: readonly JobName[] = JOB_NAMES) {
  const report = await ingestDelivery(scratch.connection, root, { jobs, ...rest })
  return DERIVED.map((name) => {
    const { items_unchanged, items } = report.job(name)
    return `${items_unchanged} of ${Object.values(items).reduce((sum, count) => sum + count, 0)}`
  })
}
const content = async (): Promise<unknown> =>
  scratch.db.rows(
    'select security_id, first_date, price_factor from stocks_research.adjustment_factors order by 1, 2',
  )

it('derives nothing when nothing has changed, and everything with --full', async () => {
  expect(await run()).toEqual(['3 of 3', '2 of 2'])
  expect(await run({ is_full: true })).toEqual(['0 of 3', '0 of 2'])
  expect(await run()).toEqual(['3 of 3', '2 of 2'])
})

it('derives again what hangs on a changed bar, action, listing or fact, and nothing else', async () => {
  for (const [sql, expected] of [
    [
      "update stocks_research.prices_daily set close = 10.55 where trade_date = '2020-01-31'",
      ['2 of 3', '2 of 2'],
    ],
    ["update stocks_research.corporate_actions set split_to = 3 where kind = 'split'", ['2 of 3', '2 of 2']],
    ["delete from stocks_research.corporate_actions where kind = 'delisting'", ['2 of 3', '2 of 2']],
    [
      "update stocks_research.securities set delist_date = null where source_id = 'x:third'",
      ['2 of 3', '2 of 2'],
    ],
    ["update stocks_research.fundamentals_raw set value = 501 where tag = 'Revenues'", ['3 of 3', '1 of 2']],
  ] as const) {
    await scratch.db.execute(sql)
    expect(await run({}, DERIVED), sql).toEqual(expected)
    expect(await run({}, DERIVED), `after ${sql}`).toEqual(['3 of 3', '2 of 2'])
  }
})

it('derives everything again when a rule, the sessions, a truncated table or the day changed', async () => {
  const { text } = await scratch.db.one<{ text: string }>(
    `select pg_get_functiondef('stocks_research.adjustment_intervals(date, text[])'::regprocedure) as text`,
  )
  await scratch.db.execute(text.replace('with spans', '-- Another rule.\nwith spans'))
  expect(await run({}, DERIVED)).toEqual(['0 of 3', '2 of 2'])
  await scratch.db.execute("delete from stocks_research.trading_sessions where session_date = '1990-01-02'")
  expect(await run({}, DERIVED)).toEqual(['0 of 3', '2 of 2'])
  await scratch.db.execute('truncate stocks_research.fundamentals_raw')
  expect(await run({}, DERIVED)).toEqual(['3 of 3', '0 of 2'])
  expect(await run({ window: { start_date: '1990-01-01', end_date: '2020-02-01' } }, DERIVED)).toEqual([
    '0 of 3',
    '2 of 2',
  ])
})

it('derives filers again when a reviewed tag or a stored standard item was changed by hand', async () => {
  const items = (): Promise<unknown> =>
    scratch.db.rows('select * from stocks_research.fundamentals_standard order by cik, item, period_end')
  const before = await items()
  await scratch.db.execute('update stocks_research.fundamentals_standard set value = value + 1')
  expect(await run({}, DERIVED)).toEqual(['3 of 3', '1 of 2'])
  expect(await items()).toEqual(before)
  await scratch.db.execute("delete from stocks_research.standard_item_tags where tag = 'Assets'")
  expect(await run({}, DERIVED)).toEqual(['3 of 3', '0 of 2'])
  expect(await items()).not.toEqual(before)
  expect(await run({}, DERIVED)).toEqual(['3 of 3', '2 of 2'])
})

it('puts right what a hand changed in derived rows', async () => {
  const before = await content()
  await scratch.db.execute('update stocks_research.adjustment_factors set price_factor = price_factor / 2')
  expect(await run({}, DERIVED)).toEqual(['0 of 3', '2 of 2'])
  expect(await content()).toEqual(before)
  await scratch.db.execute('truncate stocks_research.adjustment_factors')
  await run({}, DERIVED)
  expect(await content()).toEqual(before)
})

it('remembers nothing of a group that was rolled back', async () => {
  const before = await content()
  await scratch.db.execute(`
    update stocks_research.corporate_actions set split_to = 4 where kind = 'split';
    alter table ingestion.derived_inputs add constraint none check (job <> 'adjustment-factors') not valid`)
  expect(await run({}, ['adjustment-factors', 'fundamentals-derived'])).toEqual(['2 of 3', '2 of 2'])
  expect(await content()).toEqual(before)
  await scratch.db.execute('alter table ingestion.derived_inputs drop constraint none')
  await run({}, DERIVED)
  expect(await content()).not.toEqual(before)
})
