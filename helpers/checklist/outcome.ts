import type { TestCase } from 'vitest/node'
import type { Evidence, Fault, RunEvent } from './events.ts'
import { faultOf } from './fault.ts'

type BoxEnded = Extract<RunEvent, { event: 'box-ended' }>

/**
 * How a box ended. Vitest calls three things a success that a checklist does not: a box that passed at a
 * second try, one that was declared to fail, and one that proves nothing since it recorded no evidence.
 */
export function outcomeOf(test: TestCase, evidence: Evidence): Pick<BoxEnded, 'state' | 'errors'> {
  const result = test.result()
  const state = result.state === 'pending' ? 'skipped' : result.state
  const errors = (result.errors ?? []).map(faultOf)
  if (state !== 'passed') return { state, errors }
  const objection = objectionTo(test, evidence)
  return objection === undefined
    ? { state, errors: [] }
    : { state: 'failed', errors: [{ name: 'NotTicked', message: objection }, ...errors] }
}

function objectionTo(test: TestCase, evidence: Evidence): Fault['message'] | undefined {
  const { retryCount: retries = 0 } = test.diagnostic() ?? {}
  if (retries > 0)
    return `it failed, and passed at try ${retries + 1}: a box has one try, whatever --retry says`
  if (test.options.fails === true)
    return 'it is declared with `.fails`, so it passes when its assertions do not hold'
  if (Object.keys(evidence).length === 0)
    return 'it recorded no evidence: a box records first, and asserts second'
  return undefined
}
