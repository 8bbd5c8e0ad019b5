import { join } from 'node:path'
import type { Connection } from '../../helpers/config/connection.ts'
import { PreconditionError, RefusedError } from '../../helpers/core/errors.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { JobName } from '../contract/job.ts'
import type { RunReport } from '../pipeline/report.ts'
import { type Comparison, currentProvider } from './compare.ts'
import { type Acceptable, toAccept } from './report.ts'

const SQL = join(import.meta.dirname, 'sql')

/**
 * Loads the new provider into the target: its rows replace those of the former provider, bars that only the
 * former one has stay, and events that would be applied twice are deleted. Recorded in
 * `ingestion.provider_changes`. A killed switch is started again; until it ends, other runs are refused.
 *
 * @param load runs all jobs on the target; it is given what to do before each job.
 * @throws RefusedError when a difference that changes or ends what is stored was not accepted.
 */
export async function switchProvider(
  target: Connection,
  { report, kept }: Comparison,
  accepted: readonly Acceptable[],
  load: (beforeJob: (job: JobName) => Promise<void>) => Promise<RunReport>,
): Promise<RunReport> {
  const missing = Object.entries(toAccept(report)).filter(([kind]) => !accepted.includes(kind as Acceptable))
  if (missing.length > 0)
    throw new RefusedError(
      [
        `The provider of ${target.database} was not changed, because this was not accepted:`,
        ...missing.map(([kind, sentence]) => `  ${kind}: ${sentence}`),
        `To accept it, repeat the command with --accept ${missing.map(([kind]) => kind).join(' ')}.`,
      ].join('\n'),
    )
  return withDatabase(target, async (db) => {
    const { former, next } = report
    const { change_id } = await db.one<{ change_id: string }>(queryFile(SQL, 'begin-change'), [
      former.source,
      former.provider,
      next.source,
      next.provider,
      accepted,
      JSON.stringify(report),
      JSON.stringify(kept),
    ])
    const replaced = report.events.filter(({ is_replaced }) => is_replaced)
    const result = await load(async (job) => {
      // The events of the new provider are stored, and nothing is derived from them yet.
      if (job === 'adjustment-factors') await deleteReplaced(db, JSON.stringify(replaced))
    })
    if (result.state === 'complete' || result.state === 'complete_with_gaps')
      await db.rows(
        'update ingestion.provider_changes set run_id = $2, ended_at = now() where change_id = $1',
        [change_id, result.run_id],
      )
    return result
  })
}

const deleteReplaced = (db: Database, events: string): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.rows(
      `select set_config('stocks_research.run_id', run_id::text, true)
       from ingestion.runs where state = 'running' order by started_at desc limit 1`,
    )
    await tx.rows(queryFile(SQL, 'delete-replaced'), [events])
  })

/**
 * For every run: a change of provider that was begun must end first, or its two sources would be mixed.
 *
 * @throws PreconditionError that names the command.
 */
export async function requireEndedChange(db: Database): Promise<void> {
  const [begun] = await db.rows<{ new_source: string; new_provider: string }>(
    'select new_source, new_provider from ingestion.provider_changes where ended_at is null',
  )
  if (begun !== undefined)
    throw new PreconditionError(
      `The change of the provider to ${begun.new_provider} (${begun.new_source}) was begun and has not ` +
        'ended. Repeat its command first: npm run ingest -- provider switch',
    )
}

/**
 * For `daily`: the provider of bars must be the one that gave the stored bars.
 *
 * @throws RefusedError that names the command which changes it.
 */
export async function requireSameProvider(db: Database, provider: string): Promise<void> {
  const current = await currentProvider(db)
  if (current === undefined || current.provider === provider) return
  throw new RefusedError(
    `The stored bars are from ${current.provider} (${current.source}), this run would read ${provider}. ` +
      'To see what would change: npm run ingest -- provider diff. To change it: npm run ingest -- ' +
      'provider switch. To use another provider once, name the one to skip: --without <provider>.',
  )
}
