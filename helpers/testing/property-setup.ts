import fc from 'fast-check'

/**
 * Shrinking a failure of a property that uses a database can take longer than a test may. It stops in time to
 * report the smallest counterexample that was found, with its seed; a property that is too slow to run all
 * of its cases fails.
 */
const LIMIT_MS = 300_000

fc.configureGlobal({ interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true })
