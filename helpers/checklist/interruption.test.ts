/** What a run leaves when it is killed, stopped, refused or fed with secrets. */
import { appendFileSync, globSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { type Trial, trialsOf } from '../testing/trial.ts'
import { parseXml } from '../testing/xml.ts'
import { isRunning } from './abandoned.ts'
import { verifyJournal } from './journal.ts'

const PLAN = `
## Phase 0 · Ground
\`00-ground\` · why
- [ ] the ground holds
## Phase 1 · Walls
\`01-walls\` · why
- [ ] the walls stand
- [ ] the walls are straight
## Phase 2 · Roof
\`02-roof\` · why
- [ ] the roof is tight
`
const FILES = {
  '00-ground': `test('the ground holds', async ({ record }) => {
  await record({ rows: 3 }); expect(1).toBe(1) })`,
  '01-walls': `needs('00-ground')
test('the walls stand', async ({ record, signal }) => {
  await record({ worker_pid: process.pid })
  if (process.env.TRIAL_SLOW) await new Promise((done) => {
    const timer = setTimeout(done, 120000)
    // A signal that has fired already calls no listener.
    const stop = () => { clearTimeout(timer); done() }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  expect(1).toBe(1)
})
test('the walls are straight', async ({ record }) => { await record({ seen: 1 }); expect(1).toBe(1) })`,
  '02-roof': `needs('01-walls')
test('the roof is tight', async ({ record }) => { await record({ seen: 1 }); expect(1).toBe(1) })`,
}

const trial = trialsOf(PLAN, FILES)

/** Starts a run and waits until its second phase is in the middle of its first box. */
async function startSlow(subject: Trial) {
  const child = subject.start([], { TRIAL_SLOW: '1' })
  const ended = child.then(({ all }) => {
    throw new Error(`the run ended by itself: ${all}`)
  })
  return Promise.race([ended, slowBox(subject).then((worker_pid) => ({ child, worker_pid }))])
}

async function slowBox(subject: Trial): Promise<number> {
  for (;;) {
    await sleep(20)
    const [file] = globSync(join(subject.directory, 'reports', 'runs', '*', 'journal.jsonl'))
    const entries = file === undefined ? [] : verifyJournal(file).entries
    const evidence = entries.find((entry) => entry.event === 'box-evidence' && entry.phase === '01-walls')
    if (evidence?.event === 'box-evidence') return Number(evidence.evidence['worker_pid'])
  }
}

async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(20)
}

const skippedOf = (junit: string): string[] =>
  parseXml(junit)
    .children.flatMap((suite) => suite.children)
    .flatMap((each) =>
      each.children
        .filter((child) => child.name === 'skipped')
        .map((child) => `${each.attributes['name']}: ${child.attributes['message']}`),
    )

test('a killed run leaves an intact journal, and the next run marks it INTERRUPTED', async () => {
  const subject = trial()
  const { child, worker_pid } = await startSlow(subject)
  child.kill('SIGKILL')
  await child
  await untilGone(worker_pid)
  const killed = subject.latest()
  expect(verifyJournal(join(killed.run_directory, 'journal.jsonl')).fault).toBeUndefined()
  expect(killed.view.verdict).toBe('RUNNING')
  expect(parseXml(killed.junit).attributes['failures'], 'an unfinished run does not read as passed').toBe('1')
  expect(skippedOf(killed.junit)).toEqual([
    'the walls stand: not run: the run is not finished',
    'the walls are straight: not run: the run is not finished',
    'the roof is tight: not run: the run is not finished',
  ])
  expect(checkRun(killed.run_directory).faults).toEqual([])

  // As if the process had died in the middle of a line.
  appendFileSync(join(killed.run_directory, 'journal.jsonl'), '{"seq":99,"at":"2026')
  const next = await subject.run()
  expect(next.view.verdict).toBe('PASSED')
  expect(next.exit_code).toBe(0)
  const marked = subject.read(killed.run_directory)
  expect(marked.view.verdict).toBe('INTERRUPTED')
  expect(marked.entries.at(-1)).toMatchObject({ event: 'run-ended', noticed_by: next.view.run_id })
  expect(marked.view.ended_at, 'it ended with its last line').toBe(marked.entries.at(-2)?.at)
  expect(skippedOf(marked.junit)[0]).toBe('the walls stand: not finished: the run was interrupted')
  expect(checkRun(killed.run_directory)).toMatchObject({ faults: [], notes: [] })
  expect(next.output).toContain(`run ${killed.view.run_id} was interrupted`)
})

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

test('a precondition that fails without a box of its own is a sentence, and blocks every box', async () => {
  const subject = trial()
  await subject.run()
  const run = await subject.run([], {
    TRIAL_PRECONDITION: 'PostgreSQL does not answer at nowhere:5432. Start it.',
  })
  expect(run.exit_code).toBe(1)
  expect(run.view.verdict).toBe('FAILED')
  expect(skippedOf(run.junit).map((each) => each.split(': ').slice(1).join(': '))).toEqual(
    Array(4).fill('blocked by precondition: PostgreSQL does not answer at nowhere:5432. Start it.'),
  )
  expect(run.output).not.toMatch(/^\s+at /m)
  expect(checkRun(run.run_directory)).toMatchObject({ faults: [], notes: [] })
})

test('a precondition with a box of its own fails that box, and blocks every other', async () => {
  const subject = trial()
  const why = 'psql is not on PATH. Install it: apt-get install postgresql-client.'
  const run = await subject.run([], { TRIAL_PRECONDITION: why, TRIAL_PRECONDITION_CLAIM: 'the ground holds' })
  expect(run.exit_code).toBe(1)
  expect(run.view.verdict).toBe('FAILED')
  expect(run.view.reasons).toEqual([
    `00-ground: "the ground holds" failed: ${why}`,
    'no phase ran: 3 boxes are blocked by the precondition',
  ])
  expect(run.view.phases.map(({ state }) => state)).toEqual(['failed', 'blocked', 'blocked'])
  const [failed, ...others] = run.view.phases.flatMap(({ boxes }) => boxes)
  expect(failed).toMatchObject({ claim: 'the ground holds', state: 'failed', faults: [{ message: why }] })
  expect(others.map(({ state, reason }) => `${state}: ${reason}`)).toEqual(
    Array(3).fill(`open: blocked by precondition: ${why}`),
  )
  expect(run.output).toContain(`[!] the ground holds\n      ${why}`)
  expect(run.junit).toContain(`<failure message="${why}" type="PreconditionError">`)
  expect(run.entries.filter(({ event }) => event === 'phase-queued')).toEqual([])
  expect(checkRun(run.run_directory)).toMatchObject({ faults: [], notes: [] })
})

test('the reason of a run is the heading of a list of faults, and the first of them', async () => {
  const why = 'The configuration has 2 faults:\n  - PGPORT is "x"\n  - PGHOST is "?"'
  const env = { TRIAL_PRECONDITION: why, TRIAL_PRECONDITION_CLAIM: 'the ground holds' }
  const run = await trial().run([], env)
  expect(run.view.reasons[0]).toBe(
    '00-ground: "the ground holds" failed: The configuration has 2 faults: PGPORT is "x"',
  )
  expect(run.output).toContain('        - PGHOST is "?"')
})

test('a global setup that cannot be loaded makes the run FAILED', async () => {
  const subject = trial()
  subject.write({ 'setup.ts': `import './missing.ts'` })
  const run = await subject.run()
  expect(run.exit_code).toBe(1)
  expect(run.view.verdict).toBe('FAILED')
  expect(run.output).toContain('missing.ts')
  expect(checkRun(run.run_directory)).toMatchObject({ faults: [], notes: [] })
})

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
