import type { Database, Row } from '../../helpers/postgres/database.ts'
import type { Check } from '../contract/job.ts'
import { type Acceptance, readAccepted } from './accepted.ts'
import { ACCEPTABLE_HARD_CHECKS, CHECKS, type Recomputation } from './checks.ts'
import { fingerprint, recordFindings, type Violation } from './findings.ts'

/** Violations of one check that are kept as findings; the count is always whole. */
const OFFENDERS_MAX = 1000
const EXAMPLES_MAX = 5

/** How a database is opened to be validated: a query, a recomputation and what it reads ahead. */
export const VALIDATING = { connections_max: 3 } as const

export interface ValidateOptions {
  /** The recorded run that findings belong to, when there is one. */
  readonly run_id?: string
  /** All checks when not given. */
  readonly checks?: readonly (Check | Recomputation)[]
  /** Judgements in force; those of accepted.json when not given. */
  readonly accepted?: readonly Acceptance[]
  /** Day on which acceptances are judged for expiry, YYYY-MM-DD; today (UTC) when not given. */
  readonly today?: string
  readonly onCheck?: (report: CheckReport) => void
}

export interface CheckReport {
  readonly name: string
  readonly claim: string
  readonly severity: 'hard' | 'soft'
  /** All violations, accepted ones included. */
  readonly violations_count: number
  /** Violations that a person has accepted in writing. */
  readonly accepted_count: number
  /** Up to five open violations, each with its fingerprint. */
  readonly examples: readonly (Violation & { readonly fingerprint: string })[]
  readonly duration_ms: number
}

export interface ValidationReport {
  readonly checks: readonly CheckReport[]
  /** Open violations of hard checks: anything above zero blocks. */
  readonly hard_count: number
  /** Open violations of soft checks: findings for a person to judge. */
  readonly soft_count: number
  readonly accepted_count: number
  /** Acceptances that matched nothing, or have expired: they can go, or need another look. */
  readonly unused_acceptances: readonly Acceptance[]
  /** True when no hard check has an open violation. */
  readonly is_valid: boolean
}

/**
 * Runs every check on the database as it stands and stores what they found in `ingestion.findings`. A second
 * call over the same data finds the same and adds nothing. A check that cannot run throws: what did not run
 * has not passed. Recomputations go on beside the queries, so `db` must be opened as VALIDATING says, or have
 * more connections to give.
 */
export async function validate(db: Database, options: ValidateOptions = {}): Promise<ValidationReport> {
  const today = options.today ?? new Date().toISOString().slice(0, 10)
  const written = options.accepted ?? readAccepted()
  const accepted = written.filter(({ expires_on }) => expires_on === null || expires_on >= today)
  const used = new Set<string>()
  const all = options.checks ?? CHECKS
  const reports = new Map<Check | Recomputation, CheckReport>()
  const run = async (check: Check | Recomputation): Promise<void> => {
    const report = await runCheck(db, check, accepted, used, options.run_id)
    reports.set(check, report)
    options.onCheck?.(report)
  }
  const inTurn = async (turn: readonly (Check | Recomputation)[]): Promise<void> => {
    for (const check of turn) await run(check)
  }
  // Exact fractions are computed here and queries there: side by side they take as long as the slower of the
  // two.
  await Promise.all([
    inTurn(all.filter((check) => 'find' in check)),
    inTurn(all.filter((check) => !('find' in check))),
  ])
  const checks = all.flatMap((check) => reports.get(check) ?? [])
  const open = (severity: 'hard' | 'soft'): number =>
    checks
      .filter((check) => check.severity === severity)
      .reduce((sum, check) => sum + check.violations_count - check.accepted_count, 0)
  return {
    checks,
    hard_count: open('hard'),
    soft_count: open('soft'),
    accepted_count: checks.reduce((sum, check) => sum + check.accepted_count, 0),
    unused_acceptances: written.filter((entry) => !used.has(entry.fingerprint)),
    is_valid: open('hard') === 0,
  }
}

async function runCheck(
  db: Database,
  check: Check | Recomputation,
  acceptances: readonly Acceptance[],
  used: Set<string>,
  run_id: string | undefined,
): Promise<CheckReport> {
  const started = performance.now()
  const { violations, violations_count } =
    'find' in check ? await findByCode(db, check) : await findBySql(db, check)
  const isAcceptable = check.severity === 'soft' || ACCEPTABLE_HARD_CHECKS.has(check.name)
  const accepted = isAcceptable ? acceptances.filter((entry) => entry.check === check.name) : []
  const known = new Set(accepted.map((entry) => entry.fingerprint))
  const printed = violations.map((violation) => ({
    ...violation,
    fingerprint: fingerprint(check.name, violation),
  }))
  const judged = printed.filter((violation) => known.has(violation.fingerprint))
  for (const violation of judged) used.add(violation.fingerprint)
  await recordFindings(
    db,
    check,
    { violations, is_whole: violations.length === violations_count, accepted },
    run_id,
  )
  return {
    name: check.name,
    claim: check.claim,
    severity: check.severity,
    violations_count,
    accepted_count: judged.length,
    examples: printed.filter((violation) => !known.has(violation.fingerprint)).slice(0, EXAMPLES_MAX),
    duration_ms: Math.round(performance.now() - started),
  }
}

interface Found {
  readonly violations: readonly Violation[]
  readonly violations_count: number
}

async function findBySql(db: Database, check: Check): Promise<Found> {
  const rows = await db.transaction(async (tx) => {
    // A check looks each bar up once: a cache of look-ups never hits, and costs six times the join that it
    // displaces.
    await tx.execute('set local enable_memoize = off')
    return tx.rows<{ violation: Violation & Row; total: string }>(
      // As text, so that no number passes through a binary float on its way into evidence. Materialized,
      // since the planner else writes the text of rows before it filters them, and takes a plan that is quick
      // to the first thousand where there is none.
      `with violations as materialized (${check.violations})
       select (select jsonb_object_agg(e.key, e.value) from jsonb_each_text(to_jsonb(o)) e) as violation, count(*) over () as total
       from violations o order by to_jsonb(o)::text collate "C" limit ${OFFENDERS_MAX}`,
    )
  })
  return { violations: rows.map(({ violation }) => violation), violations_count: Number(rows[0]?.total ?? 0) }
}

async function findByCode(db: Database, check: Recomputation): Promise<Found> {
  const violations = await check.find(db)
  return { violations: violations.slice(0, OFFENDERS_MAX), violations_count: violations.length }
}
