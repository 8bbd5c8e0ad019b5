/** A small checklist whose second phase waits in its first box until it is stopped. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from '../checklist/abandoned.ts'
import { verifyJournal } from '../checklist/journal.ts'
import { type Trial, trialsOf } from './trial.ts'
import { parseXml } from './xml.ts'

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

/** Makes a trial of this checklist, with the files changed that a test changes. */
export const slowChecklist = () => trialsOf(PLAN, FILES)

/** Starts a run and waits until its second phase is in the middle of its first box. */
export async function startSlow(subject: Trial) {
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

/** Waits until a process has ended. */
export async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(20)
}

/** Each skipped testcase of a report, with its reason. */
export const skippedOf = (junit: string): string[] =>
  parseXml(junit)
    .children.flatMap((suite) => suite.children)
    .flatMap((each) =>
      each.children
        .filter((child) => child.name === 'skipped')
        .map((child) => `${each.attributes['name']}: ${child.attributes['message']}`),
    )
