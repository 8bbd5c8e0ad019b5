import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { smallMarket } from '../testing/validation/small-market.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await smallMarket()
})
afterAll(() => scratch?.drop())

type Quality = Readonly<Record<string, unknown>>
const CHECK = CHECKS.filter(({ name }) => name === 'security-quality-equals-its-parts')

/** The quality of the security after a change, which is taken back; the check must agree with it. */
async function qualityAfter(change: string, day?: string): Promise<Quality | undefined> {
  const undo = new Error('The change is taken back.')
  let found: Quality | undefined
  await scratch.db
    .transaction(async (tx) => {
      await tx.execute(change)
      const of_day = day === undefined ? 'security_quality_v' : `security_quality_as_of('${day}')`
      const rows = await tx.rows<{ row: Quality }>(
        `select to_jsonb(q) as row from stocks_research.${of_day} q where security_id = 1`,
      )
      found = rows[0]?.row
      const { checks } = await validate(tx, { checks: CHECK, accepted: [] })
      expect(checks.map(({ examples }) => examples)).toEqual([[]])
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  return found
}

const finding = (values: string, subject = 'x', day = '2020-03-02'): string => `
  insert into ingestion.findings (fingerprint, check_name, subject, evidence, severity, accepted_by,
    accepted_reason, resolved_at)
  values (encode(sha256('${subject} ${day}'), 'hex'), 'c', '${subject}',
    '{"trade_date": "${day}"}', ${values});`
const OPEN = `'soft', null, null, null`
const without = (days: string): string =>
  `delete from stocks_research.prices_daily where trade_date in (${days});`
const between = (first: string, last: string): string =>
  `delete from stocks_research.prices_daily where trade_date between '${first}' and '${last}';`
/** A second source with the closes of ours, and `apart` of them a tenth higher. */
const second = (apart: number): string => `
  insert into ingestion.second_prices
  select security_id, trade_date,
    close * case when row_number() over (order by trade_date) <= ${apart} then 1.1 else 1 end
  from stocks_research.prices_daily;`

const SESSIONS = 125 // 2020-01-02 to 2020-06-30.

it('a security without any bar has grade D, also where no source states its listing day', async () => {
  const others = `
    insert into stocks_research.securities (security_id, source_id, ticker) values (2, 'y', 'Y');
    insert into stocks_research.ticker_history (security_id, ticker, valid_from)
    values (2, 'Y', '2020-01-02');
    update stocks_research.prices_daily set security_id = 2;
    update stocks_research.securities set list_date = null where security_id = 1;`
  expect(await qualityAfter(others)).toMatchObject({
    sessions_expected: SESSIONS,
    sessions_with_bar: 0,
    gaps_count: 1,
    longest_gap_sessions: SESSIONS,
    grade: 'D',
  })
})

it('a security without a fault has grade A', async () => {
  expect(await qualityAfter('')).toEqual({
    security_id: 1,
    source_id: 'x',
    ticker: 'X',
    sessions_expected: SESSIONS,
    sessions_with_bar: SESSIONS,
    coverage_ratio: 1,
    gaps_count: 0,
    longest_gap_sessions: 0,
    hard_findings: 0,
    soft_findings: 0,
    accepted_findings: 0,
    refused_events: 0,
    closes_compared: null,
    closes_agreeing: null,
    agreement_ratio: null,
    quarters_count: 1,
    quarters_on_one_basis: 1,
    one_basis_ratio: 1,
    grade: 'A',
    grade_reasons: [],
  })
})

const quarterTags = `update stocks_research.fundamentals_derived set known_from = '2020-06-30';`
it.each<readonly [cause: string, change: string, seen: Quality]>([
  [
    'two missing sessions',
    without(`'2020-03-02', '2020-03-04'`),
    {
      sessions_with_bar: SESSIONS - 2,
      coverage_ratio: 0.984,
      gaps_count: 2,
      longest_gap_sessions: 1,
      grade: 'C',
      grade_reasons: ['coverage'],
    },
  ],
  [
    'a gap that begins with the listing',
    between('2020-01-02', '2020-01-06'),
    { gaps_count: 1, longest_gap_sessions: 3, grade: 'C' },
  ],
  ['a long gap', between('2020-02-01', '2020-05-31'), { longest_gap_sessions: 82, grade: 'D' }],
  [
    'a listing that begins earlier',
    `update stocks_research.securities set list_date = '2019-12-30';
     update stocks_research.ticker_history set valid_from = '2019-12-30';`,
    { sessions_expected: SESSIONS + 2, gaps_count: 1 },
  ],
  [
    'a change of ticker inside a gap',
    `${between('2020-03-02', '2020-03-13')}
     update stocks_research.ticker_history set valid_to = '2020-03-06';
     insert into stocks_research.ticker_history (security_id, ticker, valid_from)
     values (1, 'NEW', '2020-03-07');`,
    { gaps_count: 2, longest_gap_sessions: 5 },
  ],
  ['a soft finding', finding(OPEN), { soft_findings: 1, grade: 'B', grade_reasons: ['soft_findings'] }],
  [
    'four soft findings, by each name of the security and of its filer',
    finding(OPEN) + finding(OPEN, '1') + finding(OPEN, '0000000001') + finding(OPEN, 'x', '2020-03-03'),
    { soft_findings: 4, grade: 'C', grade_reasons: ['soft_findings'] },
  ],
  ['a hard finding', finding(`'hard', null, null, null`), { hard_findings: 1, grade: 'D' }],
  [
    'a finding that a person accepted',
    finding(`'hard', 'me', 'it is right', null`),
    { accepted_findings: 1, hard_findings: 0, grade: 'A' },
  ],
  ['a resolved finding', finding(`'hard', null, null, now()`), { hard_findings: 0, grade: 'A' }],
  ['a finding of another security', finding(OPEN, 'y'), { soft_findings: 0, grade: 'A' }],
  [
    'a refused event',
    `insert into stocks_research.refused_events (security_id, kind, reason) values (1, 'split', 'r');`,
    { refused_events: 1, grade: 'C', grade_reasons: ['refused_events'] },
  ],
  [
    'a second source that differs on one day',
    second(1),
    {
      closes_compared: SESSIONS,
      closes_agreeing: SESSIONS - 1,
      agreement_ratio: 0.992,
      grade: 'B',
      grade_reasons: ['second_source'],
    },
  ],
  ['a second source that differs on ten days', second(10), { agreement_ratio: 0.92, grade: 'D' }],
  [
    'quarters that are known',
    quarterTags,
    { quarters_count: 2, quarters_on_one_basis: 2, one_basis_ratio: 1, grade: 'A' },
  ],
  [
    'a quarter that may be on two bases',
    `${quarterTags}
     update stocks_research.fundamentals_derived
     set yoy_ratio = null, yoy_reason = 'basis_may_differ'
     where period_start = '2020-10-01';`,
    { quarters_count: 2, quarters_on_one_basis: 1, grade: 'C', grade_reasons: ['one_basis'] },
  ],
  [
    'two figures of one grade',
    finding(`'hard', null, null, null`) + second(10),
    { grade: 'D', grade_reasons: ['hard_findings', 'second_source'] },
  ],
])('%s changes its columns, and the parts agree', async (_cause, change, seen) => {
  expect(await qualityAfter(change)).toMatchObject(seen)
})

it('as of a day nothing later counts', async () => {
  const later = `
    ${finding(OPEN, 'x', '2020-03-02')}
    insert into stocks_research.refused_events (security_id, kind, ex_date, reason)
    values (1, 'split', '2020-03-02', 'r');
    ${without(`'2020-03-02'`)}
    ${second(0)}
    update ingestion.second_prices set close = 2 * close where trade_date >= '2020-03-02';`
  const before = await qualityAfter(later, '2020-02-28')
  expect(before).toMatchObject({
    soft_findings: 0,
    refused_events: 0,
    gaps_count: 0,
    agreement_ratio: 1,
  })
  expect(before).toMatchObject({ sessions_expected: 40, quarters_count: null, grade: 'A' })
  expect(await qualityAfter(later, '2020-03-03')).toMatchObject({
    soft_findings: 1,
    refused_events: 1,
    gaps_count: 1,
    closes_compared: 41,
    closes_agreeing: 40,
    grade: 'C',
  })
  expect(await qualityAfter('', '2020-01-01')).toBeUndefined()
})

it('a finding is known from the newest day that it names, else from when it was found', async () => {
  const known = await scratch.db.rows<{ day: string }>(
    `select ingestion.finding_known_from(e::jsonb, '2021-05-06 23:59Z') as day
     from (values
       (1, '{"trade_date": "2020-03-02", "before_date": "2020-02-28", "close": "12.5"}'),
       (2, '{"ex_date": "2020-03-02T00:00:00", "delist_date": "2024-01-05"}'),
       (3, '{"ratio": 2, "text": "2020-99-99"}')) v (no, e) order by no`,
  )
  expect(known.map(({ day }) => day)).toEqual(['2020-03-02', '2020-03-02', '2021-05-06'])
})
