import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { findingsText, openFindings } from './open-findings.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.execute(`
    insert into stocks_research.securities (security_id, source_id, ticker, cik) values
      (1, 'vendor:a', 'AAA', '0000000009'), (2, 'vendor:b', 'BBB', '0000000009');
    insert into ingestion.findings
      (fingerprint, check_name, severity, subject, evidence, first_seen_at, resolved_at, accepted_by,
       accepted_reason) values
      (repeat('1', 64), 'close-repeats', 'soft', 'vendor:b', '{"last_date": "2020-02-03",
        "first_date": "2020-01-02", "sessions_count": "9"}', '2020-01-01', null, null, null),
      (repeat('2', 64), 'filed-late', 'soft', '0000000009', '{"period_end": "2019-12-31"}', '2020-06-01',
        null, null, null),
      (repeat('3', 64), 'no-orphans', 'hard', '2', '{"rows_count": "3"}', '2020-01-01', null, null, null),
      (repeat('4', 64), 'own-check', 'soft', 'XNYS', '{"note": "no day"}', '2020-01-01', null, null, null),
      (repeat('5', 64), 'resolved', 'soft', 'vendor:a', '{}', '2020-01-01', '2020-02-01', null, null),
      (repeat('6', 64), 'accepted', 'soft', 'vendor:a', '{}', '2020-01-01', null, 'a person', 'it is right')`)
})
afterAll(() => scratch?.drop())

test('open findings have security, day and evidence; hard ones come first, then new ones', async () => {
  const { findings, total } = await openFindings(scratch.db, { since: '2020-05-01', findings_max: 10 })
  expect(total).toBe(4)
  expect(findings.map(({ fingerprint: _, ...finding }) => finding)).toEqual([
    {
      check: 'no-orphans',
      severity: 'hard',
      security: 'BBB',
      subject: '2',
      day: null,
      evidence: 'rows count 3',
      is_new: false,
    },
    {
      check: 'filed-late',
      severity: 'soft',
      security: 'AAA',
      subject: '0000000009',
      day: '2019-12-31',
      evidence: 'period end 2019-12-31',
      is_new: true,
    },
    {
      check: 'close-repeats',
      severity: 'soft',
      security: 'BBB',
      subject: 'vendor:b',
      day: '2020-01-02',
      evidence: 'last date 2020-02-03, first date 2020-01-02, sessions count 9',
      is_new: false,
    },
    {
      check: 'own-check',
      severity: 'soft',
      security: 'XNYS',
      subject: 'XNYS',
      day: null,
      evidence: 'note no day',
      is_new: false,
    },
  ])
})

test('without an earlier finding, none is called new or known', async () => {
  const { findings } = await openFindings(scratch.db, { since: '2019-01-01', findings_max: 10 })
  expect(new Set(findings.map(({ is_new }) => is_new))).toEqual(new Set([null]))
})

test('the terminal lists them by name, and says how many it left out', async () => {
  const found = await openFindings(scratch.db, { since: '2020-05-01', findings_max: 2 })
  expect(findingsText(found).split('\n')).toEqual([
    'Findings, the most important first:',
    '  hard  no-orphans  BBB · no day · rows count 3',
    '  soft  filed-late  AAA · 2019-12-31 · period end 2019-12-31 · new',
    '  … and 2 more findings in ingestion.findings_v',
    '',
  ])
  expect(findingsText({ findings: [], total: 0 })).toBe('')
})
