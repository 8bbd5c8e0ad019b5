import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Bootstrap } from '../../helpers/config/config.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { offendedBy, smallMarket } from '../testing/validation/small-market.ts'
import { checksOf } from './checks.ts'
import { freshnessOf, freshnessText } from './freshness.ts'
import { validate } from './validate.ts'

/** Bars of every session from 2020-01-02 to 2020-06-30, of one listed security. */
let scratch: Scratch
beforeAll(async () => {
  scratch = await smallMarket()
})
afterAll(() => scratch?.drop())

const NAMES = ['listed-securities-have-recent-bars', 'listed-without-recent-bar', 'newest-bar-is-recent']
/** The checks of freshness that fail, with thresholds of bootstrap.json. */
function failing(changes: Partial<Record<string, number>> = {}) {
  const limits = { newest_bar_max_sessions: 3, security_bar_max_sessions: 10, stale_max_ratio: 0.05 }
  const thresholds = { ...limits, ...changes } as Bootstrap['thresholds']
  const checks = checksOf({ checks_directory: undefined, bootstrap: { thresholds } })
  return async (tx: Database): Promise<string[]> => {
    const report = await validate(tx, {
      checks: checks.filter(({ name }) => NAMES.includes(name)),
      accepted: [],
    })
    return report.checks
      .filter(({ violations_count }) => violations_count > 0)
      .map(({ name }) => name)
      .toSorted()
  }
}
const runTo = (day: string, jobs = 'prices-daily'): string => `
  insert into ingestion.runs (run_id, command, source, jobs, state, universe_file, universe_sha256,
    start_date, end_date, host, process_id, product_version, started_at)
  values (gen_random_uuid(), 'c', 's', '{${jobs}}', 'complete', 'u', repeat('0', 64), '2020-01-02', '${day}',
    'h', 1, '0', now() + (select count(*) from ingestion.runs) * interval '1 second');`
/** More listed securities; the last `stale` of them have no bar after May. */
const others = (count: number, stale: number): string => `
  insert into stocks_research.securities (security_id, source_id, ticker, list_date)
    select i, 'y' || i, 'Y' || i, '2020-01-02' from generate_series(2, ${count}) i;
  insert into stocks_research.ticker_history (security_id, ticker, valid_from)
    select i, 'Y' || i, '2020-01-02' from generate_series(2, ${count}) i;
  insert into stocks_research.prices_daily (security_id, trade_date, close)
    select i, case when i > ${count - stale} then date '2020-05-29' else date '2020-06-30' end, 10
    from generate_series(2, ${count}) i;`

it.each([
  ['three sessions after the newest bar', runTo('2020-07-06'), {}, []],
  ['four sessions after it', runTo('2020-07-07'), {}, ['newest-bar-is-recent']],
  ['four sessions after it, when five are allowed', runTo('2020-07-07'), { newest_bar_max_sessions: 5 }, []],
  ['on the day before it, in a window that ends earlier', runTo('2020-06-29'), {}, []],
  ['eleven sessions after it', runTo('2020-07-16'), {}, NAMES],
  ['and a newer run of another job', runTo('2020-06-30') + runTo('2024-06-28', 'securities'), {}, []],
  [
    'and the newest run of prices counts',
    runTo('2020-06-30') + runTo('2020-07-07'),
    {},
    ['newest-bar-is-recent'],
  ],
])('of a run whose window ends %s, these checks fail', async (_when, sql, thresholds, names) => {
  expect(await offendedBy(scratch, sql, failing(thresholds))).toEqual(names)
})

it.each([
  ['no security stale', others(10, 0), {}, []],
  ['three of ten, since up to three are allowed', others(10, 3), {}, ['listed-without-recent-bar']],
  ['four of ten', others(10, 4), {}, NAMES.slice(0, 2)],
  [
    'four of ten, when half are allowed',
    others(10, 4),
    { stale_max_ratio: 0.5 },
    ['listed-without-recent-bar'],
  ],
  ['two of three, which are not fewer than half', others(3, 2), {}, NAMES.slice(0, 2)],
  [
    'nine of ten that were delisted',
    `${others(10, 9)}
      update stocks_research.securities set delist_date = '2020-05-29' where security_id > 1;`,
    {},
    [],
  ],
  [
    'nine of ten whose last ticker has ended',
    `${others(10, 9)}
      update stocks_research.ticker_history set valid_to = '2020-05-29' where security_id > 1;`,
    {},
    [],
  ],
])('with %s, these checks fail', async (_what, sql, thresholds, names) => {
  expect(await offendedBy(scratch, runTo('2020-06-30') + sql, failing(thresholds))).toEqual(names)
})

it('the age of the prices is measured from the last session that has ended', async () => {
  const ageAt = async (now: string, sql = ''): Promise<unknown> => {
    let age: unknown
    await offendedBy(scratch, `${sql}select;`, async (tx) => {
      age = freshnessText(await freshnessOf(tx, new Date(now), { security_bar_max_sessions: 10 }))
      return []
    })
    return age
  }
  expect(await ageAt('2020-06-30T20:17:00Z')).toBe('newest bar: 2020-06-30, the last session')
  expect(await ageAt('2020-07-01T20:15:00Z'), 'before it counts as finished').toMatch(/the last session$/)
  expect(await ageAt('2020-07-01T20:17:00Z')).toBe('newest bar: 2020-06-30, 1 session before 2020-07-01')
  expect(await ageAt('2020-07-16T20:17:00Z')).toBe(
    'newest bar: 2020-06-30, 11 sessions before 2020-07-16; 1 of 1 listed security without a recent bar',
  )
  expect(await ageAt('2020-07-16T20:17:00Z', 'delete from stocks_research.prices_daily;')).toBe(
    'newest bar: none',
  )
})
