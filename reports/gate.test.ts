/**
 * The gate on a small checklist in a git repository: each reason that closes it. Its commands, and runs that
 * are no proof: gate.acceptance.test.ts.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { manifestFileOf } from '../helpers/backup/manifest.ts'
import { proofFileOf } from '../helpers/backup/proof.ts'
import { BACKUP, type EvidenceTrial, evidenceTrials } from '../helpers/testing/evidence-trial.ts'
import { readAccepted } from '../ingest/validation/accepted.ts'
import { judgeGate } from './gate.ts'

const trial = evidenceTrials()

describe('after a good run', () => {
  let subject: EvidenceTrial
  beforeAll(async () => {
    subject = await trial()
    const run = await subject.run()
    expect(run.view.verdict, run.output).toBe('PASSED')
  })

  test('the gate is open, and says that the run is unsigned', async () => {
    expect(await subject.gate()).toMatchObject({
      reasons: [],
      notes: ['unsigned: a person who can write these files can also rewrite them'],
      backup: { file: BACKUP },
    })
  })

  /** Changes a file for the time of a look at the gate. */
  async function whileChanged(file: string, change: () => void): Promise<string> {
    const bytes = readFileSync(file)
    try {
      change()
      return await subject.reasons()
    } finally {
      writeFileSync(file, bytes)
    }
  }

  test.for(['boxes/02-roof.test.ts', 'plan.md'])('an edited %s closes it', async (name) => {
    const file = join(subject.trial.directory, name)
    const reasons = await whileChanged(file, () => writeFileSync(file, `${readFileSync(file, 'utf8')}\n`))
    expect(reasons).toBe(`the work tree has changes that are not committed: ${name}`)
  })

  test('a file that git does not know closes it', async () => {
    const file = join(subject.trial.directory, 'note.txt')
    writeFileSync(file, 'a note')
    expect(await subject.reasons()).toBe('the work tree has changes that are not committed: note.txt')
    rmSync(file)
  })

  test('a change that git ignores by its settings closes it', async () => {
    const name = 'boxes/02-roof.test.ts'
    const file = join(subject.trial.directory, name)
    const hidden = async (): Promise<string> =>
      whileChanged(file, () => writeFileSync(file, `${readFileSync(file, 'utf8')}\n`))
    const reason = `the work tree has changes that are not committed: ${name}`
    for (const flag of ['assume-unchanged', 'skip-worktree']) {
      subject.git('update-index', `--${flag}`, name)
      expect(await hidden(), flag).toBe(reason)
      subject.git('update-index', `--no-${flag}`, name)
    }
    subject.git('config', 'status.showUntrackedFiles', 'no')
    const note = join(subject.trial.directory, 'note.txt')
    writeFileSync(note, 'a note')
    expect(await subject.reasons()).toBe('the work tree has changes that are not committed: note.txt')
    rmSync(note)
    subject.git('config', '--unset', 'status.showUntrackedFiles')
    expect(await subject.reasons()).toBe('')
  })

  test('another HEAD closes it, also one with the same files', async () => {
    const before = subject.git('rev-parse', 'HEAD')
    subject.commit('The same files')
    const after = subject.git('rev-parse', 'HEAD')
    expect(await subject.reasons()).toBe(`the run was made from commit ${before}; HEAD is ${after}`)
    subject.git('reset', '--quiet', '--hard', before)
    expect(await subject.reasons()).toBe('')
  })

  test('a run that is too old closes it, and one of tomorrow', async () => {
    const days = (count: number): Date => new Date(Date.now() + count * 86_400_000)
    expect(await subject.reasons({ now: days(8) })).toContain('more than 7 days ago')
    expect(await subject.reasons({ now: days(-1) })).toContain('which is in the future')
    expect(await subject.reasons({ now: days(6) })).toBe('')
  })

  test('an expired waiver closes it, and one that holds does not', async () => {
    const file = join(subject.trial.directory, '..', 'accepted-for-the-gate.json')
    const entry = (fingerprint: string, expires_on: string | null, accepted_on = '2020-01-01'): object => ({
      fingerprint: fingerprint.repeat(64),
      check: 'balance-identity',
      subject: `0000000${fingerprint}`,
      reason: 'the filing was read by a person',
      accepted_by: 'Jane Doe',
      accepted_on,
      expires_on,
    })
    const accepted = [
      entry('1', '2020-02-01'),
      entry('2', '2199-01-01'),
      entry('3', null),
      entry('4', null, '2198-01-01'),
    ]
    writeFileSync(file, JSON.stringify({ accepted }))
    const waivers = readAccepted(file).map(({ check, subject: of, accepted_on, expires_on }) => ({
      name: `${check} of ${of}`,
      accepted_on,
      expires_on,
    }))
    rmSync(file)
    expect(await subject.reasons({ waivers })).toBe(
      'the waiver for balance-identity of 00000001 expired on 2020-02-01. ' +
        'Judge the finding again, or remove the waiver\n' +
        'the waiver for balance-identity of 00000004 was accepted on 2198-01-01, which is in the future',
    )
  })

  test.for([BACKUP, manifestFileOf(BACKUP)])('a missing remote copy of %s closes it', async (name) => {
    const file = join(subject.remote_root, 'stocks-research', name)
    expect(await whileChanged(file, () => rmSync(file))).toContain(`${name} is missing in synced folder`)
  })

  test('a remote store that does not answer closes it', async () => {
    const reasons = await subject.reasons({ remote: 'it does not answer' })
    expect(reasons).toBe('the remote store was not checked: it does not answer')
  })

  test('a missing backup here, and one that was not proven, close it', async () => {
    const archive = join(subject.backups, BACKUP)
    expect(await whileChanged(archive, () => rmSync(archive))).toContain(`${archive} is missing`)
    const proof = proofFileOf(archive)
    const text = readFileSync(proof, 'utf8')
    const unproven = await whileChanged(proof, () => writeFileSync(proof, text.replace('[1,2,3,4]', '[1,2]')))
    expect(unproven).toBe(
      `backup ${BACKUP} is not proven: it was not restored and compared, ` +
        'its remote copy was not downloaded and compared',
    )
  })

  test('a changed file of the run closes it', async () => {
    const page = join(subject.latest(), 'audit.html')
    const text = readFileSync(page, 'utf8')
    const reasons = await whileChanged(page, () => writeFileSync(page, text.replace('holds', 'held')))
    expect(reasons).toContain('audit.html is not the file that the manifest lists')
  })
})

test('a run that is missing closes the gate', async () => {
  const { trial: made, backups, remote } = await trial()
  const { reasons } = await judgeGate({
    run_directory: undefined,
    runs_directory: join(made.directory, 'reports', 'runs'),
    repository: made.directory,
    plan: 'plan.md',
    backups,
    remote,
    modes: ['live'],
    age_max_days: 7,
    waivers: [],
  })
  expect(reasons).toEqual(['there is no run. Run the checklist: npx vitest run phases'])
})
