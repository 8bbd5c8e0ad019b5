/** A run that loses its lock: another one may be at work on the target, so nothing more may be done. */
import { randomBytes } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { expect, inject, onTestFinished, test } from 'vitest'
import { checkRun } from '../../reports/check.ts'
import { ownEnvironment } from '../config/children.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { lockKey } from '../database/lock.ts'
import { withDatabase } from '../postgres/database.ts'
import { Trial } from '../testing/trial.ts'
import { verifyJournal } from './journal.ts'
import { viewOf } from './view.ts'

const PLAN = `# Trial

## Ground

\`00-ground\` · First.

- [ ] the ground holds
- [ ] the ground is level

## Walls

\`01-walls\` · Then.

- [ ] the walls stand
`
const FILES = {
  '00-ground': `import { appendFileSync } from 'node:fs'
const mark = (text) => appendFileSync(process.env.TRIAL_MARKS, text + '\\n')
test('the ground holds', async ({ record, signal }) => {
  await record({ begun: true })
  mark('begun')
  await new Promise((done) => {
    const timer = setTimeout(done, 60000)
    // A signal that has fired already calls no listener.
    const stop = () => { clearTimeout(timer); done() }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  mark(signal.aborted ? 'stopped' : 'went on')
  signal.throwIfAborted(); expect(1).toBe(1) })
test('the ground is level', () => { mark('level'); expect(1).toBe(1) })`,
  '01-walls': `import { appendFileSync } from 'node:fs'
needs('00-ground')
test('the walls stand', () => { appendFileSync(process.env.TRIAL_MARKS, 'walls\\n'); expect(1).toBe(1) })`,
}
const url = (path: string): string => JSON.stringify(pathToFileURL(join(ROOT_DIRECTORY, path)).href)
const SETUP = `
import { setUp } from ${url('helpers/checklist/setup.ts')}
import { takeRunLock } from ${url('helpers/database/lock.ts')}
export default (project) => setUp(project, async ({ run_id, halt }) => {
  const maintenance = JSON.parse(process.env.TRIAL_MAINTENANCE)
  const lock = await takeRunLock(maintenance, process.env.TRIAL_DATABASE, { run_id, onLost: halt })
  return { target: {}, scope: {}, identity: {}, close: () => lock.release() }
})`

const anyDatabase = (): string => `target_${randomBytes(4).toString('hex')}`

/** Ends the session that holds the lock of `database`, as soon as there is one. */
async function terminateHolder(database: string): Promise<void> {
  for (;;) {
    const ended = await withDatabase(inject('testServer'), (db) =>
      db.rows(
        `select pg_terminate_backend(pid, 5000) from pg_locks
         where locktype = 'advisory' and granted and objsubid = 1
           and (classid::bigint << 32) + objid::bigint = $1::bigint`,
        [lockKey(database)],
      ),
    )
    if (ended.length > 0) return
    await sleep(20)
  }
}

test('in the middle of a box: the box is stopped, none follows, and the verdict is FAILED', async () => {
  const subject = new Trial(PLAN, FILES)
  onTestFinished(() => subject.remove())
  subject.write({ 'setup.ts': SETUP, marks: '' })
  const marks = join(subject.directory, 'marks')
  const database = anyDatabase()
  const running = subject.start([], {
    TRIAL_MARKS: marks,
    TRIAL_DATABASE: database,
    TRIAL_MAINTENANCE: JSON.stringify(inject('testServer')),
  })
  while (readFileSync(marks, 'utf8') !== 'begun\n') await sleep(20)
  await terminateHolder(database)
  const { exitCode, all } = await running
  const { view, run_directory } = subject.latest()
  expect(readFileSync(marks, 'utf8')).toBe('begun\nstopped\n')
  expect(view.verdict).toBe('FAILED')
  expect(view.reasons[0]).toMatch(
    /^Halted: PostgreSQL ended the connection: terminating connection due to administrator command \(57P01\)/,
  )
  expect(exitCode).toBe(1)
  expect(all).toContain('FAILED')
  expect(checkRun(run_directory).faults).toEqual([])
})

test('the checklist itself stops: it makes no database once the lock is gone', async () => {
  const database = anyDatabase()
  const state = await mkdtemp(join(tmpdir(), 'lost-lock-'))
  onTestFinished(() => rm(state, { recursive: true, force: true }))
  const { host, port, user, password } = inject('testServer')
  const running = execa(
    process.execPath,
    [join(ROOT_DIRECTORY, 'node_modules/vitest/vitest.mjs'), 'run', 'phases'],
    {
      cwd: ROOT_DIRECTORY,
      env: ownEnvironment({
        ...{
          NO_COLOR: '1',
          VITEST: '',
          VITEST_POOL_ID: '',
          VITEST_WORKER_ID: '',
          BOOTSTRAP_STATE: state,
          BOOTSTRAP_POSTGRES: '',
        },
        ...{
          PGHOST: host,
          PGPORT: String(port),
          PGUSER: user,
          PGPASSWORD: password ?? '',
          PGDATABASE: database,
        },
      }),
      extendEnv: false,
      all: true,
      reject: false,
      stdin: 'ignore',
    },
  )
  const journalOf = (): string => globSync(join(state, 'reports', 'runs', '*', 'journal.jsonl'))[0] ?? ''
  // From here on the run has its lock, which can be taken from it.
  await expect
    .poll(() => existsSync(journalOf()) && readFileSync(journalOf(), 'utf8').includes('"target-prepared"'), {
      timeout: 60_000,
    })
    .toBe(true)
  await terminateHolder(database)
  const { exitCode, all } = await running
  expect(exitCode, all).toBe(1)
  const journal = journalOf()
  const view = viewOf(verifyJournal(journal).entries)
  expect(view.verdict).toBe('FAILED')
  expect(view.reasons.join('\n')).toContain(`The run lock of ${database} was lost`)
  expect(view.phases.slice(1).flatMap(({ boxes }) => boxes.filter((box) => box.state === 'passed'))).toEqual(
    [],
  )
  const made = await withDatabase(inject('testServer'), (db) =>
    db.rows('select from pg_database where datname = $1', [database]),
  )
  expect(made).toEqual([])
})
