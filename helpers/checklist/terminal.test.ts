import { expect, test } from 'vitest'
import { registerSecret } from '../core/redact.ts'
import { Pace, Terminal } from './terminal.ts'
import { boxKey } from './time-left.ts'
import type { BoxView, RunView } from './view.ts'

/** A run without phases, of a mode and a place for backups. */
const runOf = (mode: string, dropbox: string): RunView => ({
  run_id: 'run-1',
  mode,
  verdict: 'FAILED',
  reasons: [`07-validation: "bars are sane" failed: ${'expected 3 bars; found 2 of them '.repeat(8)}`],
  started_at: '2026-01-01T00:00:00Z',
  ended_at: '2026-01-01T00:01:00Z',
  plan_sha256: '',
  identity: { dropbox },
  scope: null,
  phases: [],
  history: [],
  sections: [],
})

/** What a screen of this width shows. */
function shownOn(columns: number | undefined, act: (terminal: Terminal) => void): string {
  const parts: string[] = []
  const write = (part: string): void => void parts.push(part)
  act(new Terminal({ write, isTTY: columns !== undefined, columns, hasColors: () => false }))
  return parts.join('')
}

test('a rehearsal, real data without an off-site copy and real data with one are named apart', () => {
  const endOf = (mode: string, dropbox: string): string =>
    shownOn(undefined, (terminal) => terminal.ended(runOf(mode, dropbox), 'reports/runs/run-1'))
  expect(endOf('rehearsal', 'local-server')).toContain('FAILED · REHEARSAL · ')
  expect(endOf('flat-files', 'local-server')).toContain('FAILED · FLAT FILES · NO OFF-SITE COPY · ')
  expect(endOf('flat-files', 'folder')).toContain('FAILED · FLAT FILES · 0 of 0')
  expect(endOf('live', 'dropbox')).toContain('FAILED · LIVE · 0 of 0')
})

test('text fits the width of a terminal, and is one line in a file', () => {
  const end = (terminal: Terminal): void => terminal.ended(runOf('live', 'dropbox'), 'reports/runs/run-1')
  const fault = (terminal: Terminal): void =>
    terminal.fault({ name: 'E', message: `\u001b[31m${'a word of a message '.repeat(30)}` })
  for (const line of shownOn(60, fault).split('\n')) expect(line.length).toBeLessThanOrEqual(60)
  expect(shownOn(undefined, fault).trimEnd().split('\n')).toHaveLength(1)
  expect(shownOn(60, fault)).not.toContain('\u001b')
  const reasons = shownOn(60, end)
    .split('\n')
    .filter((line) => line.includes('bars'))
  expect(reasons.length).toBeGreaterThan(2)
  for (const line of reasons) expect(line.length).toBeLessThanOrEqual(60)
})

test('a count that grows gets a rate and the time left, once it was seen for long enough', () => {
  const pace = new Pace()
  expect(pace.of('prices-daily · read bars of A … C · 100 of 500 items, 9,000 rows', 0)).toBe('')
  expect(pace.of('prices-daily · read bars of D … F · 110 of 500 items, 9,900 rows', 1_000)).toBe('')
  expect(pace.of('prices-daily · merge · 200 of 500 items, 19,000 rows', 10_000)).toBe(
    ' · 10 items/s · about 30.0 s left',
  )
  expect(pace.of('prices-daily · merge · 500 of 500 items, 49,000 rows', 40_000)).toBe('')
})

test('other work, another total and a lower count start a new rate', () => {
  const pace = new Pace()
  pace.of('upload · 0 of 9,000,000 bytes', 0)
  expect(pace.of('upload · 3,000,000 of 9,000,000 bytes', 5_000)).toBe(
    ' · 600,000 bytes/s · about 10.0 s left',
  )
  expect(pace.of('upload · 1,000,000 of 9,000,000 bytes', 9_000)).toBe('')
  expect(pace.of('download · 2,000,000 of 9,000,000 bytes', 20_000)).toBe('')
  expect(pace.of('download · 2,000,000 of 9,000,000 bytes', 30_000), 'nothing went on').toBe('')
  expect(pace.of('every factor equals its recomputation', 40_000)).toBe('')
})

const BOX: BoxView = {
  claim: 'every series is complete',
  state: 'passed',
  is_also_proven: false,
  reason: null,
  evidence: { rows: 3 },
  faults: [],
  started_at: null,
  ended_at: null,
  duration_ms: 40_000,
  line: null,
}

test('in a file or a pipe there are boxes, failures and the verdict, and nothing else', () => {
  const act = (terminal: Terminal): void => {
    terminal.boxStarted('07-validation', BOX.claim)
    terminal.progress('prices-daily · 100 of 500 items')
    terminal.boxEnded('07-validation', BOX)
    const message = 'expected 3 bars; found 2'
    const faults = [{ name: 'AssertionError', message }]
    terminal.boxEnded('07-validation', { ...BOX, claim: 'bars are sane', state: 'failed', faults })
  }
  expect(shownOn(undefined, act)).toBe(
    '  [x] every series is complete  40.0 s\n' +
      '  [!] bars are sane  40.0 s\n' +
      '      expected 3 bars; found 2\n',
  )
  expect(shownOn(100, act)).toContain('… prices-daily · 100 of 500 items')
  expect(shownOn(0, act), 'a terminal without a size').toContain('… prices-daily · 100 of 500 items')
  expect(shownOn(100, act)).toContain('\n      rows = 3\n')
})

test('in a file or a pipe a box that takes minutes gets a line of progress a minute, without secrets', () => {
  registerSecret('A_KEY', 'secret-of-nobody-1234567890')
  let now_ms = 0
  const parts: string[] = []
  const terminal = new Terminal({ write: (part) => void parts.push(part) }, () => now_ms)
  terminal.boxStarted('06-production-ingestion', 'prices ran')
  for (let seconds = 0; seconds <= 130; seconds += 10) {
    now_ms = seconds * 1_000
    terminal.progress(`prices-daily · ${100 + seconds} of 500 items secret-of-nobody-1234567890`)
  }
  const lines = parts.join('').trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(
    /^ {6}… prices-daily · 160 of 500 items .* · 1\.0 items\/s · about 5 min 40 s left$/,
  )
  expect(parts.join('')).not.toContain('secret-of-nobody')
})

test('a box that took long in an earlier run begins with the time left, cut to the width', () => {
  const phases = [{ phase: '07-validation', boxes: [BOX, { ...BOX, claim: 'bars are sane' }] }]
  const run = { ...runOf('live', 'dropbox'), phases } as unknown as RunView
  const key = boxKey('07-validation', BOX.claim)
  const beginOn = (columns: number): string =>
    shownOn(columns, (terminal) => {
      terminal.started(run, new Map([[key, 3_600_000]]))
      terminal.boxStarted('07-validation', BOX.claim)
      terminal.boxEnded('07-validation', BOX)
    })
  expect(beginOn(120)).toContain('every series is complete · about 1 h 00 min left · run: more than ')
  const lines = beginOn(60).split(/[\n\r]/)
  const shown = lines.find((line) => line.includes('… every series'))?.replace('\u001b[2K', '')
  expect(shown?.length).toBeLessThanOrEqual(60)
})

test('the end names the verdict, what blocked, the next step, and where to look', () => {
  const endOf = (run: RunView): string => shownOn(undefined, (terminal) => terminal.ended(run, 'reports/r'))
  const failed = runOf('live', 'dropbox')
  const phases = [{ phase: '07-validation', state: 'failed', boxes: [] }] as unknown as RunView['phases']
  expect(endOf({ ...failed, phases })).toMatch(
    /^\nFAILED · .*\n {2}07-validation: "bars are sane" failed: .*\n {2}next: fix 07-validation; npx vitest run phases\/07 .*\n {2}audit page {3}reports\/r\/audit.html\n/,
  )
  expect(endOf({ ...failed, verdict: 'INTERRUPTED', phases })).toContain(
    'next: npx vitest run phases runs the complete checklist again',
  )
  expect(endOf({ ...failed, verdict: 'PASSED', reasons: [] })).toContain('next: npm run gate says')
  expect(endOf({ ...failed, mode: 'rehearsal', verdict: 'PASSED', reasons: [] })).not.toContain('next:')
})
