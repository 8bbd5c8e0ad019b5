import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { Config } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { writeAtomically } from '../../helpers/core/atomic-file.ts'
import { dropDatabase, scratchName, sweepScratchDatabases } from '../../helpers/database/scratch.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { jobsInOrder } from '../jobs.ts'
import { chooseProvider } from '../pipeline/plan.ts'
import type { RunReport } from '../pipeline/report.ts'
import { type IngestOptions, ingest } from '../pipeline/run.ts'
import { type Comparison, compareProvider } from '../provider-change/compare.ts'
import { ACCEPTABLE, type Acceptable, reportText, toAccept } from '../provider-change/report.ts'
import { switchProvider } from '../provider-change/switch.ts'
import { EXIT_CODES, say } from './entry.ts'
import { type RunPlace, runsText, withRun, worstOf } from './load.ts'
import { type Choices, configOf } from './settings.ts'

// `ingest provider diff | switch`: what another provider would change, and the change.

interface ProviderChoices extends Choices {
  readonly accept?: readonly Acceptable[]
}

/** The subcommands of `provider`; `withChoices` adds the options of a run. */
export function providerCommands(program: Command, withChoices: (command: Command) => Command): void {
  const provider = program
    .command('provider')
    .description('compare the stored data with another provider, or change to it')
  withChoices(provider.command('diff'))
    .description(
      'load the configured source into a scratch database, and report what would change; exit code 1 if a ' +
        'difference must be accepted',
    )
    .action(diff)
  withChoices(provider.command('switch'))
    .description('the same, then change the provider; stored bars that it lacks stay')
    .addOption(
      new Option('--accept <kind...>', 'kinds of difference that you accept').choices([...ACCEPTABLE]),
    )
    .action(change)
}

async function diff(choices: ProviderChoices): Promise<void> {
  const config = configOf(choices)
  await withRun(config, runOf('provider diff', choices), async (asked, place) => {
    const { report } = await compare(config, await throughNewestBar(asked), place)
    process.exitCode = Object.keys(toAccept(report)).length === 0 ? EXIT_CODES.complete : EXIT_CODES.failed
  })
}

async function change(choices: ProviderChoices): Promise<void> {
  const config = configOf(choices)
  const command = 'provider switch'
  const { result, log_file } = await withRun(config, runOf(command, choices), async (asked, place) => {
    const options = await throughNewestBar(asked)
    const comparison = await compare(config, options, place)
    return switchProvider(place.server.connection, comparison, choices.accept ?? [], (beforeJob) =>
      ingest({ ...options, jobs: jobsInOrder(), is_full: true, beforeJob }),
    )
  })
  say(runsText([result], log_file, config))
  process.exitCode = EXIT_CODES[worstOf([result])]
}

/** Both loads of a switch use one answer of the provider: what the first has archived, the second reads. */
const runOf = (command: string, { without, maxRequests: requests_max }: Choices) => ({
  ...{ command, without, requests_max },
  reuse_since_at: new Date().toISOString(),
  ends_change: true,
})

/** `daily` has stored bars after the configured window: the new provider is asked for those too. */
async function throughNewestBar(options: Omit<IngestOptions, 'jobs'>): Promise<Omit<IngestOptions, 'jobs'>> {
  const { newest } = await withDatabase(options.connection, (db) =>
    db.one<{ newest: string | null }>(
      'select max(trade_date)::text as newest from stocks_research.prices_daily',
    ),
  )
  const { start_date, end_date } = options.window
  return {
    ...options,
    window: { start_date, end_date: newest === null || newest < end_date ? end_date : newest },
  }
}

/** Loads the new provider into a scratch database, and compares; prints the report, and writes it to a file. */
async function compare(
  config: Config,
  options: Omit<IngestOptions, 'jobs'>,
  { server, stamp }: RunPlace,
): Promise<Comparison> {
  const scratch: Connection = { ...server.connection, database: scratchName() }
  await sweepScratchDatabases(server.maintenance)
  try {
    const load = (connection: Connection): Promise<RunReport> =>
      ingest({ ...options, connection, jobs: jobsInOrder(), is_full: true })
    const provider = chooseProvider(options.providers, 'prices_daily').name
    const comparison = await compareProvider(
      server.connection,
      scratch,
      options,
      { source: options.source, provider },
      load,
    )
    const file = join(config.directories.data, 'provider-changes', `${stamp}.json`)
    await writeAtomically(file, `${JSON.stringify(comparison.report, null, 2)}\n`)
    say(`${reportText(comparison.report)}\nEvery difference: ${file}`)
    return comparison
  } finally {
    await dropDatabase(server.maintenance, scratch.database)
  }
}
