import { createHash } from 'node:crypto'
import type { ProvidedContext } from 'vitest'
import type { TestProject } from 'vitest/node'
import { messageOf } from '../core/errors.ts'
import { redact } from '../core/redact.ts'
import { plainText } from '../core/text.ts'
import type { Scalar } from './events.ts'

/** What the reporter opens before the world is prepared. */
export interface RunContext {
  readonly run_id: string
  readonly run_directory: string
  readonly ledger_directory: string
  /** What the command line leaves out of the plan: phases by name, or the option; empty for a whole run. */
  readonly left_out: readonly string[]
}

/** Whether the phases may run at all, and for which scope their ticks hold. */
export type Gate =
  | { readonly is_open: true; readonly scope: string; readonly identity: Readonly<Record<string, Scalar>> }
  | {
      readonly is_open: false
      readonly fault: string
      /** The claim of the box that checks what failed, where one does. */
      readonly claim?: string | undefined
    }

declare module 'vitest' {
  interface ProvidedContext {
    run: RunContext
    gate: Gate
  }
}

export interface PrepareContext extends RunContext {
  /** Shows a line on the terminal, before a step that takes long. */
  say(line: string): void
  /**
   * Checks what a box of phase 0 claims, before anything is touched. When `check` throws, that box fails with
   * its message, and nothing else runs.
   */
  precondition<T>(claim: string, check: () => T | Promise<T>): Promise<T>
  /**
   * Ends the run from outside of a box, e.g. when the run lock is lost: boxes in flight are aborted, the
   * verdict is FAILED.
   */
  halt(reason: string): void
}

export interface Prepared<T> {
  /** Reaches the phases as `target`. */
  readonly target: T
  /** What a tick holds for. With any difference it is another scope, in which no old tick opens a phase. */
  readonly scope: Readonly<Record<string, Scalar>>
  /** Goes into the journal and on the audit page: server, versions, hashes. Never a secret. */
  readonly identity: Readonly<Record<string, Scalar>>
  /** Releases what was taken. Runs after the last phase, also after a failure. */
  close(): Promise<void>
}

export type Prepare<T> = (context: PrepareContext) => Promise<Prepared<T>>

/**
 * Runs `prepare` and provides its result. A precondition that fails is not thrown: it is provided as a closed
 * gate, so that its box is listed as failed and every other one as blocked by it, and the terminal shows a
 * sentence instead of a stack.
 */
export async function setUp(
  project: TestProject,
  prepare: Prepare<ProvidedContext['target']>,
): Promise<(() => Promise<void>) | undefined> {
  const { run, gate }: Partial<ProvidedContext> = project.getProvidedContext()
  // The reporter closed it: a run that leaves no evidence does not begin.
  if (gate?.is_open === false) return undefined
  if (run === undefined) {
    process.exitCode = 1 // Whatever --passWithNoTests says.
    const fault =
      'The checklist needs its own reporter, which writes the evidence. ' +
      'Run `npx vitest run phases` without --reporter.'
    process.stderr.write(`${redact(plainText(fault))}\n`)
    project.provide('gate', { is_open: false, fault })
    return undefined
  }
  const halt = (reason: string): void => {
    project.vitest.state.catchError({ name: 'Halted', message: redact(reason) }, 'Halted')
    void project.vitest.cancelCurrentRun('keyboard-input')
  }
  let claim: string | undefined
  try {
    const prepared = await prepare({
      ...run,
      say: (line) => void process.stdout.write(`  ${redact(plainText(line))}\n`),
      async precondition(of_box, check) {
        claim = of_box
        const result = await check()
        claim = undefined
        return result
      },
      halt,
    })
    project.provide('target', prepared.target)
    project.provide('gate', { is_open: true, scope: hashOf(prepared.scope), identity: prepared.identity })
    return () => prepared.close()
  } catch (error) {
    project.provide('gate', { is_open: false, fault: redact(messageOf(error)), claim })
    return undefined
  }
}

const hashOf = (scope: object): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(scope).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
