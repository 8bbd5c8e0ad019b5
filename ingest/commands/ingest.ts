import { type Command, Option } from 'commander'
import { REHEARSAL_MOMENT } from '../../helpers/config/rehearsal.ts'
import { ConfigError, FormatError } from '../../helpers/core/errors.ts'
import { counted } from '../../helpers/core/text.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { JOB_NAMES, type JobName } from '../contract/job.ts'
import { JOB_TITLES } from '../jobs.ts'
import { type AdoptOptions, adopt, openSecondSource } from '../providers/index.ts'
import { loadSecondSource } from '../second-source/load.ts'
import { secondSourceText } from '../second-source/text.ts'
import { checksOf, SECOND_SOURCE_CHECKS } from '../validation/checks.ts'
import { freshnessOf, freshnessText } from '../validation/freshness.ts'
import { inspectSeries } from '../validation/inspect.ts'
import { findingsText, openFindings } from '../validation/open-findings.ts'
import { VALIDATING, validate } from '../validation/validate.ts'
import { CHECK_EXIT_CODES, checkDelivery } from './check-delivery.ts'
import { daily } from './daily-command.ts'
import { day, EXIT_CODES, nearest, programOf, say, UsageError, wholeNumber } from './entry.ts'
import { run, showPlan } from './load.ts'
import { providerCommands } from './provider.ts'
import { goOn } from './resume.ts'
import { type Choices, configOf, onCurrentDatabase, onDatabase } from './settings.ts'
import { statusText, validationText } from './status.ts'
import { universeCommands } from './universe.ts'

const program = programOf(
  'ingest',
  'Loads US stocks into the database: npx node ingest/run.ts <command>, or npm run ingest -- <command>.',
).addHelpText('after', () => {
  const jobs = JOB_NAMES.map((name) => `  ${name.padEnd(22)}${JOB_TITLES[name]}`).join('\n')
  return `\nThe seven jobs, in the order of their needs:\n${jobs}\n
Exit codes: 0 complete · 1 failed · 2 wrong use or configuration · 3 complete with gaps ·
            4 halted by a quota · 130 interrupted.
Needs Node.js 24: \`npx node\` is the one that this project installs.`
})

/** Findings that `validate` lists by name; the others are in the database. */
const FINDINGS_SHOWN_MAX = 50

/** The program of `node ingest/run.ts`. */
export const ingestProgram = program

const withGrouping = (command: Command): Command =>
  command.option(
    '--group-rows <rows>',
    'rows after which a group of items is committed; a kill loses at most one group',
    wholeNumber,
  )

const withChoices = (command: Command): Command =>
  command
    .option('--universe <file>', 'written universe, CSV with source_id and ticker (BOOTSTRAP_UNIVERSE)')
    .option('--start <day>', 'first day of prices, YYYY-MM-DD (BOOTSTRAP_START)', day)
    .option('--end <day>', 'last day of prices, YYYY-MM-DD (BOOTSTRAP_END)', day)
    .option(
      '--source <source>',
      'rehearsal, flat-files:<folder>, live or replay:<archive> (BOOTSTRAP_SOURCE)',
    )

const withoutProviders = (command: Command): Command =>
  command.option(
    '--without <provider...>',
    'skip these providers: each job uses the next one of its list in bootstrap.json',
  )

const withBound = (command: Command): Command =>
  command.option(
    '--max-requests <requests>',
    'send at most this number of requests; the remaining items are deferred, and can be resumed',
    wholeNumber,
  )

withBound(withoutProviders(withGrouping(withChoices(program.command('run', { isDefault: true })))))
  .description('run jobs: `all`, or any of the seven by name')
  .argument('<job...>', 'all, or names of jobs')
  .option('--plan', 'print what it would cost, in requests, minutes and gigabytes, and stop')
  .option('--full', 'read every file and derive every item again, also those with unchanged inputs')
  .action(async (names: string[], choices: Choices) => {
    const jobs = jobsNamed(names)
    const config = configOf(choices)
    const { groupRows: group_rows_max, maxRequests: requests_max, full: is_full, without } = choices
    if (choices.plan === true) await showPlan(config, jobs, without)
    else
      await run(config, {
        jobs,
        command: `run ${names.join(' ')}`,
        group_rows_max,
        requests_max,
        is_full,
        without,
      })
  })

withBound(withoutProviders(withGrouping(program.command('resume'))))
  .description('continue a run that was interrupted or halted; without an id, the newest run')
  .argument('[run-id]', 'the run, or the start of its id')
  .action((run_id: string | undefined, choices: Choices) => goOn(run_id, ['deferred'], choices))

withBound(withoutProviders(withGrouping(program.command('retry'))))
  .description('try the failed items of a run again, and derive again what depends on them')
  .argument('[run-id]', 'the run, or the start of its id; without it, the newest run that has failed items')
  .requiredOption('--failed', 'the failed items, and the deferred ones')
  .action((run_id: string | undefined, choices: Choices) => goOn(run_id, ['failed', 'deferred'], choices))

withBound(withoutProviders(withGrouping(withChoices(program.command('daily')))))
  .description('update every job to the last finished session, then validate; for cron or a task scheduler')
  .option('--backup', 'then make a verified backup, as npm run backup does')
  .option('--json', 'print one JSON object to standard output, and everything else to standard error')
  .action((choices: Choices) => daily(configOf(choices), choices))

program
  .command('validate')
  .description('run every check; a violation of a hard check ends with exit code 1')
  .action(() => {
    const config = configOf({})
    const checks = checksOf(config)
    return onCurrentDatabase(config, async (connection) => {
      const report = await withDatabase(
        connection,
        async (db) => {
          const { since } = await db.one<{ since: string }>('select now()::text as since')
          const found = await validate(db, { checks })
          const findings = await openFindings(db, { since, findings_max: FINDINGS_SHOWN_MAX })
          say(`${findingsText(findings)}${validationText(found)}`)
          return found
        },
        VALIDATING,
      )
      process.exitCode = report.hard_count === 0 ? EXIT_CODES.complete : EXIT_CODES.failed
    })
  })

program
  .command('compare')
  .description(
    'read the second source (BOOTSTRAP_SECOND_SOURCE, or second_source in bootstrap.json), and list ' +
      'where closes, splits and dividends differ',
  )
  .action(() => {
    const config = configOf({})
    const { second_source } = config
    if (second_source === undefined)
      throw new ConfigError([
        'BOOTSTRAP_SECOND_SOURCE is not set, and bootstrap.json has no second_source; it must be ' +
          'flat-files:<folder>',
      ])
    return onCurrentDatabase(config, (connection) =>
      withDatabase(connection, async (db) => {
        await loadSecondSource(db, openSecondSource(second_source), `flat-files:${second_source.directory}`)
        const report = await validate(db, { checks: SECOND_SOURCE_CHECKS })
        say(`${(await secondSourceText(db)) ?? ''}${validationText(report)}`)
      }),
    )
  })

program
  .command('inspect')
  .description("check vendors' daily series (CSV with adjusted closes, dividends, splits) for contradictions")
  .argument('<file...>', 'CSV or gzipped CSV files, one series each')
  .action(async (files: string[]) => {
    let worst: number = EXIT_CODES.complete
    for (const file of files) {
      const verdict = await verdictOn(file)
      say(verdict.text)
      worst = Math.max(worst, verdict.exit_code)
    }
    process.exitCode = worst
  })

/** What `inspect` says of one file: a file that cannot be read does not end the list. */
async function verdictOn(file: string): Promise<{ readonly text: string; readonly exit_code: number }> {
  try {
    const found = await inspectSeries(file)
    if (found.length === 0) return { text: `${file}: no contradiction`, exit_code: EXIT_CODES.complete }
    const lines = [`${file}: ${counted(found.length, 'contradiction')}`, ...found.map((each) => `  ${each}`)]
    return { text: lines.join('\n'), exit_code: EXIT_CODES.failed }
  } catch (error) {
    // Anything else than a file that cannot be used is a fault of ours.
    const isOfFile = error instanceof FormatError || (error as NodeJS.ErrnoException).code !== undefined
    if (!isOfFile) throw error
    return { text: `${file}: not read. ${(error as Error).message}`, exit_code: EXIT_CODES.usage }
  }
}

program
  .command('adopt')
  .description(
    "make a delivery of a folder of a vendor's price files: recognise their form, write what is missing",
  )
  .argument('<folder>', 'the folder; it is not changed')
  .option('--into <folder>', 'the delivery to write; <folder>-delivery by default')
  .addOption(
    new Option('--adjusted <kind>', 'what you know of the prices, if their form does not show it').choices([
      'raw',
      'split',
      'total',
    ]),
  )
  .action(async (folder: string, options: AdoptOptions) => say(await adopt(folder, options)))

program
  .command('check')
  .description('read a delivery of flat files without a database, and print what a run would load from it')
  .argument('<folder>', 'the delivery')
  .option('--universe <file>', 'written universe; universe.csv of the delivery by default')
  .action(async (folder: string, { universe }: Choices) => {
    const { reject_max_ratio } = configOf({}).bootstrap.thresholds
    const { text, verdict } = await checkDelivery(folder, { reject_max_ratio, universe })
    say(text)
    process.exitCode = CHECK_EXIT_CODES[verdict]
  })

universeCommands(program)
providerCommands(program, (command) => withBound(withoutProviders(withChoices(command))))

program
  .command('status')
  .description('list the newest runs, the items of the last one, and the age of the newest bar')
  .action(() => {
    const config = configOf({})
    const now = config.source.mode === 'rehearsal' ? REHEARSAL_MOMENT : new Date()
    return onDatabase(config, async (connection) => {
      const columns = process.stdout.isTTY ? process.stdout.columns : undefined
      await withDatabase(connection, async (db) => {
        say(await statusText(db, columns))
        say(freshnessText(await freshnessOf(db, now, config.bootstrap.thresholds)))
      })
    })
  })

function jobsNamed(names: readonly string[]): readonly JobName[] {
  if (names.includes('all')) return JOB_NAMES
  const unknown = names.find((name) => !JOB_NAMES.includes(name as JobName))
  if (unknown === undefined) return names as JobName[]
  const commands = program.commands.map((command) => command.name())
  const meant = nearest(unknown, [...commands, ...JOB_NAMES, 'all'])
  throw new UsageError(
    [
      `error: unknown command or job "${unknown}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
      `The commands are ${commands.join(', ')}.`,
      `The jobs are ${JOB_NAMES.join(', ')} (or all).`,
    ].join('\n'),
  )
}
