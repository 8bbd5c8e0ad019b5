import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { ingestDelivery, writeDelivery } from './testing/flat-files/delivery.ts'

// Two filers with facts. The first one announces its results before it reports them.
const DELIVERY = {
  'universe.csv': 'source_id,ticker,cik\nx:1,ONE,0000000001\nx:2,TWO,0000000002\n',
  'securities/s.csv': `source_id,ticker,cik,list_date
x:1,ONE,0000000001,2019-01-02
x:2,TWO,0000000002,2019-01-02
`,
  'fundamentals/f.csv': `cik,taxonomy,tag,unit,start,end,value,accession,form,filed
1,us-gaap,Revenues,USD,2020-01-01,2020-03-31,10,one-q1,10-Q,2020-05-01
2,us-gaap,Revenues,USD,2020-01-01,2020-03-31,20,two-q1,10-Q,2020-05-04
`,
}
const HEAD = 'cik,accession,form,filed,accepted_at,report_date,items,sic,is_xbrl\n'
const REPORT_OF_ONE = '1,one-q1,10-Q,2020-05-01,2020-05-01T16:00:00-04:00,2020-03-31,,3571,true\n'
const NEWS_OF_ONE = '1,one-8k,8-K,2020-04-21,2020-04-21T20:05:00Z,2020-04-21,"2.02,9.01",3571,false\n'
const REPORT_OF_TWO = '2,two-q1,10-Q,2020-05-04,2020-05-04T09:00:00-04:00,2020-03-31,,,true\n'
const INSIDER = '2,two-4,4,2020-05-04,2020-05-04T21:00:00-04:00,,,,false\n'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())
beforeEach(() => scratch.db.execute('truncate stocks_research.filings, stocks_research.fundamentals_raw'))

/** Loads the delivery with these filings; the report of the job that loads them. */
async function load(filings: string | undefined, is_hashed = false) {
  const root = await writeDelivery({
    ...DELIVERY,
    ...(filings === undefined ? {} : { 'filings/f.csv': HEAD + filings }),
  })
  const { jobs } = await ingestDelivery(scratch.connection, root, {
    jobs: ['securities', 'ticker-history', 'fundamentals-raw'],
    is_hashed,
  })
  const report = jobs.at(-1)
  if (report === undefined) throw new TypeError('The run has no report.')
  return report
}
const count = async (table: string): Promise<number> =>
  (await scratch.db.one<{ n: number }>(`select count(*)::integer as n from stocks_research.${table}`)).n

describe('filings', () => {
  test('are loaded with the facts and counted with them; a second run writes nothing', async () => {
    const filings = REPORT_OF_ONE + NEWS_OF_ONE + REPORT_OF_TWO + INSIDER
    const first = await load(filings)
    expect(first).toMatchObject({ rows_read: 6, rows_skipped: 1, rows_inserted: 5, rows_rejected: 0 })
    expect(first.items).toMatchObject({ ok: 2, failed: 0 })
    expect(await load(filings)).toMatchObject({ rows_inserted: 0, rows_updated: 0, rows_unchanged: 5 })
    const corrected = await load(filings.replace('16:00:00', '15:59:59'))
    expect(corrected).toMatchObject({ rows_inserted: 0, rows_updated: 1, rows_unchanged: 4 })
  })

  test('are no need: a delivery without them loads its facts', async () => {
    expect(await load(undefined)).toMatchObject({ rows_read: 2, rows_inserted: 2 })
    expect(await count('filings')).toBe(0)
  })

  test('that changed are read again, though the facts are the same files', async () => {
    await load(REPORT_OF_ONE, true)
    await load(REPORT_OF_ONE, true)
    expect(await load(REPORT_OF_ONE, true)).toMatchObject({ rows_read: 0, items_unchanged: 2 })
    expect(await load(REPORT_OF_ONE + REPORT_OF_TWO, true)).toMatchObject({ rows_inserted: 1 })
    // Somebody else changed the table.
    await scratch.db.execute(`delete from stocks_research.filings where accession = 'two-q1'`)
    expect(await load(REPORT_OF_ONE + REPORT_OF_TWO, true)).toMatchObject({ rows_inserted: 1 })
  })

  test('of one filer that contradict each other are rejected by name, and its facts stay', async () => {
    const report = await load(REPORT_OF_ONE + REPORT_OF_ONE.replace('2020-05-01,', '2020-05-02,'))
    expect(report).toMatchObject({ rows_rejected: 2, rows_inserted: 2 })
    const rejects = await scratch.db.rows(
      `select r.item, r.kind, r.file from ingestion.rejects r
       where r.run_id = (select max(run_id::text) from ingestion.runs where started_at = (
         select max(started_at) from ingestion.runs))::uuid`,
    )
    expect(rejects).toEqual([
      { item: '0000000001', kind: 'conflict', file: 'filings/f.csv' },
      { item: '0000000001', kind: 'conflict', file: 'filings/f.csv' },
    ])
  })

  test('that cannot be read fail their filers: no fact is loaded without its filing', async () => {
    const bad = REPORT_OF_TWO.replace('-04:00', '')
    const report = await load(bad)
    expect(report.items).toMatchObject({ ok: 0, failed: 2 })
    expect(report).toMatchObject({ rows_withheld: 2, rows_inserted: 0, rows_rejected: 1 })
    expect(report.gaps[0]?.reason).toMatch(/^Its filings were not loaded, .*filings\/f\.csv is refused/)
    expect(await count('fundamentals_raw')).toBe(0)
    const { reason } = await scratch.db.one<{ reason: string }>(
      `select r.reason from ingestion.rejects r where r.kind = 'malformed'`,
    )
    expect(reason).toMatch(/accepted_at is "2020-05-04T09:00:00", not a time with an offset from UTC/)
  })
})

describe('the first session that could trade on a filing', () => {
  test.for([
    ['before the open of a session: that session', '2020-05-04T09:00:00-04:00', '2020-05-04', '2020-05-04'],
    ['a second before the close', '2020-05-01T15:59:59-04:00', '2020-05-01', '2020-05-01'],
    ['at the close of Friday: Monday', '2020-05-01T16:00:00-04:00', '2020-05-01', '2020-05-04'],
    ['in the evening, filed on Monday', '2020-05-01T20:00:00-04:00', '2020-05-04', '2020-05-04'],
    ['after the close of a short day', '2020-11-27T13:00:00-05:00', '2020-11-27', '2020-11-30'],
    ['in winter, when UTC is five hours ahead', '2020-01-06T20:59:59Z', '2020-01-06', '2020-01-06'],
    ['at a moment that is not known: the session after its day', null, '2020-05-01', '2020-05-04'],
  ] as const)('accepted %s', async ([, accepted_at, filed, expected]) => {
    const { day } = await scratch.db.one<{ day: string }>(
      'select stocks_research.first_session_after($1::timestamptz, $2::date) as day',
      [accepted_at, filed],
    )
    expect(day).toBe(expected)
  })
})

test('results are public with the first 8-K that reports them, else with the report', async () => {
  const before = NEWS_OF_ONE.replace('one-8k', 'one-old').replaceAll('2020-04-21', '2020-03-31')
  const again = NEWS_OF_ONE.replace('one-8k', 'one-again').replaceAll('2020-04-21', '2020-04-28')
  const amended = REPORT_OF_ONE.replace('one-q1,10-Q', 'one-q1a,10-Q/A').replaceAll(
    '2020-05-01',
    '2020-04-30',
  )
  await load(again + REPORT_OF_ONE + NEWS_OF_ONE + before + amended + REPORT_OF_TWO)
  const rows = await scratch.db.rows(
    `select cik, period_end, is_announced, accession, first_session, report_accession, report_first_session
     from stocks_research.earnings_dates_v order by cik`,
  )
  expect(rows).toEqual([
    {
      cik: '0000000001',
      period_end: '2020-03-31',
      is_announced: true,
      accession: 'one-8k',
      first_session: '2020-04-22',
      report_accession: 'one-q1',
      report_first_session: '2020-05-04',
    },
    {
      cik: '0000000002',
      period_end: '2020-03-31',
      is_announced: false,
      accession: 'two-q1',
      first_session: '2020-05-04',
      report_accession: 'two-q1',
      report_first_session: '2020-05-04',
    },
  ])
})
