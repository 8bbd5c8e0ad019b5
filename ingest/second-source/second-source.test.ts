import { afterAll, beforeAll, expect, it } from 'vitest'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'
import { SECOND_SOURCE_CHECKS } from '../validation/checks.ts'
import { validate } from '../validation/validate.ts'
import { loadSecondSource } from './load.ts'
import { secondSourceText } from './text.ts'

const DAYS = [
  '2020-03-02',
  '2020-03-03',
  '2020-03-04',
  '2020-03-05',
  '2020-03-06',
  '2020-03-09',
  '2020-03-10',
  '2020-03-11',
]
const file = (header: string, lines: readonly string[]): string => [header, ...lines, ''].join('\n')
const bars = (id: string, close: (at: number) => number | undefined): string[] =>
  DAYS.flatMap((day, at) => (close(at) === undefined ? [] : [`${id},${day},${close(at)}`]))

const OURS = {
  'universe.csv': file('source_id,ticker', ['a,NEW', 'b,BBB', 'c,CCC']),
  'securities/s.csv': file('source_id,ticker,currency', ['a,NEW,USD', 'b,BBB,USD', 'c,CCC,USD']),
  'ticker_history/t.csv': file('source_id,ticker,valid_from,valid_to', [
    'a,OLD,2010-01-04,2020-03-04',
    'a,NEW,2020-03-05,',
    'b,BBB,2010-01-04,',
    'c,CCC,2010-01-04,',
  ]),
  'prices_daily/p.csv': file('source_id,date,close', [
    ...bars('a', (at) => 100 + at),
    ...bars('b', (at) => (at === 4 ? undefined : 50)),
    ...bars('c', () => 10),
  ]),
  'splits/s.csv': file('source_id,ex_date,split_from,split_to', ['a,2020-03-03,10,11', 'b,2020-03-03,10,12']),
  'dividends/d.csv': file('source_id,ex_date,amount,currency', [
    'a,2020-03-06,0.425,USD',
    'a,2020-03-10,0.25,USD',
    'b,2020-03-04,0.10,USD',
    'b,2020-03-10,1.00,USD',
  ]),
}
/** Another vendor: its own ids, the ticker of each day, and known mistakes. */
const THEIRS = {
  'securities/s.csv': file('source_id,ticker', ['v1,NEW', 'v2,BBB', 'v3,OTHER']),
  'ticker_history/t.csv': file('source_id,ticker,valid_from,valid_to', [
    'v1,OLD,2010-01-04,2020-03-04',
    'v1,NEW,2020-03-05,',
    'v2,BBB,2010-01-04,',
    'v3,OTHER,2010-01-04,',
  ]),
  'prices_daily/p.csv': file('source_id,date,close', [
    ...bars('v1', (at) => (at === 2 || at === 3 ? (100 + at) * 1.01 : (100 + at) * 1.001)),
    ...bars('v2', (at) => (at === 7 ? undefined : 50)),
    ...bars('v3', () => 7),
    'v2,2020-03-09,50.5', // It contradicts itself: not compared.
    'v2,2020-03-11,no price',
  ]),
  'splits/s.csv': file('source_id,ex_date,split_from,split_to', [
    'v1,2020-03-03,10,11',
    'v2,2020-03-04,10,12',
    'v1,2020-03-09,10,14',
  ]),
  'dividends/d.csv': file('source_id,ex_date,amount', [
    'v1,2020-03-06,0.43',
    'v1,2020-03-10,0.27',
    'v2,2020-03-04,0.1',
  ]),
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await ingestDelivery(scratch.connection, await writeDelivery(OURS), { jobs: JOB_NAMES })
})
afterAll(() => scratch?.drop())

const findings = async () => {
  const report = await validate(scratch.db, { checks: SECOND_SOURCE_CHECKS, accepted: [] })
  const of = (name: string) =>
    report.checks.find((check) => check.name === name)?.examples.map(({ fingerprint: _, ...row }) => row)
  return {
    close: of('second-source-close'),
    bar: of('second-source-bar'),
    split: of('second-source-split'),
    cash: of('second-source-cash'),
  }
}

it('without a second source nothing is compared, and nothing is found', async () => {
  expect(await findings()).toEqual({ close: [], bar: [], split: [], cash: [] })
  expect(await secondSourceText(scratch.db)).toBeUndefined()
})

it('lists each difference once, counts what was not compared, and changes no core table', async () => {
  const before = await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })
  const directory = await writeDelivery(THEIRS)
  expect(await loadSecondSource(scratch.db, flatFiles(directory), 'the other')).toEqual({
    rows_read: 31,
    rows_kept: 20,
    rows_skipped: 8,
    rows_rejected: 1,
    rows_contradicted: 2,
  })
  await loadSecondSource(scratch.db, flatFiles(directory), 'the other')

  const alone = { ex_date: null, value: null, other_ex_date: null, other_value: null }
  expect(await findings()).toEqual({
    close: [
      {
        subject: 'a',
        first_date: '2020-03-04',
        last_date: '2020-03-05',
        sessions_count: '2',
        first_close: '102',
        first_other_close: '103.02',
        lowest_ratio: '0.990099',
        highest_ratio: '0.990099',
      },
    ],
    bar: [{ subject: 'b', first_date: '2020-03-06', last_date: '2020-03-06', sessions_count: '1' }],
    split: expect.arrayContaining([
      {
        ...alone,
        subject: 'a',
        verdict: 'only the second source has it',
        other_ex_date: '2020-03-09',
        other_value: '1.400000000000',
      },
      {
        subject: 'b',
        verdict: 'the day differs',
        ex_date: '2020-03-03',
        other_ex_date: '2020-03-04',
        value: '1.200000000000',
        other_value: '1.200000000000',
      },
    ]),
    cash: expect.arrayContaining([
      {
        subject: 'a',
        verdict: 'the amount differs',
        ex_date: '2020-03-10',
        other_ex_date: '2020-03-10',
        value: '0.25',
        other_value: '0.27',
      },
      {
        ...alone,
        subject: 'b',
        verdict: 'the second source does not have it',
        ex_date: '2020-03-10',
        value: '1',
      },
    ]),
  })
  const text = await secondSourceText(scratch.db)
  expect(text).toContain('13 of our 23 closes were compared; it does not have the other 10')
  expect(text).toContain('Securities without any close in it: 1 (c)')
  const after = await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })
  expect(after.content_sha256).toBe(before.content_sha256)
})

it('a file that cannot be read is an error that names it, and the earlier second source stays', async () => {
  const broken = await writeDelivery({ ...THEIRS, 'dividends/d.csv': 'source_id,day\nv1,2020-03-06\n' })
  await expect(loadSecondSource(scratch.db, flatFiles(broken), 'the other')).rejects.toThrow(
    'dividends/d.csv has no column ex_date',
  )
  expect(await secondSourceText(scratch.db)).toContain('13 of our 23')
})

it('payments of one amount are matched within a security only', async () => {
  const dividends = file('source_id,ex_date,amount', [
    'v1,2020-03-06,0.43',
    'v1,2020-03-09,1.00', // As b pays on 2020-03-10.
    'v1,2020-03-10,0.25',
    'v2,2020-03-04,0.1',
  ])
  const directory = await writeDelivery({ ...THEIRS, 'dividends/d.csv': dividends })
  await loadSecondSource(scratch.db, flatFiles(directory), 'the other')
  const verdicts = (await findings()).cash?.map(({ subject, verdict }) => `${subject}: ${verdict}`)
  expect(verdicts?.toSorted()).toEqual([
    'a: only the second source has it',
    'b: the second source does not have it',
  ])
})

it('a source without splits lacks none, and the text says so', async () => {
  const { 'splits/s.csv': _, ...rest } = THEIRS
  await loadSecondSource(scratch.db, flatFiles(await writeDelivery(rest)), 'the other')
  expect((await findings()).split).toEqual([])
  expect(await secondSourceText(scratch.db)).toContain('It has no splits, so none was compared')
})

it('histories under the last ticker are compared with that security only, over all of its days', async () => {
  const directory = await writeDelivery({
    'mapping.json': '{"spec":1,"folders":{"prices_daily":{"ticker_is":"last"}}}',
    // OLD is the last ticker of a security that we do not have.
    'prices_daily/p.csv': file('ticker,date,close', [
      ...bars('NEW', (at) => 100 + at),
      ...bars('OLD', () => 7),
    ]),
  })
  const { rows_kept, rows_skipped } = await loadSecondSource(scratch.db, flatFiles(directory), 'last tickers')
  expect([rows_kept, rows_skipped]).toEqual([8, 8])
  expect((await findings()).close).toEqual([])
})
