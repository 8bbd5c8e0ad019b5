import type { Log } from '../../helpers/core/log.ts'

const INTERRUPTED = 130

/** The first SIGINT or SIGTERM lets the group in flight finish; a second one ends the process at once. */
export async function withSignals<T>(log: Log, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(INTERRUPTED)
    log.info({ signal: name }, 'a signal to stop was received')
    process.stderr.write(`\n${name}: finishing the group in flight. Again to stop at once.\n`)
    stop.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
