import { expect, test } from 'vitest'
import { type PageFacts, worstOf } from './figures.ts'

test('doubts are given in words, with thousands separators, the gravest first', () => {
  const facts: PageFacts = {
    now: { run_id: 'run-1' },
    before: undefined,
    findings: [
      { check: 'session-missing', severity: 'soft', security: 'B', subject: '2' },
      { check: 'session-missing', severity: 'soft', security: 'B', subject: '2' },
    ],
    first_month: undefined,
    coverage: [
      { source_id: '2', ticker: 'B', missing: 1_000 },
      { source_id: '4', ticker: 'D', missing: 1 },
    ],
    sessions: [],
    rows_by_year: [],
    findings_by_check: [],
    failed: [{ job: 'corporate-actions', item: '3', ticker: 'C', error_class: 'transient' }],
    without_bars: [{ source_id: '1', ticker: 'A', sessions_missing: 1_260 }],
    checks_count: 1,
  }
  expect(worstOf(facts, 5)).toEqual([
    { name: 'A', reasons: ['no bar in 1,260 sessions'] },
    { name: 'C', reasons: ['corporate actions failed (transient)'] },
    { name: 'B', reasons: ['session missing × 2', '1,000 sessions without a bar'] },
    { name: 'D', reasons: ['1 session without a bar'] },
  ])
})
