/** The engine as a whole, on a small checklist. What else a run may meet: engine.acceptance.test.ts. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  box,
  boxOf,
  expectTruthful,
  levelBox,
  smallChecklist,
  states,
  ticks,
} from '../testing/small-checklist.ts'
import type { TrialRun } from '../testing/trial.ts'

const trial = smallChecklist()

describe('a run that passed, and the next ones', () => {
  let passed: TrialRun
  const subject = trial()
  beforeAll(async () => {
    passed = await subject.run()
  })

  test('passes when every expected box ran and passed, and says so everywhere', async () => {
    const run = passed
    expectTruthful(run)
    expect(run.view.verdict).toBe('PASSED')
    expect(ticks(subject)).toEqual(['00-ground.json', '01-walls.json', '02-roof.json'])
    expect(boxOf(run, 'the ground holds')?.evidence).toEqual({ rows: 3, hash: 'abc' })
    expect(run.output).toContain('[x] the ground holds')
    expect(run.output, 'evidence is not for a pipe').not.toContain('rows = 3')
    expect(readFileSync(join(run.run_directory, 'checklist.md'), 'utf8')).toContain('- [x] the roof is tight')
    expect(existsSync(join(subject.directory, 'reports', 'latest', 'audit.html'))).toBe(true)
  })

  test('of one phase alone obeys the ledger, and is INCOMPLETE even when the phase passes', async () => {
    const alone = await subject.run(['02'])
    expectTruthful(alone)
    expect(alone.view.verdict).toBe('INCOMPLETE')
    expect(states(alone)).toEqual(['open', 'open', 'open', 'open', 'passed'])
    const elsewhere = await subject.run(['02'], { TRIAL_DATABASE: 'two' })
    expectTruthful(elsewhere)
    expect(elsewhere.view.phases[2]?.state, 'a tick of one target opens no phase of another').toBe('blocked')
  })

  test('removes the ticks of a phase and of all later ones when the phase starts', async () => {
    subject.write({ 'boxes/01-walls.test.ts': 'throw new Error("the file cannot be loaded")' })
    const run = await subject.run(['01'])
    expectTruthful(run)
    expect(run.view.verdict).toBe('FAILED')
    expect(ticks(subject)).toEqual(['00-ground.json'])
    expect((await subject.run(['02'])).view.phases[2]?.cause).toBe(
      'blocked by 01-walls, which is not ticked for this target',
    )
  })
})

describe('a run', () => {
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
})

describe('a box that is not applicable', () => {
  test('does not keep the run from PASSED, is counted apart everywhere, and gives its reason', async () => {
    const subject = trial(levelBox(`await record({ slopes: 0 }); notApplicable('no slope was measured')`))
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
    expect(read('audit.html')).toContain(counts)
  })
})
