/**
 * Phase 7 · Post-ingestion validation
 *
 * Goal:  what was loaded is what the market did: counted, covered, checked and recomputed.
 * Again: safe. Nothing is written but findings, and what users had made in schema research.
 */
import { describe } from 'vitest'
import { pendingOwnDumps, restoreOwnTables } from '../helpers/backup/own-tables.ts'
import { expectAtLeast, expectAtMost, expectEqual, expectNone } from '../helpers/checklist/expectations.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import type { Config } from '../helpers/config/config.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { type Fingerprint, fingerprintOf } from '../helpers/database/fingerprint.ts'
import type { Database } from '../helpers/postgres/database.ts'
import { JOB_NAMES } from '../ingest/contract/job.ts'
import { openSecondSource } from '../ingest/providers/index.ts'
import { loadSecondSource } from '../ingest/second-source/load.ts'
import { secondSourceText } from '../ingest/second-source/text.ts'
import { checksOf } from '../ingest/validation/checks.ts'
import { coverageOf } from '../ingest/validation/coverage.ts'
import { coverageMonths } from '../ingest/validation/coverage-months.ts'
import { type ValidationReport, validate } from '../ingest/validation/validate.ts'
import { type ValidatedContent, validatedContentOf } from '../ingest/validation/validated-content.ts'
import {
  checksEvidence,
  findingsEvidence,
  rowCounts,
  trustEvidence,
  violationCounts,
  violationsOf,
} from './evidence.ts'
import {
  expectNoHardViolations,
  expectNothingWritten,
  expectNoViolations,
  expectSameContent,
} from './expectations.ts'
import { needs, test } from './fixtures.ts'
import { query } from './query.ts'
import { rowsIn } from './tables.ts'
import { FULL_VALIDATION } from './validated.ts'

needs('06-production-ingestion')

test('row counts are sane against the universe', async ({ db, universe, record }) => {
  const members = universe.members.map(({ source_id }) => source_id)
  const { securities, unknown, not_found } = await db.one<{
    securities: number
    unknown: number
    not_found: number
  }>(query('securities_against_universe'), [members])
  await record({ universe: members.length, securities, not_found, outside_the_universe: unknown })
  expectEqual('securities that are loaded or not found', securities + not_found, members.length)
  expectEqual('securities outside of the universe', unknown, 0)
})

test('row counts are sane against the calendar', async ({ db, config, record }) => {
  const window = [config.window.start_date, config.window.end_date]
  const coverage_min_ratio = config.bootstrap.thresholds.session_coverage_min_ratio
  const counts = await db.one<{ bars: number; securities: number; bars_outside: number }>(
    query('bars_against_window'),
    window,
  )
  const sessions = await db.rows<{ session_date: string; is_empty: boolean }>(
    query('sessions_with_listings'),
    window,
  )
  const sessions_empty = sessions.filter(({ is_empty }) => is_empty).map(({ session_date }) => session_date)
  const bars_max = sessions.length * counts.securities
  await record({ ...counts, sessions: sessions.length, bars_max, sessions_empty, coverage_min_ratio }, 'data')
  await record(await db.one(query('dataset_summary'), window), 'figures')
  await record({ rows_by_job_and_year: await db.rows(query('rows_by_job_and_year')) }, 'data')
  expectAtLeast('bars', counts.bars, 1)
  expectAtMost('bars, against sessions × securities', counts.bars, bars_max)
  expectEqual('bars outside of the window', counts.bars_outside, 0)
  const ratio = 1 - sessions_empty.length / sessions.length
  expectAtLeast('the share of sessions with any bar', ratio, coverage_min_ratio, EMPTY_SESSION)
})

const EMPTY_SESSION = 'A session without a bar is missing in the source, or a closure the calendar lacks'

test("row counts are sane against the provider's own counts", async ({ db, record }) => {
  const differing = await db.rows<{ source_id: string; bars_delivered: number; bars_loaded: number }>(
    query('bars_against_provider'),
  )
  const { bars_delivered } = await db.one<{ bars_delivered: number }>(query('bars_delivered'))
  await record({ bars_delivered, securities_differing: differing })
  expectNone(
    differing.map(
      (each) => `${each.source_id}: ${each.bars_delivered} delivered, ${each.bars_loaded} loaded`,
    ),
    'security whose bars are not those delivered',
  )
  expectAtLeast('bars that the source delivered', bars_delivered, 1)
})

test('date coverage: each listed security has each session of its listed span, gaps are named', async ({
  db,
  config,
  record,
}) => {
  const { session_coverage_min_ratio, listing_unknown_max_ratio } = config.bootstrap.thresholds
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
      session_coverage_min_ratio,
      gaps: [...gaps],
      listing_unknown_ratio,
      listing_unknown_max_ratio,
      first_bars_of_unknown_listings: [...listing_unknown],
      ...months,
    },
    'data',
  )
  await record({ sessions_missing: total.missing, coverage_ratio: total.ratio }, 'figures')
  const named = gaps.reduce((sum, { missing }) => sum + missing, 0)
  expectAtLeast('sessions of listed securities', total.expected, 1)
  expectAtLeast('the share of these sessions with a bar', total.ratio, session_coverage_min_ratio)
  expectEqual('missing sessions that are named', named, total.missing)
  const unknown = 'the share of sessions before the first bar of a security without a listing day'
  expectAtMost(unknown, listing_unknown_ratio, listing_unknown_max_ratio)
})

/** The content of the target before its validation; nothing after it may change it. */
let before: Promise<Fingerprint> | undefined

const readContent = (connection: Connection): Promise<Fingerprint> =>
  fingerprintOf(connection, { scope: 'content', views: 'none' })

interface Validation {
  readonly report: ValidationReport
  /** What was validated: phase 9 does not validate equal content again. */
  readonly content: ValidatedContent | undefined
}

/** One validation of the full data, for all boxes; the first that needs it runs it. */
let validation: Promise<Validation> | undefined

async function validateAll(
  db: Database,
  { connection }: { readonly connection: Connection },
  config: Config,
  progress: (line: string) => void,
): Promise<Validation> {
  const { second_source } = config
  if (second_source !== undefined) {
    const { directory } = second_source
    await loadSecondSource(db, openSecondSource(second_source), `flat-files:${directory}`)
  }
  const checks = checksOf(config)
  before ??= readContent(connection)
  const content = await validatedContentOf(db, await before, checks)
  const report = await validate(db, { checks, onCheck: ({ claim }) => progress(claim) })
  return { report, content }
}

for (const { claim, names } of [
  { claim: 'foreign keys hold', names: ['no-orphans', 'foreign-keys-present', 'constraints-validated'] },
  {
    claim: 'uniqueness holds',
    names: ['one-bar-a-session', 'one-security-a-ticker', 'one-ticker-a-security', 'indexes-valid'],
  },
]) {
  test(claim, async ({ db, target, config, progress, record }) => {
    validation ??= validateAll(db, target, config, progress)
    const { report } = await validation
    await record(violationCounts(report, names))
    expectNoViolations(report, names)
  })
}

/** The views that research reads, and the checks that recompute their rows independently. */
const RECOMPUTED_BY: Readonly<Record<string, readonly string[]>> = {
  fundamentals_standard_v: [
    'quarters-equal-recomputation',
    'standard-items-equal-recomputation',
    'standard-view-has-the-items',
  ],
  prices_daily_adjusted_v: ['adjusted-view-has-the-bars', 'factors-equal-recomputation', 'one-ratio-a-bar'],
  delistings_v: ['listings-equal-recomputation', 'delisting-shares-have-acquirer'],
  earnings_dates_v: ['earnings-dates-follow-filings'],
  returns_daily_v: ['daily-returns-compound'],
  security_quality_v: ['security-quality-equals-its-parts'],
  securities_listing_v: ['listings-equal-recomputation'],
  security_history_v: ['security-history-covers-tickers'],
  sessions_numbered_v: ['sessions-numbered-in-order'],
}
/** Functions whose rows are computed when they are asked: of a sample of filers. */
const RECOMPUTED_FUNCTIONS = ['calculated_items_as_of', 'eps_panel', 'fundamentals_panel']
const BY_SAMPLE = 'calculated-items-equal-recomputation'

test('views are correct: recomputed independently, row by row', async ({
  db,
  target,
  config,
  progress,
  record,
}) => {
  validation ??= validateAll(db, target, config, progress)
  const { report } = await validation
  const found = await db.rows<{ view: string }>(
    "select viewname as view from pg_views where schemaname = 'stocks_research' order by 1",
  )
  const views = found.map(({ view }) => view)
  const recomputed = []
  for (const view of views)
    recomputed.push({ view, rows: await rowsIn(db, view), recomputed_by: RECOMPUTED_BY[view]?.join(', ') })
  const functions = await db.rows<{ name: string }>(
    `select proname as name
     from pg_proc
     where pronamespace = 'stocks_research'::regnamespace and proname = any ($1)
     order by 1`,
    [RECOMPUTED_FUNCTIONS],
  )
  const checks = [...Object.values(RECOMPUTED_BY).flat(), BY_SAMPLE]
  const of_sampled_filers = functions.map(({ name }) => ({ function: name, recomputed_by: BY_SAMPLE }))
  await record({ views: recomputed, of_sampled_filers, ...violationCounts(report, checks) }, 'validation')
  expectEqual('functions that are recomputed', functions.length, RECOMPUTED_FUNCTIONS.length)
  expectNone(
    views.filter((view) => RECOMPUTED_BY[view] === undefined),
    'name of a view that no check recomputes',
  )
  expectNone(
    Object.keys(RECOMPUTED_BY).filter((view) => !views.includes(view)),
    'name of a view that does not exist, and has a check',
  )
  expectNoViolations(report, checks)
})

describe(ALSO_PROVEN, () => {
  test(FULL_VALIDATION.claim, async ({ db, target, config, progress, record }) => {
    validation ??= validateAll(db, target, config, progress)
    const { report, content } = await validation
    const hard = report.checks.filter(({ severity }) => severity === 'hard')
    const findings = report.checks.filter(
      ({ severity, violations_count }) => severity === 'soft' && violations_count > 0,
    )
    await record(
      {
        hard_violations: report.hard_count,
        findings: report.soft_count,
        ...content,
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
    await record({ hard_violations: report.hard_count, findings: report.soft_count }, 'figures')
    await record(await findingsEvidence(db, target), 'validation')
    await record(await trustEvidence(db), 'validation')
    expectNoHardViolations(report)
  })

  test('every job, run again, changes nothing', async ({ server, universe, runJobs, archived, record }) => {
    before ??= readContent(server.connection)
    const content_before = await before
    const again = await runJobs({ jobs: JOB_NAMES, universe, source: archived.source })
    const after = await readContent(server.connection)
    await record(
      {
        jobs: again.report.jobs.map((report) => ({ job: report.job, ...rowCounts(report) })),
        requests_made: again.requests,
        content_sha256_before: content_before.content_sha256,
        content_sha256_after: after.content_sha256,
      },
      'idempotence',
    )
    expectEqual('the jobs that ran again', again.report.jobs.length, JOB_NAMES.length)
    for (const report of again.report.jobs) expectNothingWritten(report)
    expectSameContent(content_before, after)
  })

  test('schema research has back what users had made in it, or each loss is named', async ({
    server,
    config,
    record,
    signal,
  }) => {
    const { backups } = config.directories
    const restored = await restoreOwnTables(server.connection, backups, { signal })
    await record({
      dumps_restored: restored.length,
      restored: restored.map(({ not_kept, ...each }) => ({ ...each, not_kept: [...not_kept] })),
    })
    expectNone(
      (await pendingOwnDumps(server.connection, backups)).map(({ file }) => file),
      'dump of schema research that is not restored',
    )
  })
})
