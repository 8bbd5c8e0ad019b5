/** How a box ended, and what its errors say. */
import { relative } from 'node:path'
import type { SerializedError } from 'vitest'
import type { TestCase } from 'vitest/node'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { redact } from '../core/redact.ts'
import { plainText } from '../core/text.ts'
import type { Evidence, Fault, RunEvent } from './events.ts'

type BoxEnded = Extract<RunEvent, { event: 'box-ended' }>

const MESSAGE_CHARACTERS_MAX = 8_000
const CAUSES_MAX = 5
/** Files in the stack of an error that are not where its box asserts. */
const NO_BOX = /node_modules|helpers[\\/]checklist[\\/]expectations\.ts$/

/**
 * How a box ended. Vitest accepts three things that a checklist rejects: a box that passed at its second try,
 * one that was declared to fail, and one without evidence. A skipped box is not applicable only when it gave
 * a reason by `notApplicable` and recorded evidence; every other skipped box was not run.
 */
export function outcomeOf(test: TestCase, evidence: Evidence): Pick<BoxEnded, 'state' | 'errors' | 'note'> {
  const result = test.result()
  const errors = (result.errors ?? []).map(faultOf)
  if (result.state === 'failed') return { state: 'failed', errors, note: null }
  if (result.state === 'passed') {
    const objection = objectionTo(test, evidence)
    if (objection === undefined) return { state: 'passed', errors: [], note: null }
    return { state: 'failed', errors: [{ name: 'NotTicked', message: objection }, ...errors], note: null }
  }
  const reason = test.meta().not_applicable
  if (reason !== undefined && Object.keys(evidence).length > 0)
    return { state: 'not-applicable', errors, note: redact(reason) }
  return { state: 'skipped', errors, note: (result.state === 'skipped' ? result.note : undefined) ?? null }
}

function objectionTo(test: TestCase, evidence: Evidence): Fault['message'] | undefined {
  const { retryCount: retries = 0 } = test.diagnostic() ?? {}
  if (retries > 0) return `it failed, and passed at try ${retries + 1}: a box has one try, also with --retry`
  if (test.options.fails === true)
    return 'it is declared with `.fails`, so it passes when its assertions do not hold'
  if (Object.keys(evidence).length === 0)
    return 'it recorded no evidence: a box records its evidence first, then asserts'
  return undefined
}

/** An error of Vitest as the journal keeps it: redacted, bounded, without colour and without a stack. */
export function faultOf(error: SerializedError): Fault {
  const diff = typeof error['diff'] === 'string' ? `\n${error['diff']}` : ''
  const text = `${error.message ?? 'no message'}${causesOf(error.cause)}${diff}`
  const frame = error.stacks?.find((each) => each.file !== '' && !NO_BOX.test(each.file))
  return {
    name: error.name ?? 'Error',
    message: redact(plainText(text)).slice(0, MESSAGE_CHARACTERS_MAX),
    at:
      frame === undefined
        ? undefined
        : `${relative(ROOT_DIRECTORY, frame.file).replaceAll('\\', '/')}:${frame.line}`,
  }
}

function causesOf(cause: unknown): string {
  let text = ''
  let each = cause
  for (let depth = 0; depth < CAUSES_MAX; depth += 1) {
    if (each === null || typeof each !== 'object' || !('message' in each)) break
    text += `\n  because: ${String(each.message)}`
    each = 'cause' in each ? each.cause : undefined
  }
  return text
}
