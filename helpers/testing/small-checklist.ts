/** A small checklist, run by a real Vitest in a process of its own; and what holds for each of its runs. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { type Trial, type TrialRun, trialsOf } from './trial.ts'
import { type Element, parseXml } from './xml.ts'

export const PLAN = `
## Phase 0 · Ground
\`00-ground\` · why
- [ ] the ground holds
- [ ] the ground is level
## Phase 1 · Walls
\`01-walls\` · why
- [ ] the walls stand
- [ ] the walls are "straight" & <plumb>
## Phase 2 · Roof
\`02-roof\` · why
- [ ] the roof is tight
`
export const box = (claim: string, body = 'await record({ seen: 1 }); expect(1).toBe(1)'): string =>
  `test(${JSON.stringify(claim)}, async ({ record, progress }) => { ${body} })\n`
export const FILES = {
  '00-ground':
    box('the ground holds', `await record({ rows: 3, hash: 'abc' }); expect(1).toBe(1)`) +
    box('the ground is level'),
  '01-walls': `needs('00-ground')\n${box('the walls stand')}${box('the walls are "straight" & <plumb>')}`,
  '02-roof': `needs('01-walls')\n${box('the roof is tight')}`,
}

/** The first phase with another second box, which may be not applicable or skip itself. */
export const levelBox = (body: string): Readonly<Record<string, string>> => ({
  '00-ground':
    box('the ground holds') +
    `test('the ground is level', async ({ record, notApplicable, skip }) => { ${body} })\n`,
})

/** Makes a trial of this checklist, with the files changed that a test changes. */
export const smallChecklist = () => trialsOf(PLAN, FILES)

export const states = (run: TrialRun): string[] =>
  run.view.phases.flatMap((phase) => phase.boxes.map((each) => each.state))
export const ticks = (of: Trial): string[] => readdirSync(join(of.directory, 'reports', 'ledger')).toSorted()
export const boxOf = (run: TrialRun, claim: string) =>
  run.view.phases.flatMap((phase) => phase.boxes).find((each) => each.claim === claim)

/** What holds for every run, whatever happened in it. */
export function expectTruthful(run: TrialRun): void {
  const document = parseXml(run.junit)
  const suites = document.children
  const cases = suites.flatMap((suite) => suite.children.filter((each) => each.name === 'testcase'))
  const names = cases.map((each) => `${each.attributes['classname']} ${each.attributes['name']}`)
  expect(new Set(names).size, 'classname and name are unique').toBe(names.length)
  const is = (each: Element, name: string): boolean => each.children.some((child) => child.name === name)
  for (const phase of run.view.phases) {
    for (const { claim, state } of phase.boxes) {
      const found = cases.find(
        (each) => each.attributes['classname'] === phase.phase && each.attributes['name'] === claim,
      )
      if (found === undefined) throw new Error(`JUnit has no testcase for "${claim}"`)
      const is_skipped = state === 'open' || state === 'not applicable'
      expect([is(found, 'failure'), is(found, 'skipped')], claim).toEqual([state === 'failed', is_skipped])
      if (is_skipped)
        expect(found.children.find((each) => each.name === 'skipped')?.attributes['message']).toMatch(/\w/)
    }
  }
  for (const suite of [document, ...suites]) {
    const own = suite === document ? cases : suite.children.filter((each) => each.name === 'testcase')
    const count = (name: string): string => String(own.filter((each) => is(each, name)).length)
    const { tests, failures, errors, skipped } = suite.attributes
    expect({ tests, failures, errors, skipped }).toEqual({
      tests: String(own.length),
      failures: count('failure'),
      errors: count('error'),
      skipped: suite === document ? undefined : count('skipped'),
    })
  }
  expect(run.exit_code === 0, 'exit code 0 means PASSED').toBe(run.view.verdict === 'PASSED')
  expect(document.attributes['failures'] === '0', 'no failure in JUnit means PASSED').toBe(
    run.view.verdict === 'PASSED',
  )
  expect(checkRun(run.run_directory).faults).toEqual([])
  expect(checkRun(run.run_directory).notes).toEqual([])
}
