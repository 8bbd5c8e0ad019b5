import type { Database } from '../../helpers/postgres/database.ts'
import { type Acceptance, readAccepted } from './accepted.ts'
import type { Check, Recomputation, Violation } from './check.ts'
import { findViolations, requireQueries } from './find-violations.ts'
import { fingerprint, recordFindings } from './findings.ts'

/** Violations of one check that are kept as findings; the count is always complete. */
const VIOLATIONS_MAX = 1000
const EXAMPLES_MAX = 5
/** Recomputations at once: while one of them waits for the server, another computes. */
const RECOMPUTATIONS_AT_ONCE = 2

/** How a database is opened to be validated: a query, and the recomputations beside it. */
export const VALIDATING = { connections_max: 1 + RECOMPUTATIONS_AT_ONCE } as const

export interface ValidateOptions {
  /** What is checked: `checksOf` gives every check there is, the user's own among them. */
  readonly checks: readonly (Check | Recomputation)[]
  /** The recorded run that findings belong to, when there is one. */
  readonly run_id?: string
  /** Acceptances; those of accepted.json when not given. */
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
 * Runs the checks on the database and stores what they find in `ingestion.findings`. A second call over the
 * same data finds the same and adds nothing. A check that cannot run throws: what did not run has not passed.
 * Recomputations run beside the queries, so `db` must be opened as VALIDATING says, or with more connections.
 *
 * @throws ConfigError, before any check runs, that names each of a user's own checks that cannot run here.
 */
export async function validate(db: Database, options: ValidateOptions): Promise<ValidationReport> {
  const queries = options.checks.filter((check) => 'query' in check)
  const recomputations = options.checks.filter((check) => 'find' in check)
  await requireQueries(
    db,
    queries.filter(({ is_own }) => is_own),
  )
  const today = options.today ?? new Date().toISOString().slice(0, 10)
  const written = options.accepted ?? readAccepted()
  const accepted = written.filter(({ expires_on }) => expires_on === null || expires_on >= today)
  const used = new Set<string>()
  const reports = new Map<string, CheckReport>()
  const runNext = async (turn: (Check | Recomputation)[]): Promise<void> => {
    for (let check = turn.shift(); check !== undefined; check = turn.shift()) {
      const report = await runCheck(db, check, accepted, used, options.run_id)
      reports.set(check.name, report)
      options.onCheck?.(report)
    }
  }
  // Exact fractions are computed here and queries there, side by side; whoever is done with recomputations
  // helps with the queries. On one connection they take turns: the savepoint of a query must not enclose what
  // another check writes.
  const recomputeThenQuery = async (): Promise<void> => {
    await runNext(recomputations)
    await runNext(queries)
  }
  if (isOneConnection(db)) await recomputeThenQuery()
  else
    await Promise.all([
      runNext(queries),
      ...Array.from({ length: RECOMPUTATIONS_AT_ONCE }, recomputeThenQuery),
    ])
  const checks = options.checks.flatMap(({ name }) => reports.get(name) ?? [])
  const hard_count = openCount(checks, 'hard')
  return {
    checks,
    hard_count,
    soft_count: openCount(checks, 'soft'),
    accepted_count: checks.reduce((sum, check) => sum + check.accepted_count, 0),
    unused_acceptances: written.filter((entry) => !used.has(entry.fingerprint)),
    is_valid: hard_count === 0,
  }
}

/** True inside a transaction or a session, false for a pool. */
function isOneConnection(db: Database): boolean {
  try {
    db.client()
    return true
  } catch {
    return false
  }
}

const openCount = (checks: readonly CheckReport[], severity: 'hard' | 'soft'): number =>
  checks
    .filter((check) => check.severity === severity)
    .reduce((sum, check) => sum + check.violations_count - check.accepted_count, 0)

async function runCheck(
  db: Database,
  check: Check | Recomputation,
  acceptances: readonly Acceptance[],
  used: Set<string>,
  run_id: string | undefined,
): Promise<CheckReport> {
  const started = performance.now()
  const { violations, violations_count } =
    'find' in check ? await recompute(db, check) : await findViolations(db, check, VIOLATIONS_MAX)
  const accepted = check.is_acceptable ? acceptances.filter((entry) => entry.check === check.name) : []
  const known = new Set(accepted.map((entry) => entry.fingerprint))
  const printed = violations.map((violation) => ({
    ...violation,
    fingerprint: fingerprint(check.name, violation),
  }))
  const judged = printed.filter((violation) => known.has(violation.fingerprint))
  for (const violation of judged) used.add(violation.fingerprint)
  const is_complete = violations.length === violations_count
  await recordFindings(db, check, { violations, is_complete, accepted }, run_id)
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

async function recompute(
  db: Database,
  check: Recomputation,
): Promise<{ readonly violations: readonly Violation[]; readonly violations_count: number }> {
  const violations = await check.find(db)
  return { violations: violations.slice(0, VIOLATIONS_MAX), violations_count: violations.length }
}
