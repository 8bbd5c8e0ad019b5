/** JUnit as its readers read it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, type TestSuite, type TestSuites } from 'junit2json'
import { afterAll, expect, test } from 'vitest'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { viewOf } from '../helpers/checklist/view.ts'
import { type SampleRun, writeSampleRun } from '../helpers/testing/sample-run.ts'
import { type Element, parseXml } from '../helpers/testing/xml.ts'
import { RUN_SUITE } from './junit.ts'
import { writeReports } from './write.ts'

const scratch = mkdtempSync(join(tmpdir(), 'junit-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function junitOfRun(sample: SampleRun): string {
  const directory = mkdtempSync(join(scratch, 'run-'))
  writeSampleRun(directory, sample)
  writeReports(directory)
  return readFileSync(join(directory, 'junit.xml'), 'utf8')
}

interface Rule {
  readonly children: readonly string[]
  readonly required: readonly string[]
  readonly allowed: readonly string[]
}

const COUNTS = ['tests', 'failures', 'errors']
const MESSAGE: Rule = { children: [], required: [], allowed: ['type', 'message'] }
const TEXT: Rule = { children: [], required: [], allowed: [] }

/**
 * What Jenkins' schema allows: junit-10.xsd of jenkinsci/xunit-plugin, its elements that a checklist needs.
 * GitLab, GitHub's reporters and Azure accept more.
 */
const JENKINS: Readonly<Record<string, Rule>> = {
  testsuites: { children: ['testsuite'], required: [], allowed: ['name', 'time', ...COUNTS] },
  testsuite: {
    children: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
    required: ['name', ...COUNTS],
    allowed: ['group', 'time', 'skipped', 'timestamp', 'hostname', 'id', 'package', 'file', 'log', 'url'],
  },
  properties: { children: ['property'], required: [], allowed: [] },
  property: { children: [], required: ['name', 'value'], allowed: [] },
  testcase: {
    children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
    required: ['name'],
    allowed: ['time', 'classname', 'group'],
  },
  failure: MESSAGE,
  error: MESSAGE,
  skipped: MESSAGE,
  'system-out': TEXT,
  'system-err': TEXT,
}

/** Where a document breaks the rules, by element. */
function faultsOf({ name, attributes, children }: Element, where = ''): string[] {
  const path = `${where}/${name}`
  const rule = JENKINS[name]
  if (rule === undefined) return [`${path} is not in the schema`]
  const given = Object.keys(attributes)
  const known = [...rule.required, ...rule.allowed]
  return [
    ...rule.required.filter((each) => !given.includes(each)).map((each) => `${path} lacks ${each}`),
    ...given.filter((each) => !known.includes(each)).map((each) => `${path} may not have ${each}`),
    ...children.flatMap((child) =>
      rule.children.includes(child.name) ? faultsOf(child, path) : [`${path} may not contain ${child.name}`],
    ),
  ]
}

const HOSTILE = '<script>alert(1)</script> ]]> " & \u001b[31mred\u001b[0m \u0000'
const SAMPLES: Readonly<Record<string, SampleRun>> = {
  passed: {},
  failed: { verdict: 'FAILED', reasons: [HOSTILE], text: HOSTILE },
  incomplete: { verdict: 'INCOMPLETE', reasons: ['a box is missing'] },
}

test.each(Object.entries(SAMPLES))("JUnit of a run that %s keeps to Jenkins' schema", (_, sample) => {
  expect(faultsOf(parseXml(junitOfRun(sample)))).toEqual([])
})

test("a document that breaks Jenkins' schema is seen to", () => {
  const wrong =
    '<testsuites skipped="1"><testsuite name="a"><testcase name="b"><properties/></testcase>' +
    '</testsuite></testsuites>'
  expect(faultsOf(parseXml(wrong))).toEqual([
    '/testsuites may not have skipped',
    '/testsuites/testsuite lacks tests',
    '/testsuites/testsuite lacks failures',
    '/testsuites/testsuite lacks errors',
    '/testsuites/testsuite/testcase may not contain properties',
  ])
})

interface Reading {
  readonly state: 'passed' | 'failed' | 'error' | 'skipped'
  /** What the reader shows as the reason, where it shows one. */
  readonly reason: string
}
const child = ({ children }: Element, name: string): Element | undefined =>
  children.find((each) => each.name === name)
const messageIn = (element: Element | undefined): string => element?.attributes['message'] ?? ''

/** What each service makes of a testcase: the rules of its own parser, as its source has them in 2026. */
const READERS: Readonly<Record<string, (testcase: Element) => Reading>> = {
  /** gitlabhq: lib/gitlab/ci/parsers/test/junit.rb. It shows the text of a failure, not its message. */
  GitLab(testcase) {
    const failure = child(testcase, 'failure')
    const error = child(testcase, 'error')
    if (failure !== undefined) return { state: 'failed', reason: failure.text }
    if (error !== undefined) return { state: 'error', reason: error.text }
    const skipped = child(testcase, 'skipped')
    return { state: skipped === undefined ? 'passed' : 'skipped', reason: messageIn(skipped) }
  },
  /** mikepenz/action-junit-report: src/testParser.ts. A skipped testcase never fails. */
  GitHub(testcase) {
    const failure = child(testcase, 'failure') ?? child(testcase, 'error')
    const skipped = child(testcase, 'skipped')
    if (skipped !== undefined) return { state: 'skipped', reason: messageIn(skipped) }
    if (failure === undefined) return { state: 'passed', reason: '' }
    return { state: failure.name === 'error' ? 'error' : 'failed', reason: messageIn(failure) }
  },
  /** microsoft/azure-pipelines-agent: JunitResultReader.cs. */
  Azure(testcase) {
    const states = { failure: 'failed', error: 'error', skipped: 'skipped' } as const
    for (const name of ['failure', 'error', 'skipped'] as const) {
      const found = child(testcase, name)
      if (found !== undefined) return { state: states[name], reason: messageIn(found) }
    }
    return { state: 'passed', reason: '' }
  },
}

test.each(Object.entries(READERS))('%s reads each box as it ended, with its reason', (reader, read) => {
  const directory = mkdtempSync(join(scratch, 'run-'))
  writeSampleRun(directory, {
    verdict: 'FAILED',
    reasons: [HOSTILE],
    text: HOSTILE,
    skipped: 'it was blocked',
  })
  writeReports(directory)
  const junit = readFileSync(join(directory, 'junit.xml'), 'utf8')
  expect(junit.length, 'GitLab reads up to 30 MB').toBeLessThan(30_000_000)
  const view = viewOf(verifyJournal(join(directory, 'journal.jsonl')).entries)
  const seen = new Set<string>()
  for (const suite of parseXml(junit).children) {
    expect(Date.parse(suite.attributes['timestamp'] ?? ''), 'Azure reads the time of a suite').not.toBeNaN()
    for (const testcase of suite.children.filter(({ name }) => name === 'testcase')) {
      const { classname, name } = testcase.attributes
      const { state, reason } = read(testcase)
      const box = view.phases
        .find(({ phase }) => phase === classname)
        ?.boxes.find(({ claim }) => claim === name)
      const ended = classname === RUN_SUITE ? 'failed' : (box?.state ?? 'error')
      const is_skipped = ended === 'open' || ended === 'not applicable'
      expect(state, `${reader}: ${name}`).toBe(is_skipped ? 'skipped' : ended)
      if (state !== 'passed') expect(reason, `${reader}: ${name}`).toMatch(/\w/)
      if (state === 'failed') expect(reason).toContain('<script>alert(1)</script> ]]> " &')
      seen.add(state)
    }
  }
  expect([...seen].toSorted()).toEqual(['failed', 'passed', 'skipped'])
})

test('an independent parser reads the same counts, the message of a failure and its evidence', async () => {
  const read = (await parse(junitOfRun(SAMPLES['failed'] ?? {}))) as TestSuites
  const suites = (read.testsuite ?? []) as TestSuite[]
  expect(suites.map(({ name }) => name).at(-1)).toBe('run')
  const cases = suites.flatMap((suite) => suite.testcase ?? [])
  const failed = cases.filter(({ failure }) => failure !== undefined)
  expect([read.tests, read.failures, read.errors]).toEqual([cases.length, failed.length, 0])
  const names = cases.map(({ classname, name }) => `${classname} ${name}`)
  expect(new Set(names).size, 'GitLab keeps only the first of equal names').toBe(names.length)
  const [box] = failed
  expect(box?.failure?.[0]?.type).toBe('AssertionError')
  expect(box?.failure?.[0]?.message).toContain('<script>alert(1)</script> ]]> " &')
  expect(JSON.stringify(box?.['system-out'])).toContain('rows = 11')
})
