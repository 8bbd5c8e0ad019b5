import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../helpers/config/config.ts'
import { DatabaseError, messageOf } from '../../helpers/core/errors.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type ConnectionLostError, lossIn } from '../../helpers/postgres/lost.ts'
import { findRun, type RunRow } from '../pipeline/runs.ts'
import { onServer } from './settings.ts'

const WAIT_MAX_MS = 120_000
const POLL_MS = 1_000
const RESTARTS_MAX = 20

/**
 * Does `work`, and does it again after a restart of the server has ended its connections: waits until the
 * server answers, at most two minutes each time. `work` is given the run that was interrupted, to resume it;
 * undefined the first time, and when none had been recorded.
 *
 * @throws the error of `work` when the server does not come back, or in a child of a checklist run, which
 *   ends with that run.
 */
export async function throughRestarts<T>(
  config: Config,
  work: (interrupted: RunRow | undefined) => Promise<T>,
): Promise<T> {
  const since_at = new Date().toISOString()
  let interrupted: RunRow | undefined
  let last_loss: ConnectionLostError | undefined
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await work(interrupted)
    } catch (error) {
      // A server that restarts again may refuse the connection of the next attempt.
      const loss = lossIn(error) ?? (isUnreachable(error) ? last_loss : undefined)
      last_loss = loss
      if (loss === undefined || config.held_lock !== undefined || restarts === RESTARTS_MAX) throw error
      interrupted = (await afterRestart(config, loss, since_at)) ?? interrupted
    }
  }
}

const isUnreachable = (error: unknown): boolean =>
  [error, error instanceof Error ? error.cause : undefined].some(
    (each) => each instanceof DatabaseError && each.transient,
  )

/** Waits until the server answers; gives the run of this process that it interrupted. */
async function afterRestart(
  config: Config,
  loss: ConnectionLostError,
  since_at: string,
): Promise<RunRow | undefined> {
  const reason = messageOf(loss).split('\n', 1)[0]
  process.stderr.write(`\n${reason}\nWaiting for the server, at most ${WAIT_MAX_MS / 1000} s.\n`)
  const deadline = performance.now() + WAIT_MAX_MS
  for (;;) {
    try {
      return await onServer(config, ({ connection }) =>
        withDatabase(connection, async (db) => {
          const [own] = await db.rows<{ run_id: string }>(
            `select run_id::text from ingestion.runs
             where process_id = $1 and host = $2 and started_at >= $3
             order by started_at desc limit 1`,
            [process.pid, hostname(), since_at],
          )
          process.stderr.write('The server answers again, and the run continues.\n')
          return own && findRun(db, own.run_id)
        }),
      )
    } catch {
      if (performance.now() + POLL_MS > deadline) throw loss
      await sleep(POLL_MS)
    }
  }
}
