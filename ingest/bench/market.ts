import { join } from 'node:path'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { createEmptyDatabase, dropDatabase, localeOf, scratchName } from '../../helpers/database/scratch.ts'
import { runClient } from '../../helpers/postgres/client.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import type { JobName } from '../contract/job.ts'
import { jobsInOrder } from '../jobs.ts'
import { ingest } from '../pipeline/run.ts'
import { openDelivery } from '../providers/index.ts'
import { readUniverse } from '../universe/read.ts'
import { FIRST_DAY } from './inputs.ts'

/** The tables of a benchmark that a baseline fills too. */
export type BenchTable = 'prices_daily' | 'fundamentals_raw'

/** A database of the benchmark's own, and what is done with it. */
export interface Market {
  readonly connection: Connection
  /** Runs jobs over a delivery. @throws TypeError unless the run is complete. */
  load(root: string, jobs: readonly JobName[], is_full?: boolean): Promise<void>
  /** Runs one statement and gives how long it took, milliseconds. */
  query(sql: string): Promise<number>
  psql(command: string): Promise<void>
  drop(): Promise<void>
}

export async function openMarket(maintenance: Connection): Promise<Market> {
  const connection = { ...maintenance, database: scratchName() }
  await createEmptyDatabase(maintenance, connection.database, await localeOf(maintenance))
  await migrate(connection, join(ROOT_DIRECTORY, 'migrations'))
  const { version } = await withDatabase(connection, (db) =>
    db.one<{ version: string }>(`select split_part(current_setting('server_version'), ' ', 1) as version`),
  )
  return {
    connection,
    async load(root, jobs, is_full = false) {
      const { state, state_reason } = await ingest({
        connection,
        jobs: jobsInOrder(jobs),
        universe: await readUniverse(join(root, 'universe.csv')),
        window: { start_date: FIRST_DAY, end_date: '2025-12-31' },
        providers: [openDelivery(root, () => {})],
        source: `flat-files:${root}`,
        thresholds: {
          reject_max_ratio: 0,
          failed_max_ratio: 0,
          not_found_max_ratio: { 'fundamentals-raw': 1 },
        },
        is_full,
      })
      if (state !== 'complete')
        throw new TypeError(`The run is ${state}: ${state_reason}. It should be complete.`)
    },
    query: (sql) =>
      withDatabase(connection, async (db) => {
        const started = performance.now()
        await db.rows(sql)
        return performance.now() - started
      }),
    async psql(command) {
      await runClient('psql', version, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command], connection)
    },
    drop: () => dropDatabase(maintenance, connection.database),
  }
}
