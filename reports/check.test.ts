/** Every report of a real run is falsified, and the verifier must find it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { JournalEntry, RunEvent } from '../helpers/checklist/events.ts'
import { Journal, verifyJournal } from '../helpers/checklist/journal.ts'
import { viewOf } from '../helpers/checklist/view.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { Trial } from '../helpers/testing/trial.ts'
import { checkRun } from './check.ts'
import { envelopeOf, envelopeText, parseEnvelope, payloadOf } from './dsse.ts'
import { PAYLOAD_TYPE, statementOf } from './statement.ts'
import { ATTESTATION_FILE, type Manifest, sha256Of, statedFiles, writeReports } from './write.ts'

const PLAN = `## Phase 0 · Ground
\`00-ground\`
- [ ] the ground holds
- [ ] the ground is level
## Phase 1 · Roof
\`01-roof\`
- [ ] the roof is tight
`
const trial = new Trial(PLAN, {
  '00-ground': `
test('the ground holds', async ({ record }) => { await record({ rows: 3 }); expect(1).toBe(1) })
test('the ground is level', async ({ record }) => { await record({ slope: 2 }); expect(1).toBe(2) })`,
  '01-roof': `needs('00-ground')
test('the roof is tight', async ({ record }) => { await record({ tiles: 7 }); expect(1).toBe(1) })`,
})
const scratch = mkdtempSync(join(tmpdir(), 'check-'))
const directory = join(scratch, 'run')
let original = ''
beforeAll(async () => {
  original = (await trial.run()).run_directory
})
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true })
  cpSync(original, directory, { recursive: true })
})
afterAll(() => {
  trial.remove()
  rmSync(scratch, { recursive: true, force: true })
})

/** Changes a report; `sealed` also makes manifest and statement fit it, as a careful forger would. */
function falsify(name: string, from: string, to: string, sealed: boolean): void {
  const file = join(directory, name)
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(from, to)
  expect(changed, `${name} holds "${from}"`).not.toBe(text)
  writeFileSync(file, changed)
  if (!sealed) return
  const manifest = join(directory, 'manifest.json')
  const listed = readFileSync(manifest, 'utf8').replace(sha256Of(text), sha256Of(changed))
  writeFileSync(manifest, listed)
  const { entries } = verifyJournal(join(directory, 'journal.jsonl'))
  const statement = statementOf(viewOf(entries), statedFiles(JSON.parse(listed) as Manifest))
  const envelope = envelopeOf(PAYLOAD_TYPE, Buffer.from(statement))
  writeFileSync(join(directory, ATTESTATION_FILE), envelopeText(envelope))
}

test('the reports of the engine are verified', () => {
  expect(checkRun(directory)).toMatchObject({ faults: [], notes: [], view: { verdict: 'FAILED' } })
})

test.for([
  [
    'an unrun box that JUnit shows as passed',
    'junit.xml',
    '<skipped message="blocked by 00-ground: &quot;the ground is level&quot; failed"/>',
    '',
    'junit.xml: "the roof is tight" of 01-roof is passed, the journal says open',
  ],
  [
    'a testcase that was removed from JUnit',
    'junit.xml',
    'name="the ground holds"',
    'name="another"',
    'junit.xml: "the ground holds" of 00-ground is missing',
  ],
  [
    'a box that was ticked by hand',
    'checklist.md',
    '- [ ] the roof',
    '- [x] the roof',
    'the journal says "[ ] the roof is tight"',
  ],
  [
    'a changed verdict on the audit page',
    'audit.html',
    '>FAILED',
    '>PASSED',
    'audit.html: it says PASSED, the journal says FAILED',
  ],
  [
    'a changed verdict in the audit page’s box',
    'audit.html',
    '<strong class="bad">FAILED',
    '<strong class="bad">PASSED',
    'audit.html: it says PASSED, the journal says FAILED',
  ],
  [
    'a box that was ticked on the audit page',
    'audit.html',
    '<td class="mark bad">[!]</td>',
    '<td class="mark good">[x]</td>',
    'audit.html: box 2 is [x] "the ground is level", the journal says [!]',
  ],
  [
    'a changed verdict in the checklist',
    'checklist.md',
    'FAILED',
    'PASSED',
    'checklist.md, line 1: the verdict is FAILED',
  ],
] as const)('%s is found, even when the manifest was made to fit', ([, name, from, to, message]) => {
  falsify(name, from, to, true)
  expect(checkRun(directory).faults.join('\n')).toContain(message)
})

test.for([
  ['junit.xml', 'rows = 3', 'rows = 4'],
  ['checklist.md', 'rows = 3', 'rows = 4'],
  ['audit.html', '<dd>3</dd>', '<dd>4</dd>'],
] as const)(
  'changed evidence in %s is found by the code that wrote it; another version notes that it did not',
  ([name, from, to]) => {
    falsify(name, from, to, true)
    expect(checkRun(directory, () => true).faults).toEqual([
      `${name} does not follow from the journal: it was changed after it was written`,
    ])
    expect(checkRun(directory, () => false)).toMatchObject({
      faults: [],
      notes: [expect.stringContaining('its evidence was not compared')],
    })
  },
)

test.for(['junit.xml', 'checklist.md', 'audit.html'])(
  'a changed %s is not the one that the manifest lists',
  (name) => {
    falsify(name, 'the ground holds', 'the ground held', false)
    expect(checkRun(directory).faults.join('\n')).toContain(`${name} is not the file that the manifest lists`)
  },
)

test('a changed verdict in the manifest is found', () => {
  falsify('manifest.json', '"FAILED"', '"PASSED"', false)
  expect(checkRun(directory).faults).toContain(
    'manifest.json: it says verdict PASSED, the journal says FAILED',
  )
})

test('a changed line of the journal is named', () => {
  falsify('journal.jsonl', '"rows":3', '"rows":4', false)
  const line =
    readFileSync(join(directory, 'journal.jsonl'), 'utf8')
      .split('\n')
      .findIndex((each) => each.includes('"rows":4')) + 1
  expect(checkRun(directory).faults).toContain(
    `journal.jsonl, line ${line}: its hash does not match its content`,
  )
})

test('lines cut from the end of the journal are found by the manifest', () => {
  const file = join(directory, 'journal.jsonl')
  writeFileSync(file, readFileSync(file, 'utf8').trimEnd().split('\n').slice(0, -2).join('\n').concat('\n'))
  expect(checkRun(directory).faults.join('\n')).toContain('manifest.json: it says lines')
})

test('a journal that was written anew with another verdict contradicts its own boxes', () => {
  const file = join(directory, 'journal.jsonl')
  const { entries } = verifyJournal(file)
  rmSync(file)
  const journal = Journal.create(file)
  for (const entry of entries) journal.append(withVerdict(entry))
  journal.close()
  writeReports(directory)
  expect(checkRun(directory).faults).toEqual([
    `journal.jsonl, line ${entries.length}: it says PASSED, but its boxes give FAILED`,
  ])
})

test('a journal that expects no box is no PASSED run', () => {
  const file = join(directory, 'journal.jsonl')
  const [started] = verifyJournal(file).entries
  rmSync(file)
  const journal = Journal.create(file)
  if (started === undefined) throw new TypeError('The journal has no line.')
  journal.append({ ...withVerdict(started), expected: [] } as RunEvent)
  journal.append({ event: 'run-ended', verdict: 'PASSED', reasons: [], noticed_by: null })
  journal.close()
  writeReports(directory)
  expect(checkRun(directory).faults).toEqual([
    'journal.jsonl, line 2: it says PASSED, but its boxes give INCOMPLETE',
  ])
})

test('a clock that was set back is noted, and is no fault', () => {
  const file = join(directory, 'journal.jsonl')
  const { entries } = verifyJournal(file)
  rmSync(file)
  const journal = Journal.create(file)
  for (const [index, { seq: _seq, at: _at, prev: _prev, sha256: _sha256, ...event }] of entries.entries())
    journal.append(event as RunEvent, new Date(Date.UTC(2026, 0, 1, index === 3 ? 9 : 10, 0, index)))
  journal.close()
  writeReports(directory)
  const { faults, notes } = checkRun(directory)
  expect(faults).toEqual([])
  expect(notes).toEqual([
    expect.stringMatching(/^journal\.jsonl, line 4: its time, 2026-01-01T09:00:03\.000Z/),
  ])
  expect(readFileSync(join(directory, 'junit.xml'), 'utf8')).not.toMatch(/time="-/)
  expect(readFileSync(join(directory, 'audit.html'), 'utf8')).not.toMatch(/NaN|-\d+ (ms|s|min)/)
})

function withVerdict({ seq: _seq, at: _at, prev: _prev, sha256: _sha256, ...event }: JournalEntry): RunEvent {
  return event.event === 'run-ended' ? { ...event, verdict: 'PASSED', reasons: [] } : (event as RunEvent)
}

test('the command exits 0 for an intact run, and 1 with file and line for a changed one', async () => {
  const command = join(ROOT_DIRECTORY, 'ingest', 'commands', 'verify-report.ts')
  const plan = ['--repository', trial.directory, '--plan', 'plan.md']
  const verify = () => execa(process.execPath, [command, directory, ...plan], { reject: false })
  expect(await verify()).toMatchObject({ exitCode: 0 })
  falsify('journal.jsonl', '"rows":3', '"rows":4', false)
  const { exitCode, stdout } = await verify()
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/FAULT: journal\.jsonl, line \d+/)
})

test('a statement of a version that this code does not know is named, with its version', () => {
  const file = join(directory, ATTESTATION_FILE)
  const statement = payloadOf(parseEnvelope(readFileSync(file, 'utf8'))).toString('utf8')
  const later = statement.replace('"statement_version": 1,', '"statement_version": 2,')
  expect(later).not.toBe(statement)
  writeFileSync(file, envelopeText(envelopeOf(PAYLOAD_TYPE, Buffer.from(later))))
  expect(checkRun(directory).faults).toEqual([
    'attestation.json: its statement has version 2; this code knows 1. ' +
      'Verify it with the version of the product that wrote it',
  ])
})

test.for([
  ['a space', '{', '{ ', 'its statement is not as it was written'],
  ['a word', 'plan of the checklist', 'a plan', 'configuration: not what follows from the journal'],
  ['its version', '"statement_version": 1,', '"statement_version": "1",', 'configuration: not what follows'],
  ['its verdict', '"result": "FAILED"', '"result": "PASSED"', 'result: not what follows from the journal'],
])('a statement that differs by %s is named', ([, from, to, message]) => {
  const file = join(directory, ATTESTATION_FILE)
  const statement = payloadOf(parseEnvelope(readFileSync(file, 'utf8'))).toString('utf8')
  const changed = statement.replace(from ?? '', to ?? '')
  expect(changed).not.toBe(statement)
  writeFileSync(file, envelopeText(envelopeOf(PAYLOAD_TYPE, Buffer.from(changed))))
  expect(checkRun(directory).faults.join('\n')).toContain(message)
})
