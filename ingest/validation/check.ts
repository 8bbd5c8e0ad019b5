import type { Database } from '../../helpers/postgres/database.ts'
import type { JobName } from '../contract/job.ts'

/** What is known of a check, whether SQL or code finds its violations. */
export interface Claim {
  /** Short and stable, kebab-case: findings are stored under it. The name of the file. */
  readonly name: string
  /** A statement in the present tense, true when the check passes; at most 90 characters. */
  readonly claim: string
  /** hard: a violation blocks. soft: a violation is a finding for a person to judge. */
  readonly severity: 'hard' | 'soft'
  /** Why it is checked, and how; undefined when a user's own check does not say. */
  readonly why: string | undefined
  /** The job whose table it judges; undefined for a check of several tables, or of the schema. */
  readonly job: JobName | undefined
  /**
   * True when its findings may be accepted in writing. Soft ones always may; of the hard ones only those
   * that a source itself can break. What our own processing broke cannot be accepted.
   */
  readonly is_acceptable: boolean
}

/** A claim whose violations a query finds. */
export interface Check extends Claim {
  /** Returns violations, with a column `subject`; the other columns are evidence. No row is a pass. */
  readonly query: string
  /** The absolute path of the file. */
  readonly file: string
  /** True when it compares with the second source, and finds nothing without one. */
  readonly needs_second_source: boolean
  /** True when a user wrote it: its query is verified before any check runs. */
  readonly is_own: boolean
  /** Settings of the session that its query reads, such as thresholds of `bootstrap.json`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A claim whose violations code finds: an independent computation outside SQL. */
export interface Recomputation extends Claim {
  find(db: Database): Promise<Violation[]>
}

/** What a check returned for one violation. */
export interface Violation {
  readonly subject: string
  readonly [evidence: string]: unknown
}
