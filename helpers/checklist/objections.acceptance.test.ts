/** Boxes that pass in a way that is no proof, and runs that cannot go on. One child process for each case. */
import { expect, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { HOLDS, twoPhases } from '../testing/two-phases.ts'

const trial = twoPhases()

const SECOND_TRY = `let tries = 0
test('the ground holds', OPTIONS async ({ record }) => {
  await record({ rows: 3 }); tries += 1; expect(tries).toBe(2) })`
test.for([
  [
    'that passed at a second try, by an option of the command line',
    SECOND_TRY.replace('OPTIONS', ''),
    ['--retry=2'],
    'passed at try 2',
  ],
  [
    'that passed at a second try, by an option of its own',
    SECOND_TRY.replace('OPTIONS', '{ retry: 2 },'),
    [],
    'passed at try 2',
  ],
  [
    'that was declared to fail',
    HOLDS.replace('test(', 'test.fails(').replace('toBe(1)', 'toBe(2)'),
    [],
    'declared with `.fails`',
  ],
  [
    'that recorded nothing',
    `test('the ground holds', () => { expect(1).toBe(1) })`,
    [],
    'recorded no evidence',
  ],
  [
    'that asserted before it recorded',
    `test('the ground holds', async ({ record }) => { expect(1).toBe(1); await record({ rows: 3 }) })`,
    [],
    'Record first',
  ],
] as const)('a box %s has failed', async ([, ground, args, message]) => {
  const run = await trial({ '00-ground': ground }).run(args)
  expect(run.exit_code).toBe(1)
  expect(run.view.verdict).toBe('FAILED')
  expect(run.view.phases[0]?.boxes[0]?.state).toBe('failed')
  expect(run.view.reasons.join('\n')).toContain(message)
  expect(run.view.phases[1]?.state).toBe('blocked')
  expect(checkRun(run.run_directory)).toMatchObject({ faults: [], notes: [] })
})

test('a run whose evidence can no longer be written stops, and says so in a sentence', async () => {
  const spoiled = `import { rmSync, writeFileSync } from 'node:fs'
import { inject } from 'vitest'
test('the ground holds', async ({ record }) => {
  await record({ rows: 3 })
  const { run_directory } = inject('run')
  rmSync(run_directory, { recursive: true })
  writeFileSync(run_directory, 'a file where the folder was')
  expect(1).toBe(1) })`
  const subject = trial({ '00-ground': spoiled })
  const { exitCode, all = '' } = await subject.start()
  expect(exitCode).toBe(1)
  expect(all).toMatch(/^FAILED · the run stopped, since nothing after this is proven$/m)
  expect(all).toMatch(/^ {2}The evidence of this run could not be written to .*ENOTDIR.*run again\.$/m)
  expect(all).not.toMatch(/the roof is tight|Unhandled|PASSED/)
  expect(all).not.toMatch(/^\s+(at|❯) /m)
})

test('a checklist in watch mode does not begin: a saved file would start a rebuild', async () => {
  const subject = trial()
  const child = subject.start(['--watch'])
  const { all } = await child
  expect(all).toContain('The checklist does not run in watch mode')
  expect(subject.latest().view.verdict).toBe('FAILED')
})

test('without its reporter the checklist fails, with or without boxes', async () => {
  const subject = trial()
  const { exitCode, all } = await subject.start(['--reporter=default', '--passWithNoTests'])
  expect(all).toContain('The checklist needs its own reporter')
  expect(exitCode).toBe(1)
})
