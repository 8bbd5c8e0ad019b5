import { test as base, expect, inject, type RunnerTask, type RunnerTestCase, TestRunner } from 'vitest'
import { StocksError } from '../core/errors.ts'
import { redact, redactDeep } from '../core/redact.ts'
import {
  type AuditSection,
  EVIDENCE_ANNOTATION,
  type Evidence,
  type EvidenceValue,
  PROGRESS_ANNOTATION,
} from './events.ts'
import { Ledger } from './ledger.ts'
import { phaseOf } from './plan.ts'
import './setup.ts'

export type { AuditSection, Evidence } from './events.ts'

declare module 'vitest' {
  interface TaskMeta {
    evidence?: Evidence
    /** Why the box had nothing to verify. Set by `notApplicable` alone. */
    not_applicable?: string
  }
}

/** The phase may not start. `blocked_by` names the phase that is not ticked, or `precondition`. */
class PhaseBlockedError extends StocksError {
  readonly transient = false
  readonly blocked_by: string
  constructor(message: string, blocked_by: string) {
    super(message)
    this.blocked_by = blocked_by
  }
}

const TEXT_CHARACTERS_MAX = 4_000
const ROWS_MAX = 2_000
const PROGRESS_INTERVAL_MS = 500

/**
 * Vitest's `test`, with what every phase needs. Domain fixtures are added with `.extend(name, { scope: 'file'
 * }, …)`.
 */
export const test = base
  /** Writes evidence to the journal before anything is asserted; it is on the disk when the call returns. */
  .extend(
    'record',
    ({ task, annotate }) =>
      async (evidence: EvidenceInput, section?: AuditSection): Promise<void> => {
        if (task.meta.evidence === undefined && expect.getState().assertionCalls > 0)
          throw new TypeError('Record first, assert second: a box that fails needs its numbers most.')
        const clean = redactDeep(bounded(evidence))
        task.meta.evidence = { ...task.meta.evidence, ...clean }
        await annotate(JSON.stringify({ evidence: clean, section: section ?? null }), EVIDENCE_ANNOTATION)
      },
  )
  /**
   * Ends the box as not applicable: it had nothing to verify, for the reason given. Neither a pass nor a
   * failure. The evidence that shows it is recorded first.
   */
  .extend('notApplicable', ({ task, skip }) => (reason: string): never => {
    if (task.meta.evidence === undefined || reason.trim() === '')
      throw new TypeError('A box that is not applicable records its evidence first, and gives a reason.')
    task.meta.not_applicable = reason
    return skip(reason)
  })
  /** Reports how far a long box is. Cheap to call often: at most two lines a second leave the process. */
  .extend('progress', ({ annotate }) => {
    let last_ms = Number.NEGATIVE_INFINITY
    return (line: string): void => {
      const now_ms = performance.now()
      if (now_ms - last_ms < PROGRESS_INTERVAL_MS) return
      last_ms = now_ms
      // Once the box has ended, nothing reads this line.
      annotate(redact(line).slice(0, 200), PROGRESS_ANNOTATION).catch(() => {})
    }
  })

/** Evidence as a phase gives it: `bigint` and `Date` become text; `undefined` is left out. */
export type EvidenceInput = Readonly<Record<string, unknown>>

/**
 * Opens this phase only when `previous` is ticked for this target; else no box runs, and the cause is named
 * once.
 */
export function needs(previous: string): void {
  blocksAfterLoss()
  test.beforeAll(({}, file) => {
    const phase = phaseOf(file.file.filepath)
    const gate = inject('gate')
    if (!gate.is_open)
      throw new PhaseBlockedError(`${phase} is blocked by precondition: ${gate.fault}`, 'precondition')
    const tick = new Ledger(inject('run').ledger_directory).read(previous, gate.scope)
    if (tick === undefined)
      throw new PhaseBlockedError(
        `${phase} is blocked by ${previous}, which is not ticked for this target.`,
        previous,
      )
  })
}

/**
 * After a box that lost its connection to the database, or found its disk full, the others of the phase do
 * not run: they would only fail by the same cause.
 */
function blocksAfterLoss(): void {
  test.beforeEach(({ task, skip }) => {
    const lost = firstFailed(task.file.tasks, ({ result }) => result?.errors?.some(isLoss) === true)
    if (lost !== undefined) skip(`blocked by "${lost.name}", which lost its connection to PostgreSQL`)
    const full = firstFailed(task.file.tasks, ({ result }) => result?.errors?.some(isFullDisk) === true)
    if (full !== undefined) skip(`blocked by "${full.name}", which found the disk full`)
  })
}

const isLoss = (error: { name?: string; cause?: unknown }): boolean =>
  error.name === 'ConnectionLostError' ||
  (typeof error.cause === 'object' && error.cause !== null && isLoss(error.cause))

const FULL = new Set<unknown>(['ENOSPC', 'EDQUOT', '53100'])
const isFullDisk = (error: object): boolean => {
  const { code, sqlstate, cause } = error as Readonly<Record<string, unknown>>
  return (
    FULL.has(code) || FULL.has(sqlstate) || (typeof cause === 'object' && cause !== null && isFullDisk(cause))
  )
}

/**
 * What one box leaves to later ones of its phase. A later box that reads it, where the earlier one failed
 * before it had anything to leave, does not run: it is blocked by that box.
 */
export class Left<T> {
  readonly #claim: string
  #value: T | undefined
  /** @param claim of the box that sets the value. */
  constructor(claim: string) {
    this.#claim = claim
  }
  get value(): T {
    if (this.#value !== undefined) return this.#value
    const reason = `blocked by "${this.#claim}", which failed before it had a result`
    TestRunner.getCurrentTest<RunnerTestCase | undefined>()?.context.skip(reason)
    throw new TypeError(reason)
  }
  set value(value: T) {
    this.#value = value
  }
}

/** In this phase each box builds on the one before: after a failed one, the others do not run. */
export function stopsAtFirstFailure(): void {
  test.beforeEach(({ task, skip }) => {
    const failed = firstFailed(task.file.tasks)
    if (failed !== undefined) skip(`"${failed.name}" failed`)
  })
}

function firstFailed(
  tasks: readonly RunnerTask[],
  isMeant: (task: RunnerTask) => boolean = () => true,
): RunnerTask | undefined {
  for (const task of tasks) {
    const failed = task.type === 'suite' ? firstFailed(task.tasks, isMeant) : task
    if (failed?.result?.state === 'fail' && isMeant(failed)) return failed
  }
  return undefined
}

function bounded(input: EvidenceInput): Evidence {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => {
      if (value === undefined) return []
      const omitted = Array.isArray(value) ? value.length - ROWS_MAX : 0
      return [
        [name, plain(value)],
        ...(omitted > 0 ? [[`${name}_omitted`, omitted] as [string, number]] : []),
      ]
    }),
  )
}

function plain(value: unknown): EvidenceValue {
  if (Array.isArray(value)) {
    const kept = value.slice(0, ROWS_MAX).map((each) => (isRow(each) ? mapRow(each) : scalar(each)))
    return kept as EvidenceValue
  }
  return scalar(value)
}

const isRow = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !(value instanceof Date) && !Array.isArray(value)
const mapRow = (row: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, scalar(value)]))

function scalar(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'boolean') return value
  const text = textOf(value)
  return text.length <= TEXT_CHARACTERS_MAX
    ? text
    : `${text.slice(0, TEXT_CHARACTERS_MAX)} … (${text.length} characters)`
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
