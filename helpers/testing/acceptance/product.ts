import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { ROOT_DIRECTORY } from '../../config/config.ts'
import type { Connection } from '../../config/connection.ts'
import { type Database, withDatabase } from '../../postgres/database.ts'
import { startEmbedded, stopEmbedded } from '../../postgres/embedded.ts'
import { type Element, parseXml } from '../xml.ts'

/** A command of the user's that is running. */
export interface Command {
  kill(signal: 'SIGKILL' | 'SIGINT' | 'SIGTERM'): void
  readonly ended: Promise<{ readonly exit_code: number | null; readonly output: string }>
}

/** A box as JUnit reports it. */
export interface Box {
  readonly phase: string
  readonly claim: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly message: string
}

function stateOf(outcome: Element | undefined): Box['state'] {
  if (outcome === undefined) return 'passed'
  return outcome.name === 'skipped' ? 'skipped' : 'failed'
}

/**
 * The product as its user has it: the commands of the README in a state of its own. Nothing of it is called
 * from inside.
 */
export class Product {
  readonly state: string
  #env: Readonly<Record<string, string>>
  #latest_before: string | undefined

  /** `env`: the variables that the user sets. `state`: a folder in which a run was made already. */
  constructor(env: Readonly<Record<string, string>> = {}, state?: string) {
    this.state = state ?? mkdtempSync(join(tmpdir(), 'acceptance-'))
    this.#env = env
  }

  /** Sets a variable for the commands to come. */
  set(name: string, value: string): void {
    this.#env = { ...this.#env, [name]: value }
  }

  /** `npx vitest run <filters>`. */
  checklist(...filters: string[]): Command {
    this.#latest_before = this.#latest()
    return this.#spawn(join('node_modules', 'vitest', 'vitest.mjs'), [
      'run',
      ...(filters.length === 0 ? ['phases'] : filters),
    ])
  }

  /** `node ingest/run.ts <args>`. */
  runner(...args: string[]): Command {
    return this.#spawn(join('ingest', 'run.ts'), args)
  }

  /** `npm run gate`; with `tag` and a version, `npm run tag`. */
  gate(...args: string[]): Command {
    return this.#spawn(join('ingest', 'commands', 'gate.ts'), args)
  }

  #spawn(script: string, args: readonly string[]): Command {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(PG|BOOTSTRAP_|DROPBOX_|VITEST|NODE_ENV|TEST$|DEV$|PROD$|MODE$)/.test(name),
      ),
    )
    const child = execa(process.execPath, [join(ROOT_DIRECTORY, script), ...args], {
      cwd: ROOT_DIRECTORY,
      env: { ...inherited, BOOTSTRAP_STATE: this.state, ...this.#env },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      all: true,
    })
    return {
      kill: (signal) => void child.kill(signal),
      ended: child.then(({ exitCode, all }) => ({ exit_code: exitCode ?? null, output: all })),
    }
  }

  /** The evidence of the newest run. */
  read(name: 'junit.xml' | 'journal.jsonl' | 'checklist.md' | 'audit.html' | 'manifest.json'): string {
    return readFileSync(this.path(name), 'utf8')
  }

  junit(): Element {
    return parseXml(this.read('junit.xml'))
  }

  /** Every testcase of that report. */
  boxes(): Box[] {
    return this.junit().children.flatMap((suite) =>
      suite.children
        .filter(({ name }) => name === 'testcase')
        .map((testcase) => {
          const outcome = testcase.children.find(({ name }) => ['failure', 'error', 'skipped'].includes(name))
          return {
            phase: suite.attributes['name'] ?? '',
            claim: testcase.attributes['name'] ?? '',
            state: stateOf(outcome),
            message: outcome?.attributes['message'] ?? '',
          }
        }),
    )
  }

  /** A file of the newest run's evidence. */
  path(name: string): string {
    return join(this.state, 'reports', 'latest', name)
  }

  /** Waits until the run that was started last has come to a phase. */
  async waitForPhase(phase: string): Promise<void> {
    const deadline = Date.now() + 600_000
    while (Date.now() < deadline) {
      await sleep(100)
      if (this.#latest() === this.#latest_before || !existsSync(this.path('journal.jsonl'))) continue
      const journal = this.read('journal.jsonl')
      if (
        journal.includes('"event":"box-started"') &&
        journal.split('\n').some((line) => line.includes('"box-started"') && line.includes(phase))
      )
        return
    }
    throw new Error(`The run never came to ${phase}.`)
  }

  /** The target on the embedded server. */
  async connection(): Promise<Connection> {
    return { ...(await startEmbedded(join(this.state, '.data'))), database: 'stocks_research' }
  }

  /** Asks the target on the embedded server. */
  async ask<T>(work: (db: Database) => Promise<T>): Promise<T> {
    return withDatabase(await this.connection(), work)
  }

  #latest(): string | undefined {
    const pointer = join(this.state, 'reports', 'latest')
    return existsSync(pointer) ? realpathSync(pointer) : undefined
  }

  async remove(): Promise<void> {
    await stopEmbedded(join(this.state, '.data'))
    rmSync(this.state, { recursive: true, force: true })
  }
}
