import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { Acceptance } from './accepted.ts'
import type { Claim, Violation } from './check.ts'

const SQL = join(import.meta.dirname, 'sql')

/**
 * SHA-256 of the name of the check and the whole violation: equal evidence is one finding on every rebuild,
 * changed evidence another.
 */
export function fingerprint(check_name: string, violation: Violation): string {
  const entries = Object.entries(violation).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([check_name, entries]))
    .digest('hex')
}

export interface Found {
  readonly violations: readonly Violation[]
  /** False when there are more violations than were read. */
  readonly is_complete: boolean
  readonly accepted: readonly Acceptance[]
}

/**
 * Brings `ingestion.findings` up to date for one check: new findings are added, known ones seen again, the
 * others resolved. When not all violations were read, a finding that is not among them stays open.
 */
export async function recordFindings(
  db: Database,
  check: Claim,
  found: Found,
  run_id: string | undefined,
): Promise<void> {
  const rows = found.violations.map((violation) => {
    const { subject, ...evidence } = violation
    return { fingerprint: fingerprint(check.name, violation), subject, evidence }
  })
  await db.rows(queryFile(SQL, 'record-findings'), [
    JSON.stringify(rows),
    check.name,
    check.severity,
    run_id ?? null,
  ])
  if (found.is_complete) {
    await db.rows(
      `update ingestion.findings set resolved_at = now()
       where check_name = $1 and resolved_at is null and fingerprint <> all ($2::text[])`,
      [check.name, rows.map((row) => row.fingerprint)],
    )
  }
  await db.rows(queryFile(SQL, 'record-acceptances'), [check.name, JSON.stringify(found.accepted)])
}
