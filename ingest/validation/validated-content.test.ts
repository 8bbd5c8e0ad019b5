import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { smallMarket } from '../testing/validation/small-market.ts'
import type { Check, Recomputation } from './check.ts'
import { CHECKS } from './checks.ts'
import { validate } from './validate.ts'
import { isSameContent, type ValidatedContent, validatedContentOf } from './validated-content.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await smallMarket()
})
afterAll(() => scratch?.drop())

async function contentNow(
  checks: readonly (Check | Recomputation)[] = CHECKS,
  today = '2022-01-03',
): Promise<ValidatedContent | undefined> {
  const fingerprint = await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })
  return validatedContentOf(scratch.db, fingerprint, checks, today)
}

it('is the same before and after a validation, and after a run that changed nothing', async () => {
  const before = await contentNow()
  await validate(scratch.db, { checks: CHECKS })
  await scratch.db.execute(`
    insert into ingestion.runs (
      run_id, command, source, state, universe_file, universe_sha256, start_date, end_date, host, process_id,
      product_version)
    select gen_random_uuid(), 'run', 'test', 'complete', 'u', repeat('0', 64), '2020-01-02', '2020-06-30',
      'h', 1, '0'
    from generate_series(1, 2);
    insert into ingestion.items (run_id, job, provider, item, start_date, end_date, status)
    select run_id, 'adjustment-factors', 'derived', 'x', start_date, end_date, 'ok'
    from ingestion.runs
    limit 1`)
  const derived = await contentNow()
  await scratch.db.execute(`
    insert into ingestion.items (run_id, job, provider, item, start_date, end_date, status)
    select run_id, 'adjustment-factors', 'derived', 'x', start_date, end_date, 'ok'
    from ingestion.runs
    offset 1`)
  expect(isSameContent(derived, await contentNow())).toBe(true)
  expect(before).toBeDefined()
})

const INSERT_WITHDRAWAL = `
  insert into ingestion.withdrawals (
    run_id, job, provider, item, rows_count, first_date, last_date, examples)
  select run_id, 'prices-daily', 'test', 'x', 1, '2020-01-02', '2020-01-02', '[]'
  from ingestion.runs
  limit 1`
const INSERT_ITEM = `
  insert into ingestion.items (run_id, job, provider, item, start_date, end_date, status)
  select run_id, 'adjustment-factors', 'derived', 'x', '2020-01-02', '2020-05-29', 'ok'
  from ingestion.runs
  order by run_id
  limit 1`

it.each([
  ['a row of a core table', 'update stocks_research.prices_daily set volume = volume + 1'],
  [
    'a row edited around the triggers',
    'set session_replication_role = replica; update stocks_research.securities set name = $$edited$$',
  ],
  ['a view', 'create view stocks_research.new_v as select 1 as one'],
  ['a constraint', 'alter table stocks_research.prices_daily add constraint odd check (close > 0) not valid'],
  ['what the source withdrew', INSERT_WITHDRAWAL],
  ['the day up to which factors were derived', INSERT_ITEM],
  [
    'the day that freshness is counted from',
    "update ingestion.runs set jobs = array['prices-daily'], end_date = '2020-07-31'",
  ],
  [
    'a security that was removed',
    "insert into ingestion.removed_securities (security_id, reason) values (1, 'test')",
  ],
  [
    'the second source',
    "insert into ingestion.second_prices (security_id, trade_date, close) values (1, '2020-01-02', 9)",
  ],
])('is another one when this changed: %s', async (_, change) => {
  const before = await contentNow()
  await scratch.db.execute(change)
  expect(isSameContent(before, await contentNow())).toBe(false)
})

it('is another one with other checks, and on another day', async () => {
  const before = await contentNow()
  const edited = CHECKS.map((check) => ('query' in check ? { ...check, query: `${check.query} ` } : check))
  expect(isSameContent(before, await contentNow(edited))).toBe(false)
  const other = CHECKS.map((check) => ('query' in check ? { ...check, settings: { limit: '1' } } : check))
  expect(isSameContent(before, await contentNow(other))).toBe(false)
  expect(isSameContent(before, await contentNow(CHECKS.slice(1)))).toBe(false)
  expect(isSameContent(before, await contentNow(CHECKS, '2022-01-04'))).toBe(false)
})

it("is not known when a user's own check is among the checks", async () => {
  const [first] = CHECKS.filter((check) => 'query' in check)
  if (first === undefined) throw new TypeError('There is no check with a query.')
  const content = await contentNow([...CHECKS, { ...first, name: 'own', is_own: true }])
  expect(content).toBeUndefined()
  expect(isSameContent(content, content)).toBe(false)
})

/** The relations of schema ingestion that a text names. */
const ingestionIn = (text: string): string[] =>
  [...text.matchAll(/\bingestion\.([a-z_]+)/g)].map(([, name = '']) => name)

it('covers every table of the schema ingestion that a check reads', () => {
  const sql = join(import.meta.dirname, 'sql')
  const written = ['record-findings.sql', 'record-acceptances.sql', 'validation-inputs.sql']
  const texts = readdirSync(sql)
    .filter((name) => !written.includes(name))
    .map((name) => readFileSync(join(sql, name), 'utf8'))
  for (const check of CHECKS) if ('query' in check) texts.push(check.query)
  const covered = ingestionIn(readFileSync(join(sql, 'validation-inputs.sql'), 'utf8'))
  const read = new Set(texts.flatMap(ingestionIn))
  // Findings are what a validation writes. Reports read them, and one check counts them in two ways.
  const own = ['findings', 'findings_v', 'finding_known_from']
  expect([...read].filter((name) => !covered.includes(name) && !own.includes(name))).toEqual([])
})
