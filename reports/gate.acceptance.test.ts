/** The gate and the tag in real git repositories: commands, runs that are no proof, and signals. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { BACKUP, type EvidenceTrial, evidenceTrials } from '../helpers/testing/evidence-trial.ts'
import { runs } from '../helpers/testing/runs.ts'
import { box } from '../helpers/testing/small-checklist.ts'
import { tagRun } from './tag.ts'

const trial = evidenceTrials()

describe('after a good run', () => {
  let subject: EvidenceTrial
  beforeAll(async () => {
    subject = await trial()
    const run = await subject.run()
    expect(run.view.verdict, run.output).toBe('PASSED')
  })

  test('the command opens, tags once, refuses the same tag again, and signs with an SSH key', async () => {
    const command = join(ROOT_DIRECTORY, 'ingest', 'commands', 'gate.ts')
    const where = ['--repository', subject.trial.directory, '--plan', 'plan.md']
    const call = (...args: string[]) =>
      execa(process.execPath, [command, ...args, ...where], { env: subject.environment(), reject: false })
    const opened = await call()
    expect(opened.stdout).toMatch(/^gate OPEN · run \S+, live, PASSED/)
    expect(opened.stdout).toMatch(/^ {2}data: universe \S+\.csv, \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/m)
    expect(opened.exitCode, opened.stderr).toBe(0)
    expect((await call('tag', '1.2')).stderr).toContain('"1.2" is not a version')
    const tagged = await call('tag', 'v1.2.3')
    expect(tagged.exitCode, tagged.stdout + tagged.stderr).toBe(0)
    const message = subject.git('for-each-ref', '--format=%(objecttype)%0a%(contents)', 'refs/tags/v1.2.3')
    const { statement_sha256, view } = await subject.gate()
    expect(message.split('\n')).toEqual(
      expect.arrayContaining([
        'tag',
        'Verdict:   PASSED (live)',
        `Run:       ${view?.run_id}, ended ${view?.ended_at}`,
        `Statement: SHA-256 ${statement_sha256}`,
        expect.stringMatching(
          `^Backup:    ${BACKUP}, taken 2026-01-02T03:04:00\\.000Z, SHA-256 [0-9a-f]{64}$`,
        ),
      ]),
    )
    expect(tagged.stdout).toContain('Tagged v1.2.3, unsigned')
    const index = readFileSync(join(subject.trial.directory, 'reports', 'index.html'), 'utf8')
    expect(index, 'the list of runs has the tag').toContain('<td>v1.2.3</td>')
    const again = await call('tag', 'v1.2.3')
    expect(again.exitCode).toBe(1)
    expect(again.stderr).toContain('The tag v1.2.3 is there, and a tag is never moved')

    writeFileSync(join(subject.trial.directory, 'note.txt'), 'a note')
    const closed = await call('tag', 'v1.2.4')
    rmSync(join(subject.trial.directory, 'note.txt'))
    expect(closed.stdout).toMatch(/^gate CLOSED .*\n {2}the work tree has changes .*: note\.txt$/m)
    expect(closed.exitCode).toBe(1)
    expect(subject.git('tag', '--list')).toBe('v1.2.3')

    const keys = join(subject.trial.directory, 'keys')
    mkdirSync(keys)
    const key = join(keys, 'tag')
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    writeFileSync(join(keys, 'signers'), `jane@example.com ${readFileSync(`${key}.pub`, 'utf8')}`)
    subject.git('config', 'gpg.format', 'ssh')
    subject.git('config', 'user.signingkey', `${key}.pub`)
    subject.git('config', 'gpg.ssh.allowedSignersFile', join(keys, 'signers'))
    const signed = await call('tag', 'v1.2.5')
    expect(signed.stdout, signed.stderr).toContain('Tagged v1.2.5, signed')
    const verified = await execa('git', ['tag', '-v', 'v1.2.5'], { cwd: subject.trial.directory })
    expect(verified.stderr).toMatch(/Good "git" signature for jane@example\.com/)
    rmSync(key)
    const keyless = await call('tag', 'v1.2.6')
    expect(keyless.exitCode, 'without its key nothing is tagged, not even unsigned').toBe(1)
    expect(keyless.stderr).toMatch(/git could not (sign|make) the tag v1\.2\.6/)
    expect(subject.git('tag', '--list').split('\n')).toEqual(['v1.2.3', 'v1.2.5'])
  })
})

describe('a run that is', () => {
  test.for([
    ['a rehearsal', [], { BOOTSTRAP_SOURCE: 'rehearsal' }, 'the run is a rehearsal run; expected live'],
    ['filtered', ['-t', 'level'], {}, 'the run is INCOMPLETE, not PASSED: the run was narrowed'],
    ['sharded', ['--shard', '1/2'], {}, 'the run is INCOMPLETE, not PASSED: the run was narrowed'],
    ['of one phase', ['00-ground'], {}, 'the run is INCOMPLETE, not PASSED: 01-walls: not run'],
  ] as const)('%s closes the gate', async ([, args, environment, reason]) => {
    const subject = await trial()
    await subject.run(args, environment)
    expect(await subject.reasons()).toContain(reason)
  })

  test('of flat files closes the gate, and opens it where they are allowed', async () => {
    const subject = await trial()
    await subject.run([], { BOOTSTRAP_SOURCE: `flat-files:${subject.backups}` })
    expect(await subject.reasons()).toBe(
      'the run is a flat-files run; expected live (--flat-files allows it)',
    )
    expect(await subject.reasons({ modes: ['live', 'flat-files'] })).toBe('')
  })

  test('reordered closes the gate', async () => {
    const ground = box('the ground is level') + box('the ground holds')
    const subject = await trial({ '00-ground': ground })
    await subject.run()
    expect(await subject.reasons()).toMatch(
      /the run is INCOMPLETE, not PASSED: .*against the order of the plan/,
    )
  })

  test('made from a dirty tree closes the gate, also when the tree is clean again', async () => {
    const subject = await trial()
    const file = join(subject.trial.directory, 'boxes', '02-roof.test.ts')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, `${text}\n`)
    await subject.run()
    writeFileSync(file, text)
    expect(await subject.reasons()).toBe(
      'the run was made from a work tree with changes that are not committed',
    )
  })

  test('without a box of the committed plan closes the gate', async () => {
    const subject = await trial()
    const plan = join(subject.trial.directory, 'plan.md')
    const text = readFileSync(plan, 'utf8')
    writeFileSync(plan, text.replace('- [ ] the ground is level\n', ''))
    const file = join(subject.trial.directory, 'boxes', '00-ground.test.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^test\("the ground is level".*$/m, ''))
    expect((await subject.run()).view.verdict).toBe('PASSED')
    subject.git('checkout', '--quiet', '--', '.')
    expect(await subject.reasons()).toContain('the plan was not checked: the plan.md of the run')
  })
})

/** A box that sends the signal to the run while it is in the middle of it, in the phase that is asked for. */
const struck = (phase: string): string =>
  `await record({ seen: 1 }); expect(1).toBe(1)
    if (process.env.TRIAL_PHASE === '${phase}') {
      process.kill(process.ppid, process.env.TRIAL_SIGNAL)
      await new Promise((done) => setTimeout(done, 5_000))
    }`

const PHASES = ['00-ground', '01-walls', '02-roof']
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const
/** Every signal in every phase; the first three are each signal and each phase once. */
const STRIKES = [0, 1, 2].flatMap((step) =>
  SIGNALS.map((signal, at) => ({ signal, phase: PHASES[(at + step) % PHASES.length] ?? '' })),
)

test('a signal in any phase leaves no PASSED: gate and tag refuse, and so does the run before', async () => {
  const ground = box('the ground holds', struck('00-ground')) + box('the ground is level')
  const walls = box('the walls stand', struck('01-walls')) + box('the walls are "straight" & <plumb>')
  const roof = `await record(JSON.parse(process.env.TRIAL_BACKUP)); ${struck('02-roof')}`
  const subject = await trial({
    '00-ground': ground,
    '01-walls': `needs('00-ground')\n${walls}`,
    '02-roof': `needs('01-walls')\n${box('the roof is tight', roof)}`,
  })
  expect((await subject.run()).view.verdict).toBe('PASSED')
  expect(await subject.reasons()).toBe('')
  for (const { signal, phase } of STRIKES.slice(0, runs(STRIKES.length, 3))) {
    const run = await subject.run([], { TRIAL_SIGNAL: signal, TRIAL_PHASE: phase })
    const verdict = signal === 'SIGKILL' ? 'RUNNING' : 'INTERRUPTED'
    expect(run.view.verdict, `${signal} in ${phase}`).toBe(verdict)
    expect(run.exit_code, `${signal} in ${phase}`).not.toBe(0)
    const result = await subject.gate()
    expect(result.view?.run_id, 'the gate judges the newest run').toBe(run.view.run_id)
    expect(result.reasons.join('\n')).toContain(`the run is ${verdict}, not PASSED`)
    await expect(tagRun('v9.9.9', subject.trial.directory, result)).rejects.toThrow('the gate is closed')
  }
  expect((await subject.run()).view.verdict, 'the next run recovers').toBe('PASSED')
  expect(await subject.reasons()).toBe('')
})
