import { DefaultReporter, type Reporter, type TestSpecification, type Vitest } from 'vitest/node'
import { PHASES } from './sequencer.ts'

/**
 * Vitest's own default reporter for runs without a phase. It is silent in a run of the checklist, which has
 * its own reporter. Only the start of a run shows which of the two it is, so `onInit` waits for that.
 */
export function otherProjects(): Reporter {
  const reporter: Reporter = new DefaultReporter()
  let vitest: Vitest | undefined
  let is_silent = true
  const keep = (context: Vitest): void => {
    vitest = context
  }
  const start = (specifications: readonly TestSpecification[]): unknown => {
    // A run without a test is a failure, whatever --passWithNoTests says.
    if (specifications.length === 0) process.exitCode = 1
    is_silent = specifications.some((each) => each.project.name === PHASES)
    if (is_silent || vitest === undefined) return undefined
    reporter.onInit?.(vitest)
    return reporter.onTestRunStart?.(specifications)
  }
  return new Proxy(reporter, {
    get(target, name) {
      if (name === 'onInit') return keep
      if (name === 'onTestRunStart') return start
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => (is_silent ? undefined : Reflect.apply(member, target, args))
    },
  })
}
