/** What Vitest accepts, or does not check, and a checklist must reject. */
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { pointTo } from '../core/pointer.ts'
import { type TrialRun, trialsOf } from '../testing/trial.ts'
import { HOLDS, PLAN, twoPhases } from '../testing/two-phases.ts'
import { judge } from './judge.ts'

const trial = twoPhases()

test('a failure is the sentence of its assertion, and its first line is the reason of the run', async () => {
  const url = pathToFileURL(join(ROOT_DIRECTORY, 'helpers', 'checklist', 'expectations.ts')).href
  const ground = `import { expectNone } from '${url}'\n${HOLDS.replace(
    'expect(1).toBe(1)',
    "expectNone(['row 7 is loose', 'row 8 is loose', 'row 8 is loose'], 'violation of a check')",
  )}`
  const run = await trial({ '00-ground': ground }).run()
  const sentence = 'found 3 violations of a check, expected none: row 7 is loose'
  expect(run.view.reasons[0]).toBe(`00-ground: "the ground holds" failed: ${sentence}`)
  expect(run.output).toContain(`      ${sentence}\n        row 8 is loose (2 times)\n      at `)
  expect(run.junit).toContain(
    `<failure message="${sentence}&#10;  row 8 is loose (2 times)" type="ClaimError">`,
  )
  expect(run.view.phases[0]?.boxes[0]?.faults[0]?.at).toContain('00-ground.test.ts')
})

describe('after a run that passed', () => {
  const subject = trial()
  const plan = join(subject.directory, 'plan.md')
  let passed: TrialRun
  beforeAll(async () => {
    passed = await subject.run()
    expect(passed.view.verdict, passed.output).toBe('PASSED')
  })

  test('a journal in which a box runs twice, or before its turn, is no pass', async () => {
    const { entries } = passed
    const over = entries.filter(({ event }) => event !== 'run-ended')
    expect(judge(over)).toEqual({ verdict: 'PASSED', reasons: [] })
    const of = (phase: string) =>
      over.filter((entry) => 'phase' in entry && entry.phase === phase && entry.event.startsWith('box-'))
    const after = 1 + over.findLastIndex((entry) => of('00-ground').includes(entry))
    const twice = over.toSpliced(after, 0, ...of('00-ground'))
    expect(judge(twice).verdict).toBe('INCOMPLETE')
    expect(judge(twice).reasons).toContain('00-ground: "the ground holds" ran twice')
    const turned = [...over.filter((entry) => !of('00-ground').includes(entry)), ...of('00-ground')]
    expect(judge(turned).reasons.join()).toMatch(/"the ground holds" ran after "the roof is tight", against/)
  })

  test('a plan that cannot be read is a sentence, and no older PASSED looks like the result', async () => {
    const refusals = [
      [() => renameSync(plan, `${plan}.old`), 'no such file'],
      [
        () => writeFileSync(plan, PLAN.replace('- [ ] the roof', '- [x] the roof')),
        'line 6: a box of the plan must be open',
      ],
    ] as const
    for (const [spoil, message] of refusals) {
      spoil()
      const run = await subject.run()
      expect(run.exit_code).toBe(1)
      expect(run.view.verdict).toBe('FAILED')
      expect(run.output).toContain(message)
      expect(run.output).not.toMatch(/^\s+(at|❯) /m)
      expect(checkRun(join(subject.directory, 'reports', 'latest')).view?.run_id).toBe(run.view.run_id)
    }
    writeFileSync(plan, PLAN)
  })

  test('a run that cannot write its evidence does not begin, and removes an older PASSED', async () => {
    pointTo(join(subject.directory, 'reports', 'latest'), passed.run_directory)
    const runs = join(subject.directory, 'reports', 'runs')
    renameSync(runs, `${runs}.old`)
    writeFileSync(runs, 'a file where the folder was')
    const { exitCode, all } = await subject.start()
    expect(exitCode).toBe(1)
    expect(all).toMatch(/The evidence of this run cannot be written below .*reports: .*Nothing was touched/)
    expect(all).not.toMatch(/^\s+(at|❯) /m)
    expect(existsSync(join(subject.directory, 'reports', 'latest'))).toBe(false)
  })
})

test('a box that reads what a failed box did not leave is blocked by it', async () => {
  const roof = `needs('00-ground')
const tiles = new Left('the roof is tight')
test('the roof is tight', async ({ record }) => {
  await record({ tiles: 7 })
  throw new TypeError('it rains')
  tiles.value = 7
})
test('the tiles are counted', async ({ record }) => {
  await record({ tiles: tiles.value })
  expect(1).toBe(1) })`
  const { view } = await trialsOf(`${PLAN}- [ ] the tiles are counted\n`, {
    '00-ground': HOLDS,
    '01-roof': roof,
  })({}).run()
  const boxes = view.phases.at(-1)?.boxes ?? []
  expect(boxes.map(({ state }) => state)).toEqual(['failed', 'open'])
  expect(boxes[1]?.reason).toContain('blocked by "the roof is tight", which failed before it had a result')
})
