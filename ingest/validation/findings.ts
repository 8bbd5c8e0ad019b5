import { createHash } from 'node:crypto'
import type { Database } from '../../helpers/postgres/database.ts'
import type { Acceptance } from './accepted.ts'

/** What a check returned for one violation. */
export interface Violation {
  readonly subject: string
  readonly [evidence: string]: unknown
}

/**
 * SHA-256 of the check and the whole offending row: equal evidence is one finding on every rebuild, changed
 * evidence another.
 */
export function fingerprint(check_name: string, violation: Violation): string {
  const entries = Object.entries(violation).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([check_name, entries]))
    .digest('hex')
}

/**
 * Makes `ingestion.findings` say what one check found now: new ones are added, known ones seen again, the
 * others resolved. `seen` bounds what is kept: with more violations than were read, what is not among them
 * stays unresolved.
 */
export async function recordFindings(
  db: Database,
  check: { readonly name: string; readonly severity: 'hard' | 'soft' },
  found: {
    readonly violations: readonly Violation[]
    readonly is_whole: boolean
    readonly accepted: readonly Acceptance[]
  },
  run_id: string | undefined,
): Promise<void> {
  const rows = found.violations.map((violation) => {
    const { subject, ...evidence } = violation
    return { fingerprint: fingerprint(check.name, violation), subject, evidence }
  })
  await db.rows(
    `insert into ingestion.findings (fingerprint, check_name, severity, subject, evidence, first_run_id, last_run_id)
     select distinct on (f.fingerprint) f.fingerprint, $2, $3, f.subject, f.evidence, $4::uuid, $4::uuid
     from jsonb_to_recordset($1::jsonb) as f (fingerprint text, subject text, evidence jsonb)
     on conflict (fingerprint) do update
     set severity = excluded.severity, last_run_id = coalesce(excluded.last_run_id, ingestion.findings.last_run_id), last_seen_at = now(), resolved_at = null`,
    [JSON.stringify(rows), check.name, check.severity, run_id ?? null],
  )
  if (found.is_whole) {
    await db.rows(
      `update ingestion.findings set resolved_at = now()
       where check_name = $1 and resolved_at is null and fingerprint <> all ($2::text[])`,
      [check.name, rows.map((row) => row.fingerprint)],
    )
  }
  await db.rows(
    `update ingestion.findings f
     set accepted_by = a.accepted_by, accepted_reason = a.reason, accepted_until_date = a.expires_on
     from ingestion.findings g
     left join jsonb_to_recordset($2::jsonb) as a (fingerprint text, accepted_by text, reason text, expires_on date) using (fingerprint)
     where f.finding_id = g.finding_id and f.check_name = $1
       and (f.accepted_by, f.accepted_reason, f.accepted_until_date) is distinct from (a.accepted_by, a.reason, a.expires_on)`,
    [check.name, JSON.stringify(found.accepted)],
  )
}
