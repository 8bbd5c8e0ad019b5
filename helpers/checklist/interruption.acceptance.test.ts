/** What a run leaves when it is stopped by a signal, finds a damaged journal, or is fed with secrets. */
import { appendFileSync, globSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { slowChecklist, startSlow, untilGone } from '../testing/slow-checklist.ts'
import { parseXml } from '../testing/xml.ts'
import { verifyJournal } from './journal.ts'

const trial = slowChecklist()

test.for(['SIGINT', 'SIGTERM'] as const)(
  '%s ends the run as INTERRUPTED, with its reports, its worker gone, and a code that says so',
  async (signal) => {
    const subject = trial()
    const { child, worker_pid } = await startSlow(subject)
    child.kill(signal)
    const { exitCode, all } = await child
    await untilGone(worker_pid)
    const { view, junit, run_directory, entries } = subject.latest()
    expect(exitCode).toBe(signal === 'SIGINT' ? 130 : 143)
    expect(view.verdict).toBe('INTERRUPTED')
    expect(view.reasons[0]).toContain(signal)
    expect(entries.at(-1)?.event).toBe('run-ended')
    const suites = parseXml(junit).children
    const skipped = suites.reduce((sum, suite) => sum + Number(suite.attributes['skipped']), 0)
    expect(skipped).toBe(3)
    expect(checkRun(run_directory)).toMatchObject({ faults: [], notes: [] })
    expect(all).toContain('INTERRUPTED')
    const again = await subject.run(['02'])
    expect(again.view.phases[2]?.cause, 'the interrupted phase is not ticked').toBe(
      'blocked by 01-walls, which is not ticked for this target',
    )
  },
)

test('a damaged journal is left unchanged, and reported', async () => {
  const subject = trial()
  const { child } = await startSlow(subject)
  child.kill('SIGKILL')
  await child
  const file = join(subject.latest().run_directory, 'journal.jsonl')
  const text = readFileSync(file, 'utf8').replace('"rows":3', '"rows":4')
  truncateSync(file, 0)
  appendFileSync(file, text)
  const next = await subject.run()
  expect(next.output).toMatch(
    /journal of run \S+ is damaged at line \d+: its hash does not match its content; it is left unchanged/,
  )
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('a secret is in no report, in no journal and on no terminal, whatever fails', async () => {
  const secret = 'canary/7Q x&<pass>"word'
  const leak = `const { TRIAL_SECRET: name } = process.env
    throw Object.assign(new Error('cannot log in with ' + name, { cause: new Error(name) }), { name })`
  const subject = trial({
    '00-ground': `test('the ground holds', async ({ record, progress }) => {
      progress('with ' + process.env.TRIAL_SECRET); console.log(process.env.TRIAL_SECRET)
      const secret = process.env.TRIAL_SECRET
      await record({ dsn: 'postgres://u:' + encodeURIComponent(secret) + '@h/d', rows: [{ secret }] })
      expect(process.env.TRIAL_SECRET).toBe('nothing') })
      test.afterAll(() => { ${leak} })`,
  })
  const env = { TRIAL_SECRET: secret }
  const failing = await subject.run([], env)
  const refused = await subject.run([], { ...env, TRIAL_PRECONDITION: `the token ${secret} is not accepted` })
  expect(failing.output).toContain('[redacted canary]')
  expect(refused.output).toContain('the token [redacted canary] is not accepted')
  const forms = [
    secret,
    encodeURIComponent(secret),
    'canary/7Q',
    'canary%2F7Q',
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  ]
  const texts = globSync(join(subject.directory, 'reports', '**', '*.*')).map((file) =>
    readFileSync(file, 'utf8'),
  )
  expect(texts.length).toBeGreaterThan(9)
  for (const text of [...texts, failing.output, refused.output])
    for (const form of forms) expect(text.includes(form)).toBe(false)
})

test('a secret that is an ordinary word of the plan neither hides a box nor breaks the chain', async () => {
  for (const secret of ['walls', '2026']) {
    const run = await trial().run([], { TRIAL_SECRET: secret })
    expect(run.view.verdict, secret).toBe('PASSED')
    expect(verifyJournal(join(run.run_directory, 'journal.jsonl')).fault).toBeUndefined()
    expect(checkRun(run.run_directory).faults).toEqual([])
  }
})
