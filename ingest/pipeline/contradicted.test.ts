import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

const drop = (...intervals: string[]) =>
  writeDelivery({
    'universe.csv': 'source_id,ticker\nx:a,NEW\nx:b,B\n',
    'securities/s.csv': 'source_id,ticker,name,currency\nx:a,NEW,A,USD\nx:b,B,B,USD\n',
    'ticker_history/t.csv': ['source_id,ticker,valid_from,valid_to', ...intervals, 'x:b,B,2012-01-03,'].join(
      '\n',
    ),
  })
const load = async (...intervals: string[]) => {
  const { job } = await ingestDelivery(scratch.connection, await drop(...intervals), {
    jobs: ['securities', 'ticker-history'],
  })
  const { gaps, rows_inserted, rows_updated, rows_deleted } = job('ticker-history')
  const rows = await scratch.db.rows<{ interval: string }>(
    `select format('%s %s %s %s', s.source_id, h.ticker, h.valid_from, h.valid_to) as interval
     from stocks_research.ticker_history h join stocks_research.securities s using (security_id) order by 1`,
  )
  return {
    gaps,
    counts: [rows_inserted, rows_updated, rows_deleted],
    intervals: rows.map(({ interval }) => interval.trim()),
  }
}

test('an interval that now begins on another day replaces the stored one', async () => {
  await load('x:a,OLD,2015-01-02,2019-12-31', 'x:a,NEW,2020-01-01,')
  // A longer window, or another provider: the old ticker since earlier, the rename a day later.
  expect(await load('x:a,OLD,2010-01-04,2020-01-01', 'x:a,NEW,2020-01-02,')).toEqual({
    gaps: [],
    counts: [2, 0, 2],
    intervals: ['x:a NEW 2020-01-02', 'x:a OLD 2010-01-04 2020-01-01', 'x:b B 2012-01-03'],
  })
})

test('an interval that nothing contradicts is kept, though the source no longer reports it', async () => {
  await load('x:a,OLD,2015-01-02,2019-12-31', 'x:a,NEW,2020-01-01,')
  expect(await load('x:a,NEW,2020-01-01,')).toMatchObject({
    counts: [0, 0, 0],
    intervals: ['x:a NEW 2020-01-01', 'x:a OLD 2015-01-02 2019-12-31', 'x:b B 2012-01-03'],
  })
})

test('two contradicting intervals of one source are a conflict, and the stored ones stay', async () => {
  const { intervals } = await load('x:a,NEW,2020-01-01,')
  const again = await load('x:a,OLD,2010-01-04,2020-06-30', 'x:a,NEW,2020-01-02,')
  expect(again.gaps).toMatchObject([{ item: 'x:a', status: 'failed', error_class: 'conflict' }])
  expect(again.intervals).toEqual(intervals)
})
