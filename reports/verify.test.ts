/** A signed run with logs, a backup and a bundle: one changed byte, a run written anew, and who signed it. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { execa } from 'execa'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { publishBundle } from '../helpers/backup/bundle.ts'
import type { RunEvent } from '../helpers/checklist/events.ts'
import { Journal, verifyJournal } from '../helpers/checklist/journal.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { BACKUP, type EvidenceTrial, evidenceTrials } from '../helpers/testing/evidence-trial.ts'
import { runs } from '../helpers/testing/runs.ts'
import { parseEnvelope, payloadOf } from './dsse.ts'
import { UNSIGNED, type Verification, verifyEvidence } from './verify.ts'
import { ATTESTATION_FILE, JOURNAL_FILE, writeReports } from './write.ts'

const trial = evidenceTrials()
const scratch = mkdtempSync(join(tmpdir(), 'verify-'))
const directory = join(scratch, 'run')
const key_file = join(scratch, 'keys', 'signing.pem')
const public_file = join(scratch, 'keys', 'signing.pub.pem')
const report = join(ROOT_DIRECTORY, 'ingest', 'commands', 'report.ts')
let subject: EvidenceTrial
let original: string
let key: KeyObject
let bundle: string

beforeAll(async () => {
  await execa(process.execPath, [report, 'key', key_file])
  key = createPublicKey(readFileSync(public_file))
  subject = await trial()
  const run = await subject.run([], { BOOTSTRAP_SIGNING_KEY: key_file })
  expect(run.view.verdict, run.output).toBe('PASSED')
  original = run.run_directory
  mkdirSync(join(original, 'logs'))
  writeFileSync(join(original, 'logs', 'production-run.jsonl'), '{"level":"info"}\n')
  writeSigned(original)
  const { remote_name } = await publishBundle(original, subject.remote, {
    run_id: run.view.run_id,
    is_final: true,
  })
  bundle = join(subject.remote_root, 'stocks-research', remote_name)
})
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true })
  cpSync(original, directory, { recursive: true })
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** The reports are written again as at the end of a run, with the key or without it. */
function writeSigned(run_directory: string, file: string | null = key_file): void {
  const before = process.env['BOOTSTRAP_SIGNING_KEY']
  if (file !== null) process.env['BOOTSTRAP_SIGNING_KEY'] = file
  try {
    writeReports(run_directory)
  } finally {
    if (before === undefined) delete process.env['BOOTSTRAP_SIGNING_KEY']
    else process.env['BOOTSTRAP_SIGNING_KEY'] = before
  }
}

const verify = (path: string, given?: KeyObject): Promise<Verification> => {
  const { backups, remote, trial: made } = subject
  return verifyEvidence(path, { repository: made.directory, plan: 'plan.md', backups, remote, key: given })
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted()

test('an intact run holds: its files, its signature, its plan, its backup in two places', async () => {
  expect(await verify(directory, key)).toMatchObject({
    faults: [],
    notes: ['5 of 5 boxes ticked, 0 failed, 0 not applicable, 0 open', 'signed by the key that was given'],
  })
  const { faults, notes } = await verify(bundle, key)
  expect({ faults, notes: notes.length }).toEqual({ faults: [], notes: 2 })
})

test('the statement names commit, tree, plan, verdict, and the hashes of files, backup and universe', () => {
  const envelope = parseEnvelope(readFileSync(join(directory, ATTESTATION_FILE), 'utf8'))
  const statement = JSON.parse(payloadOf(envelope).toString('utf8')) as {
    subject: { name: string; digest: Record<string, string> }[]
    predicate: { configuration: { annotations?: object }[]; [field: string]: unknown }
  }
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: { result: 'PASSED', warnedTests: [], failedTests: [] },
  })
  expect(statement.predicate['passedTests']).toContain('02-roof: the roof is tight')
  expect(statement.predicate.configuration.at(-1)?.annotations).toMatchObject({
    verdict: 'PASSED',
    mode: 'live',
  })
  const digests = Object.fromEntries(statement.subject.map(({ name, digest }) => [name, digest]))
  expect(digests['commit']).toEqual({ gitCommit: subject.git('rev-parse', 'HEAD') })
  expect(digests['tree']).toEqual({ gitTree: subject.git('rev-parse', 'HEAD^{tree}') })
  for (const name of ['journal.jsonl', 'junit.xml', 'checklist.md', 'audit.html', 'manifest.json'])
    expect(digests[name], name).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  for (const name of [`backups/${BACKUP}`, `backups/${BACKUP}.json`])
    expect(digests[name], name).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
})

test('one changed byte in any file of a run is found, and the file is named', async () => {
  const files = filesIn(directory)
  expect(files).toContain('bundle.zip')
  expect(files).toContain(join('logs', 'production-run.jsonl'))
  const change = fc.tuple(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 1, max: 255 }))
  const isFound = async (name: string, at: number, bits: number): Promise<void> => {
    const file = join(directory, name)
    const bytes = readFileSync(file)
    const changed = Buffer.from(bytes)
    const offset = at % bytes.length
    changed[offset] = (changed[offset] ?? 0) ^ bits
    writeFileSync(file, changed)
    const { faults } = await verify(directory)
    writeFileSync(file, bytes)
    expect(faults.join('\n'), `${name}, byte ${offset}`).toContain(name.replaceAll('\\', '/'))
  }
  await fc.assert(
    fc.asyncProperty(change, ([name, at, bits]) => isFound(name, at, bits)),
    { numRuns: runs(300, 60) },
  )
  for (const name of files) {
    await isFound(name, 0, 1)
    await isFound(name, statSync(join(directory, name)).size - 1, 1)
  }
})

test('one changed byte in a bundle is found, wherever it is', async () => {
  const copy = join(scratch, basename(bundle))
  const bytes = readFileSync(bundle)
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ bits
      writeFileSync(copy, changed)
      expect((await verify(copy)).faults.join('\n'), `byte ${at}`).toContain(basename(copy))
    }),
    { numRuns: runs(100, 20) },
  )
})

test('a file that was added or removed is named', async () => {
  writeFileSync(join(directory, 'logs', 'more.jsonl'), '{}\n')
  rmSync(join(directory, 'logs', 'production-run.jsonl'))
  expect((await verify(directory)).faults).toEqual([
    'logs/production-run.jsonl is missing',
    'logs/more.jsonl is not a file that the manifest lists',
  ])
})

test('a file that was replaced by a link is named, and so is a link that was added', async () => {
  const page = join(directory, 'audit.html')
  const elsewhere = join(scratch, 'elsewhere.html')
  cpSync(page, elsewhere)
  rmSync(page)
  symlinkSync(elsewhere, page)
  symlinkSync(elsewhere, join(directory, 'logs', 'more.jsonl'))
  expect((await verify(directory)).faults).toEqual([
    'audit.html is a link, and a run has files alone',
    'logs/more.jsonl is a link, and a run has files alone',
  ])
})

/** The whole run again, with other evidence and a consistent chain. */
function forge(): void {
  const file = join(directory, JOURNAL_FILE)
  const { entries } = verifyJournal(file)
  rmSync(file)
  for (const name of ['bundle.zip', 'bundle.zip.sha256']) rmSync(join(directory, name))
  const journal = Journal.create(file)
  for (const { seq: _seq, at, prev: _prev, sha256: _sha256, ...event } of entries) {
    const changed =
      event.event === 'box-evidence' ? { ...event, evidence: { ...event.evidence, rows: 4 } } : event
    journal.append(changed as RunEvent, new Date(at))
  }
  journal.close()
}

test('a run that was written anew is named when a key is given, and called unsigned else', async () => {
  forge()
  writeSigned(directory, null)
  expect((await verify(directory, key)).faults).toEqual([
    'attestation.json: it is not signed, and a signature by the key is required',
  ])
  const unsigned = await verify(directory)
  expect(unsigned.faults).toEqual([])
  expect(unsigned.notes).toContain(UNSIGNED)

  const other = generateKeyPairSync('ed25519').privateKey
  const other_file = join(scratch, 'other.pem')
  writeFileSync(other_file, other.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeSigned(directory, other_file)
  expect((await verify(directory, key)).faults).toEqual([
    'attestation.json: it is not signed by the key that was given',
  ])
  expect((await verify(directory)).notes.join('\n')).toMatch(/signed by ed25519:\S+; give its public key/)
})

test('a plan with fewer boxes than that of the commit is named', async () => {
  const file = join(directory, JOURNAL_FILE)
  const { entries } = verifyJournal(file)
  rmSync(file)
  const journal = Journal.create(file)
  for (const { seq: _seq, at, prev: _prev, sha256: _sha256, ...event } of entries)
    journal.append(
      (event.event === 'run-started'
        ? { ...event, expected: event.expected.slice(0, 2) }
        : event) as RunEvent,
      new Date(at),
    )
  journal.close()
  writeReports(directory)
  expect((await verify(directory)).faults).toContain(
    'journal.jsonl, line 1: the boxes that it expects are not those of the plan plan.md',
  )
})

test.for([
  ['here', 'archive', BACKUP, 'its SHA-256 is'],
  ['here', 'manifest', `${BACKUP}.json`, 'its SHA-256 is'],
  ['there', 'archive', BACKUP, 'its content hash is'],
  ['there', 'manifest', `${BACKUP}.json`, 'its content hash is not that of'],
] as const)('a backup that is missing or differs %s is named: %s', async ([where, , name, differs]) => {
  const folder = where === 'here' ? subject.backups : join(subject.remote_root, 'stocks-research')
  const file = join(folder, name)
  const bytes = readFileSync(file)
  try {
    writeFileSync(file, 'other bytes')
    expect((await verify(directory)).faults.join('\n')).toMatch(new RegExp(`${name}.*${differs}`))
    rmSync(file)
    expect((await verify(directory)).faults.join('\n')).toMatch(new RegExp(`${name} is missing`))
  } finally {
    writeFileSync(file, bytes)
  }
})

test('a remote store that cannot be asked is a note, and no proof', async () => {
  const { backups, trial: made } = subject
  const where = { repository: made.directory, plan: 'plan.md', backups, remote: 'it does not answer' }
  const { faults, notes } = await verifyEvidence(directory, where)
  expect(faults).toEqual([])
  expect(notes).toContain('the remote store was not checked: it does not answer')
})

test('a key is written for its owner alone, and is never overwritten', async () => {
  if (process.platform !== 'win32') expect(statSync(key_file).mode & 0o777).toBe(0o600)
  const before = readFileSync(key_file, 'utf8')
  const { exitCode, stderr } = await execa(process.execPath, [report, 'key', key_file], { reject: false })
  expect(exitCode).toBe(1)
  expect(stderr).toContain('a key is never overwritten')
  expect(readFileSync(key_file, 'utf8')).toBe(before)
})

test('the command exits 1 without the key that signed, and names why', async () => {
  const command = join(ROOT_DIRECTORY, 'ingest', 'commands', 'verify-report.ts')
  const env = { BOOTSTRAP_STATE: subject.trial.directory, DROPBOX_FOLDER: subject.remote_root }
  const run = (...args: string[]) =>
    execa(process.execPath, [command, directory, ...args], { env, reject: false })
  const good = await run('--key', public_file)
  expect(good.stdout).toContain('signed by the key that was given')
  expect(good.exitCode, good.stdout).toBe(0)
  const other = join(scratch, 'other.pub.pem')
  const { publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(other, publicKey.export({ type: 'spki', format: 'pem' }))
  const bad = await run('--key', other)
  expect(bad.exitCode).toBe(1)
  expect(bad.stdout).toContain('FAULT: attestation.json: it is not signed by the key that was given')
})
