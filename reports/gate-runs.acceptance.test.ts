/** The gate and the other runs: a newer one that did not pass, and a path that is no run. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { type EvidenceTrial, evidenceTrials } from '../helpers/testing/evidence-trial.ts'
import { box } from '../helpers/testing/small-checklist.ts'
import type { TrialRun } from '../helpers/testing/trial.ts'
import { latestRunOf } from './gate.ts'

const trial = evidenceTrials()
const command = join(ROOT_DIRECTORY, 'ingest', 'commands')
let subject: EvidenceTrial
let good: TrialRun
let key: string

beforeAll(async () => {
  const fragile = `await record({ seen: 1 }); expect(process.env.TRIAL_FAILS).toBeUndefined()`
  subject = await trial({ '00-ground': box('the ground holds', fragile) + box('the ground is level') })
  key = join(subject.trial.directory, 'keys', 'run.pem')
  await execa(process.execPath, [join(command, 'report.ts'), 'key', key])
  good = await subject.run([], { BOOTSTRAP_SIGNING_KEY: key })
  expect(good.view.verdict, good.output).toBe('PASSED')
})

test('a signature that no key verified is a note', async () => {
  const { reasons, notes } = await subject.gate({ run_directory: good.run_directory })
  expect(reasons).toEqual([])
  expect(notes).toEqual([expect.stringMatching(/^signed by ed25519:\S+; give its public key with --key/)])
})

test('a path that is not the folder of a run closes it', async () => {
  const file = join(subject.trial.directory, 'reports', 'bundle.zip')
  writeFileSync(file, 'a bundle')
  const gone = join(subject.trial.directory, 'gone')
  mkdirSync(gone)
  symlinkSync('runs/removed', join(gone, 'latest'))
  for (const path of [file, join(gone, 'nothing'), latestRunOf(gone) ?? 'no pointer']) {
    const { reasons } = await subject.gate({ run_directory: path })
    expect(reasons).toEqual([
      expect.stringContaining(`${path} is not the folder of a run. Name a folder in `),
    ])
  }
  rmSync(gone, { recursive: true })
})

test('a newer run of the commit that failed closes it for an older one; other runs are notes', async () => {
  const rehearsal = await subject.run([], { BOOTSTRAP_SOURCE: 'rehearsal', TRIAL_FAILS: 'yes' })
  const narrowed = await subject.run(['00-ground'])
  const noted = await subject.gate({ run_directory: good.run_directory })
  expect(noted.reasons).toEqual([])
  expect(noted.notes.slice(1).toSorted()).toEqual(
    [
      `run ${rehearsal.view.run_id} of the same commit is newer, and is FAILED (rehearsal)`,
      `run ${narrowed.view.run_id} of the same commit is newer, and is INCOMPLETE (live)`,
    ].toSorted(),
  )

  const failed = await subject.run([], { TRIAL_FAILS: 'yes' })
  expect(failed.view.verdict).toBe('FAILED')
  const reason =
    `run ${failed.view.run_id} of the same commit is newer, and is FAILED (live). ` +
    'Fix what failed, then run the checklist again'
  expect((await subject.gate({ run_directory: good.run_directory })).reasons).toEqual([reason])
  const { stdout, exitCode } = await execa(
    process.execPath,
    [
      join(command, 'gate.ts'),
      ...['tag', 'v1.2.3', '--run', good.run_directory],
      ...['--repository', subject.trial.directory, '--plan', 'plan.md'],
    ],
    { env: subject.environment(), reject: false },
  )
  expect(stdout).toContain(`\n  ${reason}\n`)
  expect([exitCode, subject.git('tag', '--list')]).toEqual([1, ''])

  const again = await subject.run()
  expect(
    (await subject.gate({ run_directory: again.run_directory })).reasons,
    'a newer run that passed is judged alone',
  ).toEqual([])
  subject.commit('Another commit')
  const { reasons } = await subject.gate({ run_directory: failed.run_directory })
  expect(reasons.join('\n'), 'the runs are of another commit than HEAD').toContain('; HEAD is ')
})
