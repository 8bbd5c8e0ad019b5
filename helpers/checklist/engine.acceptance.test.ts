/**
 * The whole engine: phases that fail, and boxes that differ from the plan. One child process for each case.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  box,
  boxOf,
  expectTruthful,
  FILES,
  levelBox,
  PLAN,
  smallChecklist,
  ticks,
} from '../testing/small-checklist.ts'
import { HEAD } from '../testing/trial.ts'

const trial = smallChecklist()

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

  test('an error outside of any awaited promise makes the run FAILED', async () => {
    const late = box(
      'the roof is tight',
      `setTimeout(() => { throw new Error('a late leak') }, 1)
       await new Promise((done) => setTimeout(done, 60)); expect(1).toBe(1)`,
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
  /** The text of a box that skips itself. */
  const skipping = (text: string, why: string): string =>
    text.replace('async ({', 'async ({ skip,').replace('expect(1)', `skip('${why}'); expect(1)`)
  /** The text of a checklist whose first box vitest is told to leave out. */
  const leftOut = (how: 'skip' | 'todo'): string => first.replace('test(', `test.${how}(`)
  test.for([
    ['a skipped one', `${leftOut('skip')}${second}`, 'was not selected'],
    ['one that skips itself', `${skipping(first, 'no bricks today')}${second}`, 'no bricks today'],
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

  test('a phase file that is not in the plan is named', async () => {
    const run = await trial({ '03-garden': box('the garden grows') }).run()
    expectTruthful(run)
    expect(run.view.reasons.join('\n')).toContain('03-garden is not in the plan')
    expect(run.view.verdict).toBe('INCOMPLETE')
  })
})

describe('a run', () => {
  test('with a name filter is INCOMPLETE and names what was left out', async () => {
    const run = await trial().run(['-t', 'level'])
    expectTruthful(run)
    expect(run.view.verdict).toBe('INCOMPLETE')
    expect(boxOf(run, 'the ground holds')?.reason).toBe('not run: the box was not selected in this run')
    expect(run.output).toContain('-t level')
  })

  test('without any box is INCOMPLETE', async () => {
    const run = await trial().run(['-t', 'no such box', '--passWithNoTests'])
    expectTruthful(run)
    expect(run.view.verdict).toBe('INCOMPLETE')
  })
})

describe('a box that is not applicable', () => {
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
  ] as const)('a box %s is not that', async ([, body, verdict, reason]) => {
    const run = await trial(levelBox(body)).run()
    expectTruthful(run)
    expect(run.view.verdict).toBe(verdict)
    expect(run.view.reasons.join('\n')).toContain(reason)
    expect(run.view.phases[1]?.state).toBe('blocked')
  })
})

describe('boxes beyond the original checklist', () => {
  test('are listed apart in every report, and stop after a failed one as the others do', async () => {
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

  test('do not run after one that lost its connection to the database', async () => {
    const lost = "throw Object.assign(new Error('x'), { cause: { name: 'ConnectionLostError' } })"
    const first = box('the walls stand', `await record({ bricks: 0 }); ${lost}`)
    const subject = trial({
      '01-walls': `needs('00-ground')\n${first}${box('the walls are "straight" & <plumb>')}`,
    })
    const run = await subject.run()
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
    expect(boxOf(run, 'the walls are "straight" & <plumb>')?.reason).toBe(
      'skipped: blocked by "the walls stand", which lost its connection to PostgreSQL',
    )
  })
})
