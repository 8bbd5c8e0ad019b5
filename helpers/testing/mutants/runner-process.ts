import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownEnvironment } from '../../config/children.ts'
import type { Reply, Request } from './runner.ts'

/** A mutant that never ends is noticed, as a test that hangs is. */
const WAIT_MAX_MS = 240_000

/** The process that runs tests in a copy of the project; another one when a mutant has ended it. */
export class RunnerProcess {
  readonly #directory: string
  #child: ChildProcess | undefined

  constructor(directory: string) {
    this.#directory = directory
    // A failure is reported as it is found: its smallest form is not searched.
    const setup = "import fc from 'fast-check'\nfc.configureGlobal({ endOnFailure: true })\n"
    writeFileSync(join(directory, 'helpers', 'testing', 'property-setup.ts'), setup)
  }

  /** What the tests, or those whose titles match the pattern, say with `text` in a file of the copy. */
  async replyTo(file: string, text: string, tests: readonly string[], pattern?: string): Promise<Reply> {
    const child = this.#child ?? (await this.#started())
    this.#child = child
    const path = join(this.#directory, file)
    writeFileSync(path, text)
    const request = { changed: path, tests, ...(pattern !== undefined && { pattern }) }
    child.send(request satisfies Request)
    const signal = AbortSignal.timeout(WAIT_MAX_MS)
    const message = Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })])
    try {
      const [reply] = (await message) as [Reply | number | null]
      if (typeof reply === 'object' && reply !== null) return reply
      this.#child = undefined
      return { killer: 'the process ended' }
    } catch {
      child.kill('SIGKILL')
      this.#child = undefined
      return { killer: `no end in ${WAIT_MAX_MS / 1_000} s` }
    }
  }

  async stop(): Promise<void> {
    if (this.#child?.connected !== true) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  async #started(): Promise<ChildProcess> {
    const child = fork(join('helpers', 'testing', 'mutants', 'runner.ts'), {
      cwd: this.#directory,
      env: ownEnvironment({ VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '', VITEST_MODE: '' }),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await once(child, 'message')
    return child
  }
}
