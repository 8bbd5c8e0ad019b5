/**
 * Phase 7 · Post-ingestion validation
 *
 * Goal:  what was loaded is what the market did: counted, covered, checked and recomputed.
 * Again: safe. Nothing is written but findings.
 */
import { expect } from 'vitest'
import { fingerprintOf } from '../helpers/database/fingerprint.ts'
import { JOB_NAMES } from '../ingest/contract/job.ts'
import { openSecondSource } from '../ingest/providers/index.ts'
import { loadSecondSource } from '../ingest/second-source/load.ts'
import { secondSourceText } from '../ingest/second-source/text.ts'
import { coverageOf } from '../ingest/validation/coverage.ts'
import { coverageMonths } from '../ingest/validation/coverage-months.ts'
import { type ValidationReport, validate } from '../ingest/validation/validate.ts'
import { checksEvidence, needs, test, violationsOf } from './fixtures.ts'

needs('06-production-ingestion')

let report: ValidationReport

test('row counts are sane against the universe', async ({ db, universe, record }) => {
  const { securities, unknown } = await db.one<{ securities: number; unknown: number }>(
    `select count(*)::int as securities, (count(*) filter (where not source_id = any($1)))::int as unknown from stocks_research.securities`,
    [universe.members.map(({ source_id }) => source_id)],
  )
  const { not_found } = await db.one<{ not_found: number }>(
    `select count(distinct item)::int as not_found from ingestion.items where status = 'not_found' and job = 'securities'
        and run_id = (select run_id from ingestion.items where job = 'securities' order by item_id desc limit 1)`,
  )
  await record({ universe: universe.members.length, securities, not_found, outside_the_universe: unknown })
  expect(securities + not_found).toBe(universe.members.length)
  expect(unknown).toBe(0)
})

test('row counts are sane against the calendar', async ({ db, config, record }) => {
  const { start_date, end_date } = config.window
  const bound_ratio = config.bootstrap.thresholds.session_coverage_min_ratio
  const counts = await db.one<{ bars: number; securities: number; bars_outside: number }>(
    `select count(*)::int as bars, count(distinct security_id)::int as securities,
            (count(*) filter (where trade_date not between $1 and $2))::int as bars_outside
       from stocks_research.prices_daily`,
    [start_date, end_date],
  )
  // A session on which something was listed and nothing traded: a hole in the source, or a closure that the
  // calendar does not know.
  const sessions = await db.rows<{ session_date: string; is_empty: boolean }>(
    `select session_date, not exists (select from stocks_research.prices_daily where trade_date = session_date) as is_empty
       from stocks_research.trading_sessions
      where session_date between $1 and $2 and exists (
        select from stocks_research.ticker_history t join stocks_research.prices_daily p using (security_id)
         where session_date between t.valid_from and coalesce(t.valid_to, 'infinity'))
      order by 1`,
    [start_date, end_date],
  )
  const sessions_empty = sessions.filter(({ is_empty }) => is_empty).map(({ session_date }) => session_date)
  await record(
    {
      ...counts,
      sessions: sessions.length,
      bars_max: sessions.length * counts.securities,
      sessions_empty,
      bound_ratio,
    },
    'data',
  )
  expect(counts.bars).toBeGreaterThan(0)
  expect(counts.bars).toBeLessThanOrEqual(sessions.length * counts.securities)
  expect(counts.bars_outside, 'bars outside of the window').toBe(0)
  expect(1 - sessions_empty.length / sessions.length).toBeGreaterThanOrEqual(bound_ratio)
})

test("row counts are sane against the provider's own counts", async ({ db, record }) => {
  // What the source gave for each security, by the ledger of the last run, against what is in the table.
  const differing = await db.rows(
    `with last_run as (select run_id from ingestion.items where job = 'prices-daily' order by item_id desc limit 1),
          given as (select i.item as source_id, i.rows_count from ingestion.items i join last_run using (run_id) where i.job = 'prices-daily'),
          there as (select s.source_id, count(p.trade_date) as rows_count from stocks_research.securities s left join stocks_research.prices_daily p using (security_id) group by 1)
     select source_id, given.rows_count::int as rows_given, there.rows_count::int as rows_there from given full join there using (source_id)
      where coalesce(given.rows_count, 0) <> coalesce(there.rows_count, 0) order by 1`,
  )
  const { given } = await db.one<{ given: number }>(
    `select coalesce(sum(rows_count), 0)::int as given from ingestion.items where job = 'prices-daily'
        and run_id = (select run_id from ingestion.items where job = 'prices-daily' order by item_id desc limit 1)`,
  )
  await record({ bars_given: given, securities_differing: differing })
  expect(differing).toEqual([])
  expect(given).toBeGreaterThan(0)
})

test('date coverage holds: each listed security has each session of its listed span, gaps are named', async ({
  db,
  config,
  record,
}) => {
  const { session_coverage_min_ratio: bound_ratio, listing_unknown_max_ratio } = config.bootstrap.thresholds
  const { total, gaps, without_bars, listing_unknown, listing_unknown_ratio } = await coverageOf(
    db,
    config.window,
  )
  const months = await coverageMonths(db, config.window)
  const sessions_without_bars = without_bars.reduce((sum, { sessions }) => sum + sessions, 0)
  await record(
    {
      securities_without_any_bar: without_bars.map(({ source_id, ticker, sessions }) => ({
        source_id,
        ticker,
        sessions_missing: sessions,
      })),
      ratio_of_all_listed: total.present / (total.expected + sessions_without_bars),
      expected_of_securities_with_bars: total.expected,
      present: total.present,
      missing: total.missing,
      ratio: total.ratio,
      bound_ratio,
      gaps: [...gaps],
      listing_unknown_ratio,
      listing_unknown_max_ratio,
      first_bars_of_unknown_listings: [...listing_unknown],
      ...months,
    },
    'data',
  )
  expect(total.expected).toBeGreaterThan(0)
  expect(total.ratio).toBeGreaterThanOrEqual(bound_ratio)
  expect(
    gaps.reduce((sum, { missing }) => sum + missing, 0),
    'every missing session is named',
  ).toBe(total.missing)
  expect(listing_unknown_ratio).toBeLessThanOrEqual(listing_unknown_max_ratio)
})

test('every hard check has zero violations on the full data', async ({ db, config, progress, record }) => {
  const { second_source: second } = config
  if (second !== undefined)
    await loadSecondSource(db, openSecondSource(second), `flat-files:${second.directory}`)
  report = await validate(db, { onCheck: ({ claim }) => progress(claim) })
  const hard = report.checks.filter(({ severity }) => severity === 'hard')
  const findings = report.checks.filter(
    ({ severity, violations_count }) => severity === 'soft' && violations_count > 0,
  )
  await record(
    {
      hard_violations: report.hard_count,
      findings: report.soft_count,
      second_source: await secondSourceText(db),
      checks: checksEvidence(report),
      hard_examples: violationsOf(hard),
      findings_by_check: findings.map(({ name, claim, violations_count }) => ({
        name,
        claim,
        violations_count,
      })),
    },
    'validation',
  )
  expect(violationsOf(report.checks.filter(({ severity }) => severity === 'hard'))).toEqual([])
  expect(report.is_valid).toBe(true)
})

const CLAIMS: readonly (readonly [claim: string, checks: readonly string[]])[] = [
  ['foreign keys hold on the full data', ['no-orphans', 'foreign-keys-present', 'constraints-validated']],
  [
    'uniqueness holds on the full data',
    ['one-bar-a-session', 'one-security-a-ticker', 'one-ticker-a-security', 'indexes-valid'],
  ],
  [
    'views are correct: recomputed independently, row by row',
    ['factors-equal-recomputation', 'quarters-equal-recomputation'],
  ],
]

for (const [claim, names] of CLAIMS) {
  test(claim, async ({ record }) => {
    const checks = report.checks.filter(({ name }) => names.includes(name))
    await record(Object.fromEntries(checks.map(({ name, violations_count }) => [name, violations_count])))
    expect(checks.map(({ name }) => name).toSorted()).toEqual([...names].toSorted())
    expect(violationsOf(checks)).toEqual([])
    expect(checks.reduce((sum, { violations_count }) => sum + violations_count, 0)).toBe(0)
  })
}

test('every job, run again, changes nothing', async ({ server, universe, runJobs, archived, record }) => {
  const before = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
  const again = await runJobs({ jobs: JOB_NAMES, universe, source: archived.source })
  const after = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
  const jobs = again.report.jobs.map(
    ({ job, rows_inserted, rows_updated, rows_deleted, rows_unchanged }) => ({
      job,
      rows_inserted,
      rows_updated,
      rows_deleted,
      rows_unchanged,
    }),
  )
  await record(
    {
      jobs,
      requests_made: again.requests,
      content_sha256_before: before.content_sha256,
      content_sha256_after: after.content_sha256,
    },
    'idempotence',
  )
  expect(
    jobs.filter(
      ({ rows_inserted, rows_updated, rows_deleted }) => rows_inserted + rows_updated + rows_deleted > 0,
    ),
  ).toEqual([])
  expect(jobs).toHaveLength(JOB_NAMES.length)
  expect(after.content_sha256).toBe(before.content_sha256)
})
