import { expect, test } from 'vitest'
import type { JobReport } from '../contract/job.ts'
import { stateOf } from './report.ts'

const thresholds = {
  reject_max_ratio: 0,
  failed_max_ratio: 0,
  not_found_max_ratio: { 'prices-daily': 0.01, securities: 0 },
}
const stateWith = (job: JobReport['job'], ok: number, not_found: number) =>
  stateOf(
    [{ job, items: { ok, empty: 0, not_found, failed: 0, deferred: 0, pending: 0 } } as unknown as JobReport],
    thresholds,
  ).state

test.each([
  ['one of ten', 9, 1, 'complete'],
  ['three of ten', 7, 3, 'complete'],
  ['four of ten', 6, 4, 'failed'],
  ['one of two', 1, 1, 'failed'],
  ['all three', 0, 3, 'failed'],
  ['a hundredth of a thousand', 990, 10, 'complete'],
  ['a batch of a hundred of a thousand', 900, 100, 'failed'],
] as const)('%s work items not found', (_case, ok, not_found, state) => {
  expect(stateWith('prices-daily', ok, not_found)).toBe(state)
})

test('where nothing may be not found, one of ten fails the run', () => {
  expect(stateWith('securities', 9, 1)).toBe('failed')
})

test.each([
  ['every work item is done', {}, 'complete', null],
  [
    'one of a hundred failed',
    { failed: 1 },
    'complete_with_gaps',
    /^1 work item failed, within the threshold\. Try again: /,
  ],
  ['two of a hundred failed', { failed: 2 }, 'failed', /2 of 100 items failed, more than failed_max_ratio/],
  ['one waits for a quota', { failed: 1, deferred: 1 }, 'halted', /^1 items are deferred/],
  ['one is still to be done', { failed: 1, pending: 1 }, 'interrupted', /^1 items are still to be done/],
] as const)('%s', (_case, counts, state, reason) => {
  const items = { ok: 0, empty: 0, not_found: 0, failed: 0, deferred: 0, pending: 0, ...counts }
  items.ok = 100 - items.failed - items.deferred - items.pending
  const job = { job: 'prices-daily', provider: 'p', items, gaps: [] } as unknown as JobReport
  const found = stateOf([job], { ...thresholds, failed_max_ratio: 0.01 })
  expect(found.state).toBe(state)
  if (reason === null) expect(found.state_reason).toBeNull()
  else expect(found.state_reason).toMatch(reason)
})
