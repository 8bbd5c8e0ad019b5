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

const COVERAGE = [
  { source_id: 'all', ticker: 'all securities', missing: 0, months: '####' },
  { source_id: HOSTILE, ticker: HOSTILE, missing: 12_345, months: '-#40' },
]
const SESSIONS = [
  { month: '2020-12', listed: '2 2 2', bars: '2 2 2' },
  { month: '2021-01', listed: '2 3 3', bars: '2 3 1' },
]

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
    {
      event: 'box-evidence',
      ...box,
      evidence: { [HOSTILE]: HOSTILE, rows: [{ [HOSTILE]: HOSTILE }] },
      section: 'backups',
    },
    {
      event: 'box-evidence',
      ...box,
      evidence: {
        first_month: '2020-11',
        coverage_by_security: COVERAGE,
        bars_by_session: SESSIONS,
        output: `a\n${HOSTILE}`,
      },
      section: 'data',
    },
    {
      event: 'box-ended',
      ...box,
      state: 'failed',
      errors: [{ name: HOSTILE, message: HOSTILE }],
      note: null,
      duration_ms: 5,
    },
    {
      event: 'box-ended',
      phase: '00-a',
      claim: 'unrun',
      state: 'skipped',
      errors: [],
      note: HOSTILE,
      duration_ms: 0,
    },
    {
      event: 'phase-ended',
      phase: '00-a',
      ticked: false,
      blocked_by: null,
      errors: [{ name: 'E', message: HOSTILE }],
    },
    { event: 'run-ended', verdict: 'FAILED', reasons: [HOSTILE], noticed_by: null },
  ]
  for (const event of events) journal.append(event)
  journal.close()
  writeReports(directory)
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8')
  return { audit: read('audit.html'), junit: read('junit.xml'), checklist: read('checklist.md') }
}

test('the audit page loads nothing, runs nothing, and escapes every text', () => {
  const { audit } = pagesOf('live')
  expect(audit).toMatch(
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[^']+'/,
  )
  expect(audit).not.toMatch(
    /<script|<img|<link|<iframe|\ssrc=(?!\/\/evil)|\son\w+="|\sstyle="|@import|url\(/i,
  )
  expect(audit.match(/evil\.example/g)?.length).toBeGreaterThan(5)
})

test('coverage is drawn by security and month, and bars of each session against the calendar', () => {
  const { audit } = pagesOf('live')
  const svgs = audit.match(/<svg[\s\S]*?<\/svg>/g) ?? []
  const heatmap = svgs.find((svg) => svg.includes('by security and month')) ?? ''
  const titles = [...heatmap.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) =>
    title?.replace(/^.*, (?=\d{4})/, ''),
  )
  expect(titles).toEqual([
    '2020-11 to 2021-02: every session',
    '2020-12: every session',
    '2021-01: about 40 % of the sessions',
    '2021-02: no session',
  ])
  const bars = [...heatmap.matchAll(/<rect [^>]*fill="([^"]*)"[^>]*>/g)].map(([, color]) => color)
  expect(bars).toEqual(['var(--full)', 'var(--full)', 'var(--some)', 'var(--none)'])
  const sessions = svgs.filter((svg) => /Bars of each session|Missing bars and findings/.test(svg))
  expect(sessions).toHaveLength(2)
  expect(audit).toContain('bars missing by month, at most 2')
  expect(parseXml(`<a>${svgs.join('')}</a>`).children).toHaveLength(svgs.length)
})

test('JUnit stays well-formed whatever a box says', () => {
  const suites = parseXml(pagesOf('live').junit).children
  expect(suites.map((suite) => suite.attributes['name'])).toEqual(['00-a', '01-b', 'run'])
})

test('every page of a rehearsal says REHEARSAL, and no page of a live run does', () => {
  for (const page of Object.values(pagesOf('rehearsal'))) expect(page).toContain('REHEARSAL')
  for (const page of Object.values(pagesOf('live'))) expect(page).not.toContain('REHEARSAL')
})
