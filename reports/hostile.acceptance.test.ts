/** Text from outside, made to harm its readers: in every output it is escaped, cut and redacted. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { Terminal } from '../helpers/checklist/terminal.ts'
import { type RunView, viewOf } from '../helpers/checklist/view.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { pointTo } from '../helpers/core/pointer.ts'
import { writeSampleRun } from '../helpers/testing/sample-run.ts'
import { parseXml } from '../helpers/testing/xml.ts'
import { parseEnvelope, payloadOf } from './dsse.ts'
import { evidenceHtml } from './html.ts'
import { writeReportsAndIndex } from './runs-index.ts'
import { writeReports } from './write.ts'

const PASSWORD = 'correct-horse@battery'
/** Each part harms another reader: browsers, XML, Markdown, terminals, whoever reads from left to right. */
const HOSTILE = [
  '<script>alert(1)</script> \\<script> " onload="x" <img src=//evil.example/x.png>',
  ']]> &amp; <!-- --> <?php ?> ![x](//evil.example/x.png) [x](javascript:alert(1))',
  '\u001b[31mred \u001b]8;;//evil.example\u0007link \u001b[2J \u009b31m \u0000 \b\b\b \r',
  '\u202egpj.exe \u2066 \u200f \ud800 \udfff \ufffe',
  `postgresql://jane:${PASSWORD}@db.example:5432/stocks host=db password=${PASSWORD}`,
].join(' ')
const LONG = `${HOSTILE}${' and more'.repeat(1_200_000)}`
/** No page and no line has so much of it. */
const UNCUT = ' and more'.repeat(2_000)
/** How this product itself commands a terminal: the line of progress is written again. */
const ANEW = '\r\u001b[2K'

const state = mkdtempSync(join(tmpdir(), 'hostile-'))
const runs = join(state, 'reports', 'runs')
const FIRST = '20260101T000000Z-000001'
const SECOND = '20260102T000000Z-000002'
afterAll(() => rmSync(state, { recursive: true, force: true }))

const fileOf = (run_id: string, name: string): string => readFileSync(join(runs, run_id, name), 'utf8')
let view: RunView

beforeAll(() => {
  for (const run_id of [FIRST, SECOND]) {
    const sample =
      run_id === FIRST
        ? { verdict: 'INCOMPLETE' as const }
        : { verdict: 'FAILED' as const, reasons: [LONG], text: HOSTILE, long_text: LONG.slice(0, 100_000) }
    writeSampleRun(join(runs, run_id), { run_id, ...sample })
    writeReportsAndIndex(join(runs, run_id))
  }
  pointTo(join(state, 'reports', 'latest'), join(runs, SECOND))
  view = viewOf(verifyJournal(join(runs, SECOND, 'journal.jsonl')).entries)
})

/** What no reader may get: a character that commands a terminal or turns text round, and the password. */
function expectHarmless(text: string, name: string): void {
  expect(text.includes(UNCUT), `${name} is not cut`).toBe(false)
  expect(/[^\P{Cc}\t\n]|\p{Bidi_Control}/u.exec(text)?.[0], name).toBeUndefined()
  expect(text.isWellFormed(), `${name} is Unicode`).toBe(true)
  for (const part of [PASSWORD, ...PASSWORD.split('@')]) expect(text, name).not.toContain(part)
}

test('HTML: the page and the index', () => {
  for (const [name, html] of [
    ['audit.html', fileOf(SECOND, 'audit.html')],
    ['index.html', readFileSync(join(state, 'reports', 'index.html'), 'utf8')],
  ] as const) {
    expectHarmless(html, name)
    expect(html, name).not.toMatch(/<script|<img|<!-- -->|<\?php|" onload="/)
  }
})

test('10 MB in any part of one box: every page is cut, and the journal has all of it', () => {
  const long = `first line\n${HOSTILE}${' and more'.repeat(1_200_000)}`
  const directory = join(state, 'long')
  mkdirSync(directory)
  writeSampleRun(directory, { securities: 5, long_text: long, skipped: long })
  writeReports(directory)
  for (const name of ['audit.html', 'junit.xml', 'checklist.md']) {
    const text = readFileSync(join(directory, name), 'utf8')
    expect(text.length, name).toBeLessThan(1_000_000)
    expectHarmless(text, name)
  }
  expect(statSync(join(directory, 'journal.jsonl')).size).toBeGreaterThan(20_000_000)
  for (const evidence of [{ long }, { [long]: 1 }, { list: [long] }, { rows: [{ [long]: long }] }])
    expect(evidenceHtml(evidence).length, Object.keys(evidence).join().slice(0, 10)).toBeLessThan(20_000)
  const entries = evidenceHtml({ entries: Array.from({ length: 9 }, () => long) })
  expect(entries.length, 'a list of long entries').toBeLessThan(20_000)
})

test('JUnit', () => {
  const junit = fileOf(SECOND, 'junit.xml')
  expectHarmless(junit, 'junit.xml')
  expect(junit).not.toContain(']]>')
  expect(parseXml(junit).children.length).toBeGreaterThan(9)
})

test('Markdown: the ticked checklist has no HTML, no link and no image', () => {
  const markdown = fileOf(SECOND, 'checklist.md')
  expectHarmless(markdown, 'checklist.md')
  const unescaped = markdown.replaceAll(/\\[\\<[\]]/g, '').replaceAll(/^- \[[x! ]\] /gm, '')
  expect(unescaped).not.toMatch(/[<[\]]/)
})

test('JSON: journal, manifest and statement hold the text, and a terminal that shows them is safe', () => {
  const journal = fileOf(SECOND, 'journal.jsonl').trimEnd().split('\n')
  for (const line of journal) {
    JSON.parse(line)
    expectHarmless(line.replaceAll(UNCUT, ''), 'journal.jsonl')
  }
  expectHarmless(fileOf(SECOND, 'manifest.json'), 'manifest.json')
  const attestation = fileOf(SECOND, 'attestation.json')
  expectHarmless(attestation, 'attestation.json')
  expectHarmless(payloadOf(parseEnvelope(attestation)).toString('utf8'), 'the statement')
  const evidence = view.phases[0]?.boxes[0]?.evidence['output']
  expect(evidence, 'nothing but the password is lost').toContain('\u001b[31mred')
})

test.for([
  ['gate', ['gate.ts'], 'alert(1)'],
  ['report:verify', ['verify-report.ts', join(runs, SECOND)], 'FAILED'],
  ['report diff', ['report.ts', 'diff', FIRST, SECOND], 'alert(1)'],
  ['an unknown run', ['report.ts', 'diff', HOSTILE.replaceAll('\0', ''), SECOND], 'alert(1)'],
] as const)('the command: %s', async ([name, [command, ...args], shown]) => {
  const { stdout, stderr } = await execa(
    process.execPath,
    [join(ROOT_DIRECTORY, 'ingest', 'commands', command), ...args],
    { env: { BOOTSTRAP_STATE: state, TERM: 'xterm-256color', FORCE_COLOR: '1' }, reject: false },
  )
  expect(stdout + stderr, name).toContain(shown)
  expectHarmless(stdout + stderr, name)
  for (const line of stdout.split('\n')) expect(line.length, name).toBeLessThan(2_000)
})

test.for([true, false])('the checklist while it runs, on a terminal: %s', (isTTY) => {
  const parts: string[] = []
  const write = (part: string): void => void parts.push(part)
  const terminal = new Terminal({ write, isTTY, columns: 80, hasColors: () => false })
  const [phase] = view.phases
  const [box] = phase?.boxes ?? []
  if (phase === undefined || box === undefined) throw new TypeError('The sample has no box.')
  const fault = { name: HOSTILE, message: LONG, at: HOSTILE }
  terminal.started({ ...view, run_id: HOSTILE })
  terminal.phase(HOSTILE)
  terminal.boxStarted(phase.phase, HOSTILE)
  terminal.progress(HOSTILE)
  terminal.boxEnded(phase.phase, {
    ...box,
    claim: HOSTILE,
    state: 'failed',
    reason: HOSTILE,
    evidence: { [HOSTILE]: LONG, rows: [{ [HOSTILE]: HOSTILE }] },
    faults: [fault],
  })
  terminal.fault(fault)
  terminal.note(HOSTILE)
  terminal.open({ ...phase, boxes: [{ ...box, claim: HOSTILE, state: 'open', reason: LONG }] })
  terminal.ended({ ...view, reasons: [LONG, HOSTILE] }, HOSTILE)
  const shown = parts.map((part) => part.replace(ANEW, '')).join('')
  expect(shown).toContain('alert(1)')
  expectHarmless(shown, 'the terminal')
  if (isTTY) expect(parts.filter((part) => part.startsWith(ANEW)).length).toBeGreaterThan(1)
})
