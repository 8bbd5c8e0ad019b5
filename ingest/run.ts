import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { ConfigError, messageOf, StocksError } from '../helpers/core/errors.ts'
import { redact } from '../helpers/core/redact.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import {
  type Choices,
  configOf,
  daily,
  EXIT_CODES,
  goOn,
  onDatabase,
  run,
  say,
  showPlan,
} from './commands/commands.ts'
import { statusText, validationText } from './commands/status.ts'
import { JOB_NAMES, type JobName } from './contract/job.ts'
import { JOB_TITLES } from './jobs.ts'
import { openSecondSource } from './providers/index.ts'
import { loadSecondSource } from './second-source/load.ts'
import { secondSourceText } from './second-source/text.ts'
import { checksOf, SECOND_SOURCE_CHECKS } from './validation/checks.ts'
import { inspectSeries } from './validation/inspect.ts'
import { VALIDATING, validate } from './validation/validate.ts'

const program = new Command('ingest')
  .description(
    'Brings US stocks into the database: npx node ingest/run.ts <command>, or npm run ingest -- <command>.',
  )
  .addHelpText('after', () => {
    const jobs = JOB_NAMES.map((name) => `  ${name.padEnd(22)}${JOB_TITLES[name]}`).join('\n')
    return `\nThe seven jobs, in the order of their needs:\n${jobs}\n
Exit codes: 0 complete · 1 failed · 2 wrong use or configuration · 3 complete with gaps · 4 halted by a quota · 130 interrupted.
Needs Node.js 24: \`npx node\` is the one that this project brings along.`
  })
  .showHelpAfterError()
  .exitOverride()

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.')
  return Number(text)
}

const withGrouping = (command: Command): Command =>
  command.option(
    '--group-rows <rows>',
    'rows after which a group of items is committed; a kill loses at most one group',
    wholeNumber,
  )

const withChoices = (command: Command): Command =>
  command
    .option('--universe <file>', 'written universe, CSV with source_id and ticker (BOOTSTRAP_UNIVERSE)')
    .option('--start <day>', 'first day of prices, YYYY-MM-DD (BOOTSTRAP_START)')
    .option('--end <day>', 'last day of prices, YYYY-MM-DD (BOOTSTRAP_END)')
    .option(
      '--source <source>',
      'rehearsal, flat-files:<folder>, live or replay:<archive> (BOOTSTRAP_SOURCE)',
    )

const withoutProviders = (command: Command): Command =>
  command.option(
    '--without <provider...>',
    'pass over these providers: the next of the list of each job is asked (bootstrap.json)',
  )

const withBound = (command: Command): Command =>
  command.option(
    '--max-requests <requests>',
    'send no more requests than this; what is left is deferred, and can be resumed',
    wholeNumber,
  )

withBound(withoutProviders(withGrouping(withChoices(program.command('run', { isDefault: true })))))
  .description('run jobs: `all`, or any of the seven by name')
  .argument('<job...>', 'all, or names of jobs')
  .option('--plan', 'say what it would cost, in requests, minutes and gigabytes, and stop')
  .option('--full', 'derive every item anew, also those of which nothing has changed')
  .action(async (names: string[], choices: Choices) => {
    const [jobs, config] = [jobsNamed(names), configOf(choices)]
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
  .description('go on with a run that was interrupted or halted; the newest when none is named')
  .argument('[run-id]', 'the run, or the start of its id')
  .action((run_id: string | undefined, choices: Choices) => goOn(run_id, ['deferred'], choices))

withBound(withoutProviders(withGrouping(program.command('retry'))))
  .description('try the failed items of a run again, and derive anew what hangs on them')
  .argument('[run-id]', 'the run, or the start of its id; the newest when none is named')
  .requiredOption('--failed', 'the failed items, and the deferred ones')
  .action((run_id: string | undefined, choices: Choices) => goOn(run_id, ['failed', 'deferred'], choices))

withBound(withoutProviders(withGrouping(withChoices(program.command('daily')))))
  .description('bring every job up to the last finished session, and validate; for cron or a task scheduler')
  .action(async (choices: Choices) => {
    await daily(configOf(choices), {
      group_rows_max: choices.groupRows,
      requests_max: choices.maxRequests,
      without: choices.without,
    })
  })

program
  .command('validate')
  .description('run every check; a hard one that finds a violation fails')
  .action(() => {
    const config = configOf({})
    const checks = checksOf(config)
    return onDatabase(config, async (connection) => {
      const report = await withDatabase(connection, (db) => validate(db, { checks }), VALIDATING)
      say(validationText(report))
      process.exitCode = report.hard_count === 0 ? EXIT_CODES.complete : EXIT_CODES.failed
    })
  })

program
  .command('compare')
  .description(
    'read the second source (BOOTSTRAP_SECOND_SOURCE, or second_source in bootstrap.json), and say where closes, splits and dividends differ',
  )
  .action(() => {
    const config = configOf({})
    const { second_source } = config
    if (second_source === undefined)
      throw new ConfigError([
        'BOOTSTRAP_SECOND_SOURCE is not set, and bootstrap.json has no second_source; it must be flat-files:<folder>',
      ])
    return onDatabase(config, (connection) =>
      withDatabase(connection, async (db) => {
        await loadSecondSource(db, openSecondSource(second_source), `flat-files:${second_source.directory}`)
        const report = await validate(db, { checks: SECOND_SOURCE_CHECKS })
        say(`${(await secondSourceText(db)) ?? ''}${validationText(report)}`)
      }),
    )
  })

program
  .command('inspect')
  .description(
    "judge vendors' daily series (CSV with adjusted closes, dividends, splits): is a file damaged?",
  )
  .argument('<file...>', 'CSV or gzipped CSV files, one series each')
  .action(async (files: string[]) => {
    for (const file of files) {
      const found = await inspectSeries(file)
      say(
        `${file}: ${found.length === 0 ? 'nothing contradicts itself' : `${found.length} contradictions`}\n${found.map((each) => `  ${each}\n`).join('')}`,
      )
      if (found.length > 0) process.exitCode = EXIT_CODES.failed
    }
  })

program
  .command('status')
  .description('show the newest runs, and the items of the last one')
  .action(() =>
    onDatabase(configOf({}), async (connection) => {
      say(await withDatabase(connection, (db) => statusText(db)))
    }),
  )

function jobsNamed(names: readonly string[]): readonly JobName[] {
  if (names.includes('all')) return JOB_NAMES
  const unknown = names.filter((name) => !JOB_NAMES.includes(name as JobName))
  if (unknown.length > 0)
    throw new ConfigError([
      `"${unknown.join('", "')}" is no job; the seven are ${JOB_NAMES.join(', ')} (or all)`,
    ])
  return names as JobName[]
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage
  else {
    process.exitCode = error instanceof ConfigError ? EXIT_CODES.usage : EXIT_CODES.failed
    // What we threw on purpose says what to do; anything else is a defect, and its stack is what helps.
    const text =
      error instanceof StocksError || !(error instanceof Error)
        ? messageOf(error)
        : (error.stack ?? error.message)
    process.stderr.write(`${redact(text)}\n`)
  }
}
