import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { execa } from 'execa'
import { afterAll } from 'vitest'
import type { JournalEntry } from '../checklist/events.ts'
import { verifyJournal } from '../checklist/journal.ts'
import { type RunView, viewOf } from '../checklist/view.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'

const url = (path: string): string => JSON.stringify(pathToFileURL(join(ROOT_DIRECTORY, path)).href)

const configOf = (isolate: boolean): string => `
import { defineConfig } from 'vitest/config'
import { ChecklistReporter } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/checklist/reporter.ts'))}
import { PhaseSequencer } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/checklist/sequencer.ts'))}
import { writeReports } from ${JSON.stringify(join(ROOT_DIRECTORY, 'reports/write.ts'))}
export default defineConfig({
  test: {
    watch: false,
    sequence: { sequencer: PhaseSequencer },
    reporters: [
      new ChecklistReporter({
        plan: import.meta.dirname + '/plan.md',
        directory: import.meta.dirname + '/reports',
        writeReports,
      }),
    ],
    projects: [
      {
        test: {
          name: 'phases',
          include: ['boxes/*.test.ts'],
          globalSetup: ['setup.ts'],
          fileParallelism: false,
          isolate: ${isolate},
          testTimeout: 0,
          hookTimeout: 0,
          expect: { requireAssertions: true },
        },
      },
    ],
  },
})
`
const SETUP = `
import { setUp } from ${url('helpers/checklist/setup.ts')}
import { registerSecret } from ${url('helpers/core/redact.ts')}
export default (project) => setUp(project, async ({ say, precondition }) => {
  registerSecret('canary', process.env.TRIAL_SECRET)
  const check = () => { if (process.env.TRIAL_PRECONDITION) throw new Error(process.env.TRIAL_PRECONDITION) }
  await precondition(process.env.TRIAL_PRECONDITION_CLAIM, check)
  if (process.env.TRIAL_SECRET) say('prepared with ' + process.env.TRIAL_SECRET)
  const scope = { mode: 'trial', database: process.env.TRIAL_DATABASE ?? 'one' }
  return { target: {}, scope, identity: { database: 'trial' }, close: async () => {} }
})
`

/** Text that a box file of a trial begins with. */
export const HEAD = `import { expect } from 'vitest'
import { Left, needs, stopsAtFirstFailure, test } from ${url('helpers/checklist/phase.ts')}
`

export interface TrialRun {
  readonly exit_code: number | undefined
  readonly output: string
  readonly run_directory: string
  readonly entries: readonly JournalEntry[]
  readonly view: RunView
  readonly junit: string
}

export interface TrialOptions {
  /**
   * A process for each phase, as in the checklist. A test that is about something else saves their starts
   * with `false`.
   */
  readonly isolate?: boolean
}

/** A small checklist of its own in a temporary folder, run by a real Vitest in a process of its own. */
export class Trial {
  readonly directory: string

  constructor(plan: string, files: Readonly<Record<string, string>>, { isolate = true }: TrialOptions = {}) {
    const base = join(ROOT_DIRECTORY, '.data', 'trials')
    mkdirSync(base, { recursive: true })
    this.directory = mkdtempSync(join(base, 't-'))
    this.write({ 'plan.md': plan, 'vitest.config.ts': configOf(isolate), 'setup.ts': SETUP })
    this.write(
      Object.fromEntries(
        Object.entries(files).map(([name, text]) => [`boxes/${name}.test.ts`, `${HEAD}${text}`]),
      ),
    )
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, name)), { recursive: true })
      writeFileSync(join(this.directory, name), text)
    }
  }

  /** Starts Vitest and does not wait. */
  start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    return execa(process.execPath, [join(ROOT_DIRECTORY, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
      cwd: this.directory,
      env: { NO_COLOR: '1', VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '', ...env },
      all: true,
      reject: false,
      stdin: 'ignore',
    })
  }

  async run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<TrialRun> {
    const { exitCode, all } = await this.start(args, env)
    return { exit_code: exitCode, output: all, ...this.latest() }
  }

  /**
   * The folders of all runs, oldest first: by their birth, since two runs may begin within the second that
   * names them.
   */
  runs(): string[] {
    const directory = join(this.directory, 'reports', 'runs')
    return readdirSync(directory)
      .map((name) => join(directory, name))
      .toSorted((a, b) => statSync(a).birthtimeMs - statSync(b).birthtimeMs)
  }

  latest(): Omit<TrialRun, 'exit_code' | 'output'> {
    return this.read(this.runs().at(-1) ?? 'no run')
  }

  read(run_directory: string): Omit<TrialRun, 'exit_code' | 'output'> {
    const { entries } = verifyJournal(join(run_directory, 'journal.jsonl'))
    return {
      run_directory,
      entries,
      view: viewOf(entries),
      junit: readFileSync(join(run_directory, 'junit.xml'), 'utf8'),
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/**
 * Makes trials of one plan, with the files changed that a test changes; all are removed after the last test
 * of the file.
 */
export function trialsOf(
  plan: string,
  files: Readonly<Record<string, string>>,
  options: TrialOptions = {},
): (changes?: Readonly<Record<string, string>>) => Trial {
  const made: Trial[] = []
  afterAll(() => {
    for (const each of made) each.remove()
  })
  return (changes = {}) => {
    const trial = new Trial(plan, { ...files, ...changes }, options)
    made.push(trial)
    return trial
  }
}
