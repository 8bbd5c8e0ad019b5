/** The validation of phase 7, for the boxes of phase 9 that do not validate equal content again. */
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { viewOf } from '../helpers/checklist/view.ts'
import type { Connection } from '../helpers/config/connection.ts'
import type { Fingerprint } from '../helpers/database/fingerprint.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import type { Check, Recomputation } from '../ingest/validation/check.ts'
import { VALIDATING, type ValidationReport, validate } from '../ingest/validation/validate.ts'
import {
  isSameContent,
  type ValidatedContent,
  validatedContentOf,
} from '../ingest/validation/validated-content.ts'

/** The box that records the validation of the full data. */
export const FULL_VALIDATION = {
  phase: '07-post-ingestion-validation',
  claim: 'every hard check has zero violations on the full data',
} as const

/** What the box of phase 7 recorded. */
export interface RecordedValidation {
  readonly checks_count: number
  readonly hard_count: number
  readonly soft_count: number
  /** When its box had ended, ISO 8601. */
  readonly validated_at: string | null
  readonly content: ValidatedContent
}

/** How a database was validated. */
export interface Validated {
  /** The recorded validation of equal content; undefined when every check ran now. */
  readonly recorded: RecordedValidation | undefined
  /** The checks that ran now: all, or, beside a recorded validation, those of several tables and the schema. */
  readonly report: ValidationReport
}

/** The counts of a validation, recorded and run now together, for evidence. */
export const validatedCounts = ({ recorded, report }: Validated) => ({
  checks: recorded?.checks_count ?? report.checks.length,
  hard_violations: (recorded?.hard_count ?? 0) + report.hard_count,
  findings: recorded?.soft_count ?? report.soft_count,
})

/**
 * The validation that the passed box of phase 7 recorded in this run; undefined when it did not run or did
 * not pass.
 *
 * @throws TypeError when the journal is damaged: then nothing that it says is used.
 */
function recordedValidation(journal_file: string): RecordedValidation | undefined {
  const { entries, fault } = verifyJournal(journal_file)
  if (fault !== undefined) throw new TypeError(`The journal is damaged at line ${fault.line}: ${fault.what}`)
  const phase = viewOf(entries).phases.find((each) => each.phase === FULL_VALIDATION.phase)
  const box = phase?.boxes.find(({ claim }) => claim === FULL_VALIDATION.claim)
  if (box?.state !== 'passed') return undefined
  const { checks, hard_violations, findings, ...hashes } = box.evidence
  const hash = (name: keyof ValidatedContent): string | undefined => {
    const value = hashes[name]
    return typeof value === 'string' ? value : undefined
  }
  const content_sha256 = hash('content_sha256')
  const schema_sha256 = hash('schema_sha256')
  const inputs_sha256 = hash('inputs_sha256')
  const checks_sha256 = hash('checks_sha256')
  // A validation with a user's own checks has none of them.
  if (!content_sha256 || !schema_sha256 || !inputs_sha256 || !checks_sha256) return undefined
  return {
    checks_count: Array.isArray(checks) ? checks.length : 0,
    hard_count: Number(hard_violations),
    soft_count: Number(findings),
    validated_at: box.ended_at,
    content: { content_sha256, schema_sha256, inputs_sha256, checks_sha256 },
  }
}

/**
 * Validates a database, or finds that phase 7 validated equal content: the same rows, schema, checks and
 * code. The checks of several tables and of the schema run in any case.
 */
export async function validateUnlessRecorded(
  connection: Connection,
  fingerprint: Fingerprint,
  checks: readonly (Check | Recomputation)[],
  journal_file: string,
): Promise<Validated> {
  return withDatabase(
    connection,
    async (db) => {
      const found = recordedValidation(journal_file)
      const content = await validatedContentOf(db, fingerprint, checks)
      const recorded = isSameContent(found?.content, content) ? found : undefined
      const run_now = recorded === undefined ? checks : checks.filter(({ job }) => job === undefined)
      return { recorded, report: await validate(db, { checks: run_now }) }
    },
    VALIDATING,
  )
}
