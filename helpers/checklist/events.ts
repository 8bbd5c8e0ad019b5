/** What can happen in a run, as the journal records it. Every report is written from these events alone. */
import type { PlannedPhase } from './plan.ts'

/** Annotations of these types carry what a box reports while it runs, from the worker to the reporter. */
export const EVIDENCE_ANNOTATION = 'evidence'
export const PROGRESS_ANNOTATION = 'progress'

export type Scalar = string | number | boolean | null
export type EvidenceRow = Readonly<Record<string, Scalar>>

/**
 * Facts that prove a box: a scalar, a list, or rows of a table. Name each with its unit: `rows`, `bytes`,
 * `duration_ms`.
 */
export type EvidenceValue = Scalar | readonly Scalar[] | readonly EvidenceRow[]
export type Evidence = Readonly<Record<string, EvidenceValue>>

/**
 * The section of the audit page that repeats a piece of evidence, apart from its box. `figures` are the facts
 * at the top of the page, by which two runs are compared.
 */
export type AuditSection = 'data' | 'validation' | 'idempotence' | 'backups' | 'overrides' | 'figures'

/** What one run left, in one row: its id, verdict and times, and its figures. */
export type RunFigures = Readonly<Record<string, Scalar>>

export type Verdict = 'PASSED' | 'FAILED' | 'INCOMPLETE' | 'INTERRUPTED'

/** An error as text: redacted, without a stack. */
export interface Fault {
  readonly name: string
  readonly message: string
  /** `file:line` below the root, where known. */
  readonly at?: string | undefined
}

export interface RunStarted {
  readonly event: 'run-started'
  readonly run_id: string
  /** Null when the configuration could not be read. */
  readonly mode: string | null
  readonly expected: readonly PlannedPhase[]
  readonly plan_sha256: string
  /** Operator, host, process, git, versions, configuration without secrets: names and values. */
  readonly identity: Readonly<Record<string, Scalar>>
  readonly pid: number
  readonly host: string
  /** How the run was narrowed on the command line; null when it was not. */
  readonly narrowed: string | null
  /** Earlier runs of this mode, newest first: what this run is compared with. */
  readonly history?: readonly RunFigures[]
}

export type RunEvent =
  | RunStarted
  | {
      readonly event: 'target-prepared'
      readonly scope: string
      readonly identity: Readonly<Record<string, Scalar>>
    }
  | {
      readonly event: 'precondition-failed'
      readonly message: string
      /** The box of the plan that checks this precondition; null when none does. */
      readonly box: { readonly phase: string; readonly claim: string } | null
    }
  | { readonly event: 'phase-queued'; readonly phase: string }
  | {
      readonly event: 'phase-collected'
      readonly phase: string
      readonly boxes: readonly { readonly claim: string; readonly selected: boolean }[]
    }
  | { readonly event: 'box-started'; readonly phase: string; readonly claim: string }
  | {
      readonly event: 'box-evidence'
      readonly phase: string
      readonly claim: string
      readonly evidence: Evidence
      readonly section: AuditSection | null
    }
  | {
      readonly event: 'box-ended'
      readonly phase: string
      readonly claim: string
      readonly state: 'passed' | 'failed' | 'skipped' | 'not-applicable'
      readonly errors: readonly Fault[]
      /** Why the box was skipped, or does not apply. */
      readonly note: string | null
      readonly duration_ms: number
    }
  | {
      readonly event: 'phase-ended'
      readonly phase: string
      readonly ticked: boolean
      /** The earlier phase that is not ticked, so that no box of this one ran. */
      readonly blocked_by: string | null
      /** Errors outside of a box: an import, a hook, a worker that died. */
      readonly errors: readonly Fault[]
    }
  | { readonly event: 'run-error'; readonly fault: Fault }
  | {
      readonly event: 'run-ended'
      readonly verdict: Verdict
      readonly reasons: readonly string[]
      readonly noticed_by: string | null
    }

/**
 * An event as the journal holds it. `sha256` covers the line without itself; `prev` is the hash of the
 * line before.
 */
export type JournalEntry = { readonly seq: number; readonly at: string; readonly prev: string } & RunEvent & {
    readonly sha256: string
  }
