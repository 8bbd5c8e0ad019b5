import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RunEvent } from '../helpers/checklist/events.ts'
import { Journal } from '../helpers/checklist/journal.ts'
import { parseXml } from '../helpers/testing/xml.ts'
import { writeReports } from './write.ts'

const scratch = mkdtempSync(join(tmpdir(), 'audit-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const HOSTILE = `<script>alert(1)</script> " onload="x" ]]> & \u0000 \ud800 <img src=//evil.example/x.png>`

/** The pages of a run in which everything that can carry text carries a hostile one. */
function pagesOf(mode: string): Record<'audit' | 'junit' | 'checklist', string> {
  const directory = mkdtempSync(join(scratch, 'run-'))
  const journal = Journal.create(join(directory, 'journal.jsonl'))
  const box = { phase: '00-a', claim: HOSTILE }
  const events: RunEvent[] = [
    {
      event: 'run-started',
      run_id: 'run-1',
      mode,
      expected: [
        { phase: '00-a', title: `Phase 0 ${HOSTILE}`, boxes: [HOSTILE, 'unrun'] },
        { phase: '01-b', title: 'Phase 1', boxes: ['blocked'] },
      ],
      plan_sha256: 'f'.repeat(64),
      identity: { operator: HOSTILE },
      pid: 1,
      host: 'h',
      narrowed: null,
    },
    { event: 'target-prepared', scope: 's', identity: { server: HOSTILE } },
    { event: 'phase-queued', phase: '00-a' },
    {
      event: 'phase-collected',
      phase: '00-a',
      boxes: [
        { claim: HOSTILE, selected: true },
        { claim: 'unrun', selected: true },
      ],
    },
    { event: 'box-started', ...box },
    { event: 'box-evidence', ...box, evidence: { [HOSTILE]: HOSTILE, rows: [{ [HOSTILE]: HOSTILE }] }, section: 'backups' },
    { event: 'box-ended', ...box, state: 'failed', errors: [{ name: HOSTILE, message: HOSTILE }], note: null, duration_ms: 5 },
    { event: 'box-ended', phase: '00-a', claim: 'unrun', state: 'skipped', errors: [], note: HOSTILE, duration_ms: 0 },
    { event: 'phase-ended', phase: '00-a', ticked: false, blocked_by: null, errors: [{ name: 'E', message: HOSTILE }] },
    { event: 'run-ended', verdict: 'FAILED', reasons: [HOSTILE], noticed_by: null },
  ]
  for (const event of events) journal.append(event)
  journal.close()
  writeReports(directory)
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8')
  return { audit: read('audit.html'), junit: read('junit.xml'), checklist: read('checklist.md') }
}

test('the audit page loads nothing, runs nothing, and lets no text become markup', () => {
  const { audit } = pagesOf('live')
  expect(audit).toMatch(/<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'/)
  expect(audit).not.toMatch(/<script|<img|<link|<iframe|\ssrc=(?!\/\/evil)|\son\w+="|\sstyle="|@import|url\(/i)
  expect(audit.match(/evil\.example/g)?.length).toBeGreaterThan(5)
})

test('JUnit stays well-formed whatever a box says', () => {
  const suites = parseXml(pagesOf('live').junit).children
  expect(suites.map((suite) => suite.attributes['name'])).toEqual(['00-a', '01-b', 'run'])
})

test('every page of a rehearsal says REHEARSAL, and no page of a live run does', () => {
  for (const page of Object.values(pagesOf('rehearsal'))) expect(page).toContain('REHEARSAL')
  for (const page of Object.values(pagesOf('live'))) expect(page).not.toContain('REHEARSAL')
})
