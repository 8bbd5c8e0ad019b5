import type { Connection } from '../../helpers/config/connection.ts'
import { RefusedError } from '../../helpers/core/errors.ts'
import { timeText } from '../../helpers/core/text.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { findRun, findRunWithItems, type RunRow } from '../pipeline/runs.ts'
import { say } from './entry.ts'
import { run } from './load.ts'
import { type Choices, configOf, onCurrentDatabase } from './settings.ts'

/** Resumes or retries a run with the universe, the window and the source that it was started with. */
export async function goOn(
  run_id: string | undefined,
  reopen: readonly ('failed' | 'deferred')[],
  choices: Choices,
): Promise<void> {
  const here = configOf({})
  await onCurrentDatabase(here, async (connection) => {
    const row = await runToGoOn(connection, run_id, reopen)
    if (row === undefined)
      return say(`No run of ${connection.database} has failed or deferred items: nothing to retry.`)
    const config = configOf({
      universe: row.universe_file,
      start: row.start_date,
      end: row.end_date,
      ...(row.source === 'unknown' ? {} : { source: row.source }),
    })
    const { groupRows: group_rows_max, maxRequests: requests_max, without } = choices
    await run(config, {
      jobs: row.jobs,
      command: row.command,
      resumed: row,
      reopen,
      group_rows_max,
      requests_max,
      without,
    })
  })
}

/**
 * The run of an id; without one, the newest run, or to retry, the newest run that has failed items: a later
 * run does not make them ok. Undefined when there is nothing to retry.
 */
async function runToGoOn(
  connection: Connection,
  run_id: string | undefined,
  reopen: readonly ('failed' | 'deferred')[],
): Promise<RunRow | undefined> {
  const { database } = connection
  const newest = await withDatabase(connection, (db) => findRun(db, run_id))
  if (newest === undefined) {
    throw new RefusedError(
      run_id === undefined
        ? `${database} has no run yet. Start one: npx node ingest/run.ts run all`
        : `${database} has no run whose id begins with "${run_id}". \`status\` lists the newest runs.`,
    )
  }
  if (run_id !== undefined || !reopen.includes('failed')) return newest
  const failed = await withDatabase(connection, (db) => findRunWithItems(db, reopen))
  if (failed === undefined) return undefined
  say(`Retrying run ${failed.run_id}, started ${timeText(failed.started_at)}: the newest with failed items.`)
  return failed
}
