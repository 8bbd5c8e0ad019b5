import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
beforeEach(() => scratch.db.execute('truncate stocks_research.securities cascade'))
afterAll(() => scratch?.drop())

/** Loads the securities of these intervals; returns the report of the ticker job. */
async function load(...intervals: string[]) {
  const ids = [...new Set(intervals.map((row) => row.split(',')[0] ?? ''))]
  const rows = (header: string, lines: readonly string[]): string => [header, ...lines, ''].join('\n')
  const root = await writeDelivery({
    'universe.csv': rows(
      'source_id,ticker',
      ids.map((id) => `${id},T${id}`),
    ),
    'securities/s.csv': rows(
      'source_id,ticker,currency',
      ids.map((id) => `${id},T${id},USD`),
    ),
    'ticker_history/t.csv': rows('source_id,ticker,valid_from,valid_to', intervals),
  })
  return (await ingestDelivery(scratch.connection, root, { jobs: ['securities', 'ticker-history'] })).job(
    'ticker-history',
  )
}
const stored = async (): Promise<string[]> =>
  (
    await scratch.db.rows<{ row: string }>(
      `select concat_ws(' ', s.source_id, h.ticker, h.valid_from, h.valid_to) as row
       from stocks_research.ticker_history h
       join stocks_research.securities s using (security_id)
       order by 1`,
    )
  ).map(({ row }) => row)

test('a source that moves the first day of an interval is believed, and its old interval goes', async () => {
  await load('a,OLD,1999-01-04,2012-05-17', 'a,NEW,2012-05-18,')
  const job = await load('a,OLD,1999-01-04,2012-05-20', 'a,NEW,2012-05-21,')
  expect(job).toMatchObject({ rows_inserted: 1, rows_updated: 1, rows_deleted: 1, gaps: [] })
  expect(await stored()).toEqual(['a NEW 2012-05-21', 'a OLD 1999-01-04 2012-05-20'])
})

test('an interval that overlaps one of a security that was not requested fails, and names it', async () => {
  await load('a,ONE,1999-01-04,')
  const { gaps } = await load('b,ONE,2005-01-03,')
  expect(gaps).toMatchObject([
    {
      item: 'b',
      error_class: 'conflict',
      reason: expect.stringMatching(/"ONE" from 2005-01-03 .* of "a", .*stored/),
    },
  ])
  expect(await stored()).toEqual(['a ONE 1999-01-04'])
})

test('a security with two tickers on one day fails, and names both', async () => {
  const { gaps } = await load('a,ONE,1999-01-04,2005-01-03', 'a,TWO,2005-01-03,', 'b,THREE,1999-01-04,')
  expect(gaps).toMatchObject([
    { item: 'a', reason: expect.stringMatching(/"ONE" .* "TWO" of "a", from 2005-01-03/) },
  ])
  expect(await stored()).toEqual(['b THREE 1999-01-04'])
})
