/** The engine as a whole: a small checklist, run by a real Vitest in a process of its own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { HEAD, type Trial, type TrialRun, trialsOf } from '../testing/trial.ts'
import { type Element, parseXml } from '../testing/xml.ts'

const PLAN = `
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
const box = (claim: string, body = 'await record({ seen: 1 }); expect(1).toBe(1)'): string =>
  `test(${JSON.stringify(claim)}, async ({ record, progress }) => { ${body} })\n`
const FILES = {
  '00-ground':
    box('the ground holds', `await record({ rows: 3, hash: 'abc' }); expect(1).toBe(1)`) +
    box('the ground is level'),
  '01-walls': `needs('00-ground')\n${box('the walls stand')}${box('the walls are "straight" & <plumb>')}`,
  '02-roof': `needs('01-walls')\n${box('the roof is tight')}`,
}

const trial = trialsOf(PLAN, FILES)

const states = (run: TrialRun): string[] =>
  run.view.phases.flatMap((phase) => phase.boxes.map((each) => each.state))
const ticks = (of: Trial): string[] => readdirSync(join(of.directory, 'reports', 'ledger')).toSorted()
const boxOf = (run: TrialRun, claim: string) =>
  run.view.phases.flatMap((phase) => phase.boxes).find((each) => each.claim === claim)

/** What holds for every run, whatever happened in it. */
function expectTruthful(run: TrialRun): void {
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
      skipped: count('skipped'),
    })
  }
  expect(run.exit_code === 0, 'exit code 0 means PASSED').toBe(run.view.verdict === 'PASSED')
  expect(document.attributes['failures'] === '0', 'no failure in JUnit means PASSED').toBe(
    run.view.verdict === 'PASSED',
  )
  expect(checkRun(run.run_directory).faults).toEqual([])
  expect(checkRun(run.run_directory).notes).toEqual([])
}

describe('a run', () => {
  test('passes when every expected box ran and passed, and says so everywhere', async () => {
    const subject = trial()
    const run = await subject.run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('PASSED')
    expect(ticks(subject)).toEqual(['00-ground.json', '01-walls.json', '02-roof.json'])
    expect(boxOf(run, 'the ground holds')?.evidence).toEqual({ rows: 3, hash: 'abc' })
    expect(run.output).toContain('[x] the ground holds')
    expect(run.output).toContain('rows = 3 · hash = abc')
    expect(readFileSync(join(run.run_directory, 'checklist.md'), 'utf8')).toContain('- [x] the roof is tight')
    expect(existsSync(join(subject.directory, 'reports', 'latest', 'audit.html'))).toBe(true)
  })

  test('with a failed box lists every later box as blocked by it', async () => {
    const subject = trial({
      '00-ground':
        box('the ground holds', `await record({ rows: 0 }); expect(0).toBe(3)`) + box('the ground is level'),
    })
    const run = await subject.run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
    expect(states(run)).toEqual(['failed', 'passed', 'open', 'open', 'open'])
    expect(boxOf(run, 'the roof is tight')?.reason).toBe('blocked by 00-ground: "the ground holds" failed')
    expect(boxOf(run, 'the ground holds')?.evidence).toEqual({ rows: 0 })
    expect(run.output).toContain('expected +0 to be 3')
    expect(ticks(subject)).toEqual([])
  })

  test('takes the ticks of a phase and of all later ones away when the phase starts', async () => {
    const subject = trial()
    await subject.run()
    subject.write({ 'boxes/01-walls.test.ts': 'throw new Error("the file cannot be loaded")' })
    const run = await subject.run(['01'])
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
    expect(ticks(subject)).toEqual(['00-ground.json'])
    expect((await subject.run(['02'])).view.phases[2]?.cause).toBe(
      'blocked by 01-walls, which is not ticked for this target',
    )
  })

  test('of one phase alone obeys the ledger, and is INCOMPLETE even when the phase passes', async () => {
    const subject = trial()
    await subject.run()
    const alone = await subject.run(['02'])
    expectTruthful(alone)
    expect(alone.view.verdict).toBe('INCOMPLETE')
    expect(states(alone)).toEqual(['open', 'open', 'open', 'open', 'passed'])
    const elsewhere = await subject.run(['02'], { TRIAL_DATABASE: 'two' })
    expectTruthful(elsewhere)
    expect(elsewhere.view.phases[2]?.state, 'a tick of one target opens no phase of another').toBe('blocked')
  })

  test('with a name filter is INCOMPLETE and names what was left out', async () => {
    const run = await trial().run(['-t', 'level'])
    expectTruthful(run)
    expect(run.view.verdict).toBe('INCOMPLETE')
    expect(boxOf(run, 'the ground holds')?.reason).toBe('not run: the box was not selected in this run')
    expect(run.output).toContain('-t level')
  })

  test('of nothing is no success', async () => {
    const run = await trial().run(['-t', 'no such box', '--passWithNoTests'])
    expectTruthful(run)
    expect(run.view.verdict).toBe('INCOMPLETE')
  })
})

describe('a box that is not applicable', () => {
  const level = (body: string): Readonly<Record<string, string>> => ({
    '00-ground':
      box('the ground holds') +
      `test('the ground is level', async ({ record, notApplicable, skip }) => { ${body} })\n`,
  })

  test('does not keep the run from PASSED, is counted apart everywhere, and gives its reason', async () => {
    const subject = trial(level(`await record({ slopes: 0 }); notApplicable('no slope was measured')`))
    const run = await subject.run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('PASSED')
    expect(states(run)).toEqual(['passed', 'not applicable', 'passed', 'passed', 'passed'])
    expect(boxOf(run, 'the ground is level')).toMatchObject({
      reason: 'not applicable: no slope was measured',
      evidence: { slopes: 0 },
    })
    expect(ticks(subject)).toEqual(['00-ground.json', '01-walls.json', '02-roof.json'])
    const counts = '4 of 5 boxes ticked, 0 failed, 1 not applicable, 0 open'
    expect(run.output).toContain('[-] the ground is level\n      not applicable: no slope was measured')
    expect(run.output).toContain(`PASSED · REHEARSAL · ${counts}`)
    expect(run.junit).toContain('<skipped message="not applicable: no slope was measured"/>')
    expect(run.junit).toContain('<property name="boxes_not_applicable" value="1"/>')
    const read = (name: string): string => readFileSync(join(run.run_directory, name), 'utf8')
    expect(read('checklist.md')).toContain(counts)
    expect(read('checklist.md')).toContain('- [-] the ground is level')
    expect(read('audit.html')).toContain('<b>1</b><span class="soft">not applicable</span>')
  })

  test.for([
    ['without evidence', `notApplicable('no slope was measured')`, 'FAILED', 'records its evidence first'],
    ['without a reason', `await record({ slopes: 0 }); notApplicable('')`, 'FAILED', 'gives a reason'],
    ['that only skips itself', `await record({ slopes: 0 }); skip('tired')`, 'INCOMPLETE', 'tired'],
    [
      'whose assertion failed before',
      `await record({ slopes: 0 }); expect(0).toBe(1); notApplicable('x')`,
      'FAILED',
      '',
    ],
  ] as const)('%s is no such box', async ([, body, verdict, reason]) => {
    const run = await trial(level(body)).run()
    expectTruthful(run)
    expect(run.view.verdict).toBe(verdict)
    expect(run.view.reasons.join('\n')).toContain(reason)
    expect(run.view.phases[1]?.state).toBe('blocked')
  })
})

describe('boxes beyond the original checklist', () => {
  test('are apart in every report, stop with the others, and need no other order', async () => {
    const plan = PLAN.replace('- [ ] the walls are', '### also proven\n- [ ] the walls are')
    const also = `test.describe('also proven', () => { ${box('the walls are "straight" & <plumb>')} })`
    const walls = (first: string): string => `needs('00-ground')\nstopsAtFirstFailure()\n${first}${also}`
    const subject = trial({ '01-walls': walls(box('the walls stand')) })
    subject.write({ 'plan.md': plan })
    const run = await subject.run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('PASSED')
    expect(run.view.phases[1]?.boxes.map(({ is_also_proven }) => is_also_proven)).toEqual([false, true])
    expect(readFileSync(join(run.run_directory, 'checklist.md'), 'utf8')).toMatch(
      /stand\n.*\n\n### also proven\n\n- \[x\] the walls are/,
    )
    expect(readFileSync(join(run.run_directory, 'audit.html'), 'utf8')).toContain('also proven</th>')
    const failing = box('the walls stand', 'await record({ bricks: 0 }); expect(0).toBe(1)')
    subject.write({ 'boxes/01-walls.test.ts': `${HEAD}${walls(failing)}` })
    const stopped = await subject.run()
    expectTruthful(stopped)
    expect(boxOf(stopped, 'the walls are "straight" & <plumb>')?.reason).toBe(
      'skipped: "the walls stand" failed',
    )
  })
})

describe('a phase that breaks outside of its boxes', () => {
  test.for([
    ['cannot be imported', `import './missing.ts'\n${FILES['01-walls']}`, 'missing.ts'],
    [
      'fails in a hook before its boxes',
      `${FILES['01-walls']}test.beforeAll(() => { throw new Error('no bricks') })`,
      'no bricks',
    ],
    [
      'fails in a hook after its boxes',
      `${FILES['01-walls']}test.afterAll(() => { throw new Error('bricks left over') })`,
      'bricks left over',
    ],
    [
      'loses its process',
      FILES['01-walls'].replace(
        'expect(1)',
        `await record({ bricks: 7 }); process.kill(process.pid, 'SIGKILL'); expect(1)`,
      ),
      'died',
    ],
    [
      'is cut off by process.exit',
      FILES['01-walls'].replace('expect(1)', 'process.exit(0); expect(1)'),
      'process.exit',
    ],
  ] as const)('%s is FAILED, and blocks what comes after', async ([, text, message]) => {
    const subject = trial({ '01-walls': text })
    const run = await subject.run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
    expect(run.view.reasons.join('\n')).toContain(message)
    expect(run.output).toContain(message)
    expect(boxOf(run, 'the roof is tight')?.reason).toMatch(/^blocked by 01-walls/)
    expect(ticks(subject)).toEqual(['00-ground.json'])
    if (message === 'died')
      expect(boxOf(run, 'the walls stand')?.evidence, 'what was recorded survives').toMatchObject({
        bricks: 7,
      })
  })

  test('an error that nobody awaited makes the run FAILED', async () => {
    const late = box(
      'the roof is tight',
      `setTimeout(() => { throw new Error('a late leak') }, 1); await new Promise((done) => setTimeout(done, 60)); expect(1).toBe(1)`,
    )
    const run = await trial({ '02-roof': `needs('01-walls')\n${late}` }).run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
    expect(run.output).toContain('a late leak')
  })
})

describe('boxes that are not as the plan says', () => {
  const first = box('the walls stand')
  const second = box('the walls are "straight" & <plumb>')
  /** The text of a checklist whose first box vitest is told to leave out. */
  const leftOut = (how: 'skip' | 'todo'): string => first.replace('test(', `test.${how}(`)
  test.for([
    ['a skipped one', `${leftOut('skip')}${second}`, 'was not selected'],
    [
      'one that skips itself',
      `${first.replace('async ({', 'async ({ skip,').replace('expect(1)', `skip('no bricks today'); expect(1)`)}${second}`,
      'no bricks today',
    ],
    ['a todo', `${leftOut('todo')}${second}`, 'was not selected'],
    ['a missing one', second, 'has no such box'],
    ['a renamed one', `${box('the walls stand up')}${second}`, '"the walls stand up" is not in the plan'],
    [
      'an additional one',
      `${first}${second}${box('the walls are blue')}`,
      '"the walls are blue" is not in the plan',
    ],
    ['reordered ones', `${second}${first}`, 'against the order of the plan'],
    ['a repeated one', `${first}${first}${second}`, 'twice'],
  ] as const)('%s makes the run INCOMPLETE, and is named', async ([, text, message]) => {
    const run = await trial({ '01-walls': `needs('00-ground')\n${text}` }).run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('INCOMPLETE')
    expect(run.view.reasons.join('\n')).toContain(message)
    expect(run.view.phases[1]?.state).not.toBe('ticked')
    expect(run.view.phases[2]?.state).toBe('blocked')
  })

  test('a box without an assertion fails', async () => {
    const run = await trial({
      '02-roof': `needs('01-walls')\n${box('the roof is tight', 'await record({ tiles: 1 })')}`,
    }).run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
  })

  test('a phase file that the plan does not know is named', async () => {
    const run = await trial({ '03-garden': box('the garden grows') }).run()
    expectTruthful(run)
    expect(run.view.reasons.join('\n')).toContain('03-garden is not in the plan')
    expect(run.view.verdict).toBe('INCOMPLETE')
  })
})
