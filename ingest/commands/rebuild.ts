import { join } from 'node:path'
import { type Config, ROOT_DIRECTORY, readConfig, readConfigWith } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { sourceText } from '../../helpers/config/source.ts'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { openLog } from '../../helpers/core/log.ts'
import { describeDifferences } from '../../helpers/database/compare.ts'
import { requireCurrentSchema } from '../../helpers/database/migrate-state.ts'
import { dropDatabase, scratchName, sweepScratchDatabases } from '../../helpers/database/scratch.ts'
import { requireBuilt } from '../../helpers/database/target-database.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { startServer } from '../../helpers/postgres/server.ts'
import { findArchivedDelivery } from '../archive/delivery.ts'
import { jobsInOrder } from '../jobs.ts'
import type { RunReport } from '../pipeline/report.ts'
import { ingest } from '../pipeline/run.ts'
import { findFullRuns, type RunRow } from '../pipeline/runs.ts'
import { openRunProviders } from '../providers/index.ts'
import { rebuild } from '../rebuild/rebuild.ts'
import { findUniverse } from '../universe/keep.ts'
import type { Universe } from '../universe/read.ts'
import { progressLine } from './console.ts'
import { programOf, runProgram, say } from './entry.ts'

/**
 * The configuration of a recorded run. What it was given is in the archive, responses and deliveries
 * alike, and is taken from there; a delivery that was never archived is read where it lay.
 */
async function configOf(
  { run_id, universe_file, start_date, end_date, source }: RunRow,
  { directories }: Config,
  db: Database,
): Promise<Config> {
  const files = await db.rows<{ sha256: string }>(
    'select distinct unnest(archive_sha256) as sha256 from ingestion.items where run_id = $1',
    [run_id],
  )
  const delivery = await findArchivedDelivery(
    directories.archive,
    files.map(({ sha256 }) => sha256),
  )
  const is_http = source === 'live' || source === 'rehearsal'
  const files_source = delivery === undefined ? source : `flat-files:${delivery}`
  return readConfigWith({
    BOOTSTRAP_UNIVERSE: universe_file,
    BOOTSTRAP_START: start_date,
    BOOTSTRAP_END: end_date,
    BOOTSTRAP_SOURCE: is_http ? `replay:${directories.archive}` : files_source,
  })
}

/** A run to repeat, with the configuration and the universe that it had. */
interface Recorded {
  readonly run: RunRow
  readonly config: Config
  readonly universe: Universe
}

async function recordedOf(run: RunRow, here: Config, db: Database): Promise<Recorded> {
  const { universe_file, universe_sha256, run_id } = run
  const universe = await findUniverse(here.directories.archive, universe_file, universe_sha256)
  if (universe === undefined)
    throw new PreconditionError(
      `The universe ${universe_file} is not the one of run ${run_id}: SHA-256 was ${universe_sha256}, and ` +
        'the archive has no copy of it. Put the old file back, then rebuild.',
    )
  return { run, universe, config: await configOf({ ...run, universe_file: universe.file }, here, db) }
}

async function load({ config, run, universe }: Recorded, connection: Connection): Promise<RunReport> {
  const log = openLog(join(config.directories.data, 'logs', `rebuild_${connection.database}.jsonl`), {
    rebuild_of: run.run_id,
  })
  const progress = progressLine(process.stderr)
  const opened = await openRunProviders(config, log, { connection })
  return ingest({
    connection,
    jobs: jobsInOrder(),
    universe,
    window: config.window,
    providers: opened.providers,
    source: sourceText(config.source),
    thresholds: config.bootstrap.thresholds,
    log,
    command: `rebuild of run ${run.run_id}`,
    // A rebuild is a proof: it reads everything, and relies on no recorded hash.
    is_full: true,
    onProgress: progress.show,
    onJob: progress.done,
  }).finally(async () => {
    progress.clear()
    await opened.close()
  })
}

/** Repeats the runs in their order; the report is that of the first one that does not end complete. */
async function loadAll(recorded: readonly Recorded[], connection: Connection): Promise<RunReport> {
  let report: RunReport | undefined
  for (const each of recorded) {
    report = await load(each, connection)
    if (report.state !== 'complete' && report.state !== 'complete_with_gaps') break
  }
  if (report === undefined) throw new PreconditionError('There is no run to repeat.')
  return report
}

async function main({ keep }: { readonly keep?: true }): Promise<void> {
  const config = readConfig()
  const server = await startServer(config)
  const scratch = { ...server.connection, database: scratchName() }
  try {
    await requireBuilt(server.connection)
    await requireCurrentSchema(server.connection)
    await sweepScratchDatabases(server.maintenance)
    const runs = await withDatabase(server.connection, findFullRuns)
    if (runs.length === 0)
      throw new PreconditionError(
        `${server.connection.database} has no run of all seven jobs that has ended. Load it ` +
          'first: npx node ingest/run.ts run all',
      )
    const recorded = await withDatabase(server.connection, async (db) => {
      const all: Recorded[] = []
      for (const run of runs) all.push(await recordedOf(run, config, db))
      return all
    })
    say(`Rebuilding ${server.connection.database} as ${scratch.database}:`)
    for (const { run, config: its } of recorded)
      say(`  run ${run.run_id}, ${run.start_date} to ${run.end_date}, from ${sourceText(its.source)}`)
    const result = await rebuild(
      server.connection,
      scratch,
      join(ROOT_DIRECTORY, 'migrations'),
      (connection) => loadAll(recorded, connection),
    )
    for (const { table, rows, sha256, is_equal } of result.tables)
      say(`  ${is_equal ? 'equal    ' : 'different'}  ${table}  ${rows} rows  SHA-256 ${sha256}`)
    const isEqual = result.differences.length === 0
    say(
      isEqual
        ? `The rebuilt database has the same content (${result.content_sha256}). It took ` +
            `${(result.rebuild_ms / 1000).toFixed(1)} s.`
        : `The rebuilt database differs: ${describeDifferences(result.differences)}. The run of the ` +
            'rebuild ended ' +
            `${result.state}${result.state_reason === null ? '' : `: ${result.state_reason}`}.`,
    )
    if (keep === true) say(`It stays as ${scratch.database}. Drop it when you no longer need it.`)
    process.exitCode = isEqual ? 0 : 1
  } finally {
    if (keep !== true) await dropDatabase(server.maintenance, scratch.database)
    await server.stop()
  }
}

const program = programOf(
  'rebuild',
  'Builds the database again from its recorded source, in a scratch database, and compares the two by ' +
    'hash. Exit code 1 when they differ.',
)
  .option('--keep', 'leave the rebuilt database in place')
  .action(main)

await runProgram(program)
