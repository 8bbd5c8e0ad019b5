import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { changesIn, git } from '../helpers/checklist/code.ts'
import type { JournalEntry } from '../helpers/checklist/events.ts'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { judge } from '../helpers/checklist/judge.ts'
import { boxesOf, MARK, type RunView, viewOf } from '../helpers/checklist/view.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { plainJson } from '../helpers/core/text.ts'
import { attestationFaults } from './check-statement.ts'
import { escapeHtml } from './html.ts'
import { escapeXml, RUN_SUITE } from './junit.ts'
import { linksIn, MANIFEST_FILE, type Manifest, manifestText, otherFiles, PAGES, sha256Of } from './write.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const manifestSchema = z.strictObject({
  run_id: z.string(),
  mode: z.string().nullable(),
  verdict: z.enum(['PASSED', 'FAILED', 'INCOMPLETE', 'INTERRUPTED', 'RUNNING']),
  journal: z.strictObject({ lines: z.int(), head_sha256: sha256, sha256 }),
  files: z.record(z.string(), sha256),
})

export interface CheckResult {
  readonly view: RunView | undefined
  /** What is wrong, each with its file and where possible its line. Empty when nothing is. */
  readonly faults: readonly string[]
  /** What a reader should know, and is no fault. */
  readonly notes: readonly string[]
}

/**
 * Checks one run's folder: the chain of the journal, the manifest, and whether every page agrees with the
 * journal. The code that wrote the pages must write them again byte by byte; with another version of it,
 * verdict and boxes are compared, and a note says so.
 */
export function checkRun(run_directory: string, is_same_code = isSameCode): CheckResult {
  const faults: string[] = []
  const notes: string[] = []
  const file = join(run_directory, 'journal.jsonl')
  if (!existsSync(file))
    return { view: undefined, faults: [`journal.jsonl is missing in ${run_directory}`], notes }
  const reading = verifyJournal(file)
  if (reading.fault !== undefined)
    faults.push(`journal.jsonl, line ${reading.fault.line}: ${reading.fault.what}`)
  if (reading.entries[0]?.event !== 'run-started')
    return { view: undefined, faults: [...faults, 'journal.jsonl does not begin with run-started'], notes }

  notes.push(...setBack(reading.entries))

  const manifest = readManifest(run_directory)
  if (typeof manifest === 'string') faults.push(manifest)
  const last = reading.entries.at(-1)
  // Reports of a run that has not ended cover the lines up to the last phase that ended.
  const reported_lines =
    last?.event === 'run-ended' || typeof manifest === 'string'
      ? reading.entries.length
      : Math.max(1, manifest.journal.lines)
  const entries = reading.entries.slice(0, reported_lines)
  const view = viewOf(entries)
  const head = entries.at(-1)?.sha256 ?? ''
  if (last?.event !== 'run-ended') {
    notes.push(
      `the run has not ended: it is still running, or its process died (then the next run records that); ` +
        `its reports cover the first ${reported_lines} of ${reading.entries.length} lines`,
    )
  } else {
    const { verdict } = judge(reading.entries)
    const agrees = last.verdict === verdict || last.verdict === 'INTERRUPTED'
    if (!agrees)
      faults.push(`journal.jsonl, line ${last.seq}: it says ${last.verdict}, but its boxes give ${verdict}`)
  }
  if (typeof manifest !== 'string') {
    faults.push(...manifestFaults(run_directory, manifest, view, entries))
    if (last?.event === 'run-ended') faults.push(...attestationFaults(run_directory, view, manifest))
  }
  for (const [name, write] of Object.entries(PAGES)) {
    const path = join(run_directory, name)
    if (!existsSync(path)) continue // Reported already, as missing from the manifest's list.
    const text = readFileSync(path, 'utf8')
    if (text === write(view, head)) continue
    const differing = DIFFERENCES[name]?.(text, view, head) ?? []
    faults.push(...differing)
    if (is_same_code(view))
      faults.push(`${name} does not follow from the journal: it was changed after it was written`)
    else if (differing.length === 0)
      notes.push(
        `${name} differs from what this code writes: another version wrote it, or it was changed. ` +
          'Its verdict and boxes agree; its evidence was not compared, and is in the journal',
      )
  }
  return { view, faults, notes }
}

/** Lines at which the clock of the machine was set back: their order is certain, their times are not. */
const setBack = (entries: readonly JournalEntry[]): string[] =>
  entries.flatMap(({ seq, at }, index) => {
    const before = entries[index - 1]?.at ?? at
    return at < before
      ? [
          `journal.jsonl, line ${seq}: its time, ${at}, is earlier than that of the line before: ` +
            'the clock was set back',
        ]
      : []
  })

function readManifest(run_directory: string): Manifest | string {
  try {
    const text = readFileSync(join(run_directory, MANIFEST_FILE), 'utf8')
    const manifest = manifestSchema.parse(JSON.parse(text))
    return manifestText(manifest) === text
      ? manifest
      : 'manifest.json: its bytes are not as they were written'
  } catch (error) {
    return `manifest.json cannot be read: ${messageOf(error)}`
  }
}

function manifestFaults(
  run_directory: string,
  manifest: Manifest,
  view: RunView,
  entries: readonly JournalEntry[],
): string[] {
  const faults: string[] = []
  const expect = (what: string, listed: unknown, found: unknown): void => {
    if (listed !== found)
      faults.push(`manifest.json: it says ${what} ${String(listed)}, the journal says ${String(found)}`)
  }
  expect('run', manifest.run_id, view.run_id)
  expect('mode', manifest.mode, view.mode)
  expect('verdict', manifest.verdict, view.verdict)
  expect('lines', manifest.journal.lines, entries.length)
  expect('last hash', manifest.journal.head_sha256, entries.at(-1)?.sha256)
  expect(
    'journal hash',
    manifest.journal.sha256,
    sha256Of(entries.map((entry) => `${plainJson(entry)}\n`).join('')),
  )
  for (const name of Object.keys(PAGES))
    if (manifest.files[name] === undefined) faults.push(`manifest.json: it does not list ${name}`)
  for (const [name, listed] of Object.entries(manifest.files)) {
    const path = join(run_directory, name)
    if (!isFileName(name)) faults.push(`manifest.json: "${name}" is not the name of a file of a run`)
    else if (!existsSync(path)) faults.push(`${name} is missing`)
    else if (sha256Of(readFileSync(path)) !== listed)
      faults.push(`${name} is not the file that the manifest lists: its SHA-256 differs`)
  }
  if (view.verdict !== 'RUNNING')
    for (const name of otherFiles(run_directory))
      if (manifest.files[name] === undefined) faults.push(`${name} is not a file that the manifest lists`)
  faults.push(...linksIn(run_directory).map((name) => `${name} is a link, and a run has files alone`))
  return faults
}

/** A path below the folder of the run, with slashes. */
const isFileName = (name: string): boolean =>
  !name.includes('\\') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** Whether the checkout is the one that the run was made from, and neither was changed. */
function isSameCode({ identity }: RunView): boolean {
  // Whether a file differs is asked last: git then reads every file.
  return (
    identity['git_is_dirty'] === false &&
    identity['git_commit'] === git(ROOT_DIRECTORY, 'rev-parse', 'HEAD') &&
    changesIn(ROOT_DIRECTORY)?.length === 0
  )
}

/** By page, how to find where it differs from the journal. */
const DIFFERENCES: Readonly<Record<string, (text: string, view: RunView, head: string) => string[]>> = {
  'junit.xml': junitFaults,
  'checklist.md': tickedFaults,
  'audit.html': auditFaults,
}

/** Verdict, seal, and boxes of the audit page that differ from the journal. */
function auditFaults(text: string, view: RunView, head: string): string[] {
  const verdicts = [/<title>(\w+)/, /<div class="verdict[^>]*>\s*<strong[^>]*>(\w+)/].map(
    (where) => where.exec(text)?.[1],
  )
  const faults = verdicts
    .filter((verdict) => verdict !== view.verdict)
    .map((verdict) => `audit.html: it says ${verdict ?? 'no verdict'}, the journal says ${view.verdict}`)
  if (!text.includes(`<pre>${head}</pre>`))
    faults.push('audit.html: its seal is not the hash of the last line of the journal')
  const said = [...text.matchAll(/<td class="mark [^"]*">(\[.\])<\/td><td>([^<]*)/g)]
  for (const [index, { box }] of boxesOf(view).entries()) {
    const [, mark, claim = ''] = said[index] ?? []
    if (mark !== MARK[box.state] || claim !== escapeHtml(box.claim))
      faults.push(
        `audit.html: box ${index + 1} is ${mark ?? 'missing'} "${claim}", ` +
          `the journal says ${MARK[box.state]} "${box.claim}"`,
      )
  }
  return faults
}

/** Boxes whose JUnit testcase differs from the journal. */
function junitFaults(text: string, view: RunView): string[] {
  const states = new Map<string, string>()
  for (const [, phase = '', claim = '', body = ''] of text.matchAll(
    /<testcase classname="([^"]*)" name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g,
  )) {
    states.set(`${phase}\n${claim}`, stateOfTestcase(body))
  }
  const faults = boxesOf(view).flatMap(({ phase, box }) => {
    const said = states.get(`${phase.phase}\n${escapeXml(box.claim).replaceAll('"', '&quot;')}`)
    if (said === box.state) return []
    const found = `"${box.claim}" of ${phase.phase} is ${said ?? 'missing'}`
    return [`junit.xml: ${found}, the journal says ${box.state}`]
  })
  const run = [...states].find(([key]) => key.startsWith(`${RUN_SUITE}\n`))?.[1]
  if (run !== (view.verdict === 'PASSED' ? 'passed' : 'failed'))
    faults.push(`junit.xml: its verdict is not ${view.verdict}`)
  return faults
}

/** The state of a box by the content of its testcase. */
function stateOfTestcase(body: string): string {
  if (/<(failure|error)\b/.test(body)) return 'failed'
  if (/<skipped message="not applicable: /.test(body)) return 'not applicable'
  return /<skipped\b/.test(body) ? 'open' : 'passed'
}

/** Lines of the ticked checklist that differ from the journal. */
function tickedFaults(text: string, view: RunView): string[] {
  const lines = text.split('\n')
  const said = lines.flatMap((line, index) => (/^- \[.\] /.test(line) ? [{ line, number: index + 1 }] : []))
  const boxes = boxesOf(view)
  const faults = boxes.flatMap(({ box }, index) => {
    const { line = '', number = lines.length } = said[index] ?? {}
    const wanted = `- ${MARK[box.state]} ${box.claim}`
    return line.startsWith(wanted)
      ? []
      : [`checklist.md, line ${number}: the journal says "${wanted.slice(2)}"`]
  })
  if (said.length > boxes.length)
    faults.push(`checklist.md, line ${said[boxes.length]?.number}: the journal has no such box`)
  if (!lines[0]?.includes(view.verdict)) faults.push(`checklist.md, line 1: the verdict is ${view.verdict}`)
  return faults
}
