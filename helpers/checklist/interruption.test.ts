/** What a run leaves when it is killed or refused. Signals and secrets: interruption.acceptance.test.ts. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { skippedOf, slowChecklist, startSlow, untilGone } from '../testing/slow-checklist.ts'
import { parseXml } from '../testing/xml.ts'
import { verifyJournal } from './journal.ts'

const trial = slowChecklist()

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
