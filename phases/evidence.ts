/** How reports of the product become evidence of a box. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Backup } from '../helpers/backup/dump.ts'
import { manifestFileOf } from '../helpers/backup/manifest.ts'
import { rowsBefore } from '../helpers/checklist/history.ts'
import type { Database } from '../helpers/postgres/database.ts'
import type { ItemGap, JobReport } from '../ingest/contract/job.ts'
import { gapGroups } from '../ingest/pipeline/report.ts'
import { openFindings } from '../ingest/validation/open-findings.ts'
import type { ValidationReport } from '../ingest/validation/validate.ts'
import type { Target } from './prepare.ts'
import { query } from './query.ts'

/** How the checklist makes a backup. */
export const DUMP_COMMAND = /^pg_dump --format=custom --compress=9 --no-owner --no-privileges /

/** Lines of a log that do not parse, and those at warn or above that are not marked as expected. */
export function faultsOfLog(file: string): { lines: number; faults: string[] } {
  const lines = linesOf(file)
  const faults = lines.filter((line) => {
    try {
      const { level, expected } = JSON.parse(line) as { level?: string; expected?: boolean }
      return level === undefined || (['warn', 'error', 'fatal'].includes(level) && expected !== true)
    } catch {
      return true
    }
  })
  return { lines: lines.length, faults }
}

/** The lines of a log; none when there is no such file yet. */
export function linesOf(file: string): string[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

/** What a job read and wrote, in rows. */
export function rowCounts(report: JobReport) {
  const { rows_read, rows_skipped, rows_rejected, rows_staged } = report
  const { rows_inserted, rows_updated, rows_unchanged, rows_deleted } = report
  return {
    rows_read,
    rows_skipped,
    rows_rejected,
    rows_staged,
    rows_inserted,
    rows_updated,
    rows_unchanged,
    rows_deleted,
  }
}

/** Each work item without rows by name, with its reason, equal reasons once. */
export const gapTexts = (gaps: readonly ItemGap[]): string[] =>
  gapGroups(gaps).map(({ ending, reason, items }) => `${items.join(', ')}: ${ending}, ${reason}`)

/** Findings that a run records by name; the database has the others. */
const FINDINGS_MAX = 1000

/** Each open finding by name, and whether the run before, of the same mode, had it. */
export async function findingsEvidence(
  db: Database,
  { run_id, run_directory, mode }: Pick<Target, 'run_id' | 'run_directory' | 'mode'>,
) {
  const before = rowsBefore(dirname(run_directory), { run_id, mode }, 'findings_by_name')
  const known = new Set(before?.rows.map(({ fingerprint }) => fingerprint))
  const { findings, total } = await openFindings(db, { since: null, findings_max: FINDINGS_MAX })
  const findings_by_name = findings.map(({ fingerprint, ...finding }) => ({
    ...finding,
    is_new: before === undefined ? null : !known.has(fingerprint),
    fingerprint,
  }))
  return {
    findings_compared_with: before?.run_id ?? 'no earlier run',
    findings_with_different_evidence: total,
    findings_by_name,
  }
}

/** Securities that a run names as the least trusted ones. */
const LEAST_TRUSTED_MAX = 20

/** How many securities have each grade of trust, and those with the lowest one by name. */
export async function trustEvidence(db: Database) {
  const securities = await db.rows<{ grade: string }>(query('securities_by_trust'))
  const by_grade = Map.groupBy(securities, ({ grade }) => grade)
  return {
    securities_by_grade: ['A', 'B', 'C', 'D'].map((grade) => ({
      grade,
      securities: by_grade.get(grade)?.length ?? 0,
    })),
    least_trusted_securities: securities.filter(({ grade }) => grade !== 'A').slice(0, LEAST_TRUSTED_MAX),
  }
}

type CheckReports = ValidationReport['checks']

/** Each violation that a check kept, as a line: the claim, the name of the check, the violating row. */
export const violationsOf = (checks: CheckReports): string[] =>
  checks.flatMap(({ name, claim, examples }) =>
    examples.map(({ subject, fingerprint: _, ...row }) => `"${claim}" (${name}): ${subject}${rowText(row)}`),
  )

/** How many violations each of these checks found, and the first of them. */
export function violationCounts({ checks }: ValidationReport, names: readonly string[]) {
  const named = checks.filter(({ name }) => names.includes(name))
  return {
    ...Object.fromEntries(named.map(({ name, violations_count }) => [name, violations_count])),
    examples: violationsOf(named),
  }
}

const rowText = (row: Readonly<Record<string, unknown>>): string =>
  Object.entries(row)
    .map(([column, value]) => `, ${column} ${String(value)}`)
    .join('')

/**
 * Each check with its severity, claim, violations and threshold. A soft check has no threshold: a person
 * judges what it finds.
 */
export const checksEvidence = ({ checks }: ValidationReport) =>
  checks.map(({ name, severity, claim, violations_count, accepted_count }) => ({
    check: name,
    severity,
    claim,
    violations_count,
    violations_max: severity === 'hard' ? 0 : null,
    accepted_count,
  }))

/** What a backup is, for the evidence. */
export function backupEvidence({ archive, manifest }: Backup) {
  const { fingerprint, ...facts } = manifest
  const tables = Object.values(fingerprint.tables)
  return {
    ...facts,
    manifest_sha256: createHash('sha256')
      .update(readFileSync(manifestFileOf(archive)))
      .digest('hex'),
    tables: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    content_sha256: fingerprint.content_sha256,
    schema_sha256: fingerprint.schema_sha256,
  }
}
