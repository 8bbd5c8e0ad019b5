import { join } from 'node:path'
import { counted } from '../../helpers/core/text.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'

const SQL = join(import.meta.dirname, 'sql')

/** An open finding as a person reads it. */
export interface OpenFinding {
  readonly check: string
  readonly severity: 'hard' | 'soft'
  /** The ticker where the subject is a security that has one; else the subject. */
  readonly security: string
  readonly subject: string
  /** YYYY-MM-DD; null where the evidence names no day. */
  readonly day: string | null
  readonly evidence: string
  readonly fingerprint: string
  /** Whether this validation found it first; null when there was none before. */
  readonly is_new: boolean | null
  readonly [column: string]: unknown
}

/**
 * Open findings that are not accepted, at most `findings_max`: hard ones first, then new ones, then by check,
 * security and day. `since` is the server's time at the start of the newest validation: what was first
 * seen from then on is new. Without an earlier finding there is nothing to compare with.
 */
export async function openFindings(
  db: Database,
  { since, findings_max }: { readonly since: string | null; readonly findings_max: number },
): Promise<{ readonly findings: readonly OpenFinding[]; readonly total: number }> {
  const statement = queryFile(SQL, 'open-findings')
  const rows = await db.rows<OpenFinding & { total: number }>(statement, [since, findings_max])
  return { findings: rows.map(({ total: _, ...finding }) => finding), total: rows[0]?.total ?? 0 }
}

/** Findings as lines: severity, check, security, day, evidence, and whether it is new. */
export function findingsText({
  findings,
  total,
}: {
  readonly findings: readonly OpenFinding[]
  readonly total: number
}): string {
  if (findings.length === 0) return ''
  const lines = findings.map(({ severity, check, security, day, evidence, is_new }) => {
    const facts = [security, day ?? 'no day', evidence].join(' · ')
    return `  ${severity}  ${check}  ${facts}${is_new === true ? ' · new' : ''}`
  })
  const left = total - findings.length
  const rest = left > 0 ? [`  … and ${counted(left, 'more finding')} in ingestion.findings_v`] : []
  return ['Findings, the most important first:', ...lines, ...rest, ''].join('\n')
}
