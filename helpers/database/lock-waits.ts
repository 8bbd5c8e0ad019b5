import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'

type LockWait = {
  readonly waiting_pid: number
  readonly object: string
  readonly waited_s: number
  readonly holder_pid: number
  readonly holder_role: string
  readonly holder_application: string
  readonly holder_client: string
  /** Null where this role may not see it. */
  readonly holder_s: number | null
}

/**
 * Says of each wait of ours for a lock on `database` whose session holds it and how long: once, and again
 * after each doubling of the wait. Looks from `connection`, which may be to another database of the server.
 * Returns a function that ends it.
 */
export function watchLockWaits(
  connection: Connection,
  database: string,
  say: (line: string) => void,
  { interval_ms = 10_000, waited_s_min = 5 } = {},
): () => Promise<void> {
  const text = queryFile(join(import.meta.dirname, 'sql'), 'lock-waits')
  /** Seconds of a wait that were reported, by its session. */
  const reported = new Map<number, number>()
  let under_way: Promise<void> | undefined
  const look = async (): Promise<void> => {
    const waits = await withDatabase(connection, (db) => db.rows<LockWait>(text, [database, waited_s_min]))
    for (const wait of waits) {
      const before_s = reported.get(wait.waiting_pid) ?? 0
      if (wait.waited_s >= before_s && wait.waited_s < 2 * before_s) continue
      reported.set(wait.waiting_pid, wait.waited_s)
      say(textOf(wait))
    }
  }
  const timer = setInterval(() => {
    // A server that does not answer is reported by the work itself.
    under_way ??= look()
      .catch(() => {})
      .finally(() => {
        under_way = undefined
      })
  }, interval_ms)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await under_way
  }
}

function textOf(wait: LockWait): string {
  const application = wait.holder_application === '' ? 'no application name' : wait.holder_application
  const since = wait.holder_s === null ? '' : `, in a transaction for ${wait.holder_s} s`
  return (
    `Waiting for ${wait.object} for ${wait.waited_s} s: session ${wait.holder_pid} holds it ` +
    `(${wait.holder_role}, ${application}, from ${wait.holder_client}${since}). The run continues when ` +
    `that transaction ends. To end that session: select pg_terminate_backend(${wait.holder_pid})`
  )
}
