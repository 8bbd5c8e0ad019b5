import { join } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { type Config, readConfigWith } from '../helpers/config.ts'
import { withDatabase } from '../helpers/database.ts'
import { ConfigError, messageOf, RefusedError, StocksError } from '../helpers/errors.ts'
import { requireLiveServer } from '../helpers/live-servers.ts'
import { underRunLock } from '../helpers/lock.ts'
import { type Log, openLog } from '../helpers/log.ts'
import { startServer } from '../helpers/postgres/server.ts'
import { redact } from '../helpers/redact.ts'
import { JOB_TITLES } from './jobs.ts'
import { progressLine, summaryText } from './pipeline/console.ts'
import { JOB_NAMES, type JobName } from './pipeline/job.ts'
import type { RunReport } from './pipeline/report.ts'
import { type IngestOptions, ingest } from './pipeline/run.ts'
import { findRun, type RunRow } from './pipeline/run-record.ts'
import { statusText, validationText } from './pipeline/status.ts'
import { providersOf } from './providers/index.ts'
import { readUniverse } from './universe/read.ts'
import { inspectSeries } from './validation/inspect.ts'
import { validate } from './validation/validate.ts'

interface Grouping {
  readonly groupRows?: number
}

/** What the process ends with. Only `complete` is success to a shell. */
const EXIT_CODES = { complete: 0, failed: 1, usage: 2, complete_with_gaps: 3, halted: 4, interrupted: 130, running: 1 } as const

interface Choices extends Grouping {
  readonly full?: boolean
  readonly universe?: string
  readonly start?: string
  readonly end?: string
  readonly source?: string
}

const program = new Command('ingest')
  .description('Brings US stocks into the database: npx node ingest/run.ts <command>, or npm run ingest -- <command>.')
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
  command.option('--group-rows <rows>', 'rows after which a group of items is committed; a kill loses at most one group', wholeNumber)

const withChoices = (command: Command): Command =>
  command
    .option('--universe <file>', 'written universe, CSV with source_id and ticker (BOOTSTRAP_UNIVERSE)')
    .option('--start <day>', 'first day of prices, YYYY-MM-DD (BOOTSTRAP_START)')
    .option('--end <day>', 'last day of prices, YYYY-MM-DD (BOOTSTRAP_END)')
    .option('--source <source>', 'rehearsal, flat-files:<folder>, live or replay:<archive> (BOOTSTRAP_SOURCE)')

withGrouping(withChoices(program.command('run', { isDefault: true })))
  .description('run jobs: `all`, or any of the seven by name')
  .argument('<job...>', 'all, or names of jobs')
  .option('--full', 'derive every item anew, also those of which nothing has changed')
  .action(async (names: string[], choices: Choices) => {
    const jobs = jobsNamed(names)
    await run(configOf(choices), { jobs, command: `run ${names.join(' ')}`, group_rows_max: choices.groupRows, is_full: choices.full })
  })

withGrouping(program.command('resume'))
  .description('go on with a run that was interrupted or halted; the newest when none is named')
  .argument('[run-id]', 'the run, or the start of its id')
  .action((run_id: string | undefined, { groupRows }: Grouping) => goOn(run_id, ['parked'], groupRows))

withGrouping(program.command('retry'))
  .description('try the failed items of a run again, and derive anew what hangs on them')
  .argument('[run-id]', 'the run, or the start of its id; the newest when none is named')
  .requiredOption('--failed', 'the failed items, and the parked ones')
  .action((run_id: string | undefined, { groupRows }: Grouping) => goOn(run_id, ['failed', 'parked'], groupRows))

program
  .command('validate')
  .description('run every check; a hard one that finds an offender fails')
  .action(() =>
    onServer(configOf({}), async ({ connection }) => {
      const report = await withDatabase(connection, (db) => validate(db))
      say(validationText(report))
      process.exitCode = report.hard_count === 0 ? EXIT_CODES.complete : EXIT_CODES.failed
    }),
  )

program
  .command('inspect')
  .description("judge vendors' daily series (CSV with adjusted closes, dividends, splits): is a file damaged?")
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
    onServer(configOf({}), async ({ connection }) => {
      say(await withDatabase(connection, (db) => statusText(db)))
    }),
  )

/** `choices` stand above the environment. */
function configOf({ universe, start, end, source }: Choices): Config {
  return readConfigWith({ BOOTSTRAP_UNIVERSE: universe, BOOTSTRAP_START: start, BOOTSTRAP_END: end, BOOTSTRAP_SOURCE: source })
}

function jobsNamed(names: readonly string[]): readonly JobName[] {
  if (names.includes('all')) return JOB_NAMES
  const unknown = names.filter((name) => !JOB_NAMES.includes(name as JobName))
  if (unknown.length > 0) throw new ConfigError([`«${unknown.join('», «')}» is no job; the seven are ${JOB_NAMES.join(', ')} (or all)`])
  return names as JobName[]
}

async function onServer(config: Config, work: (server: Awaited<ReturnType<typeof startServer>>) => Promise<void>): Promise<void> {
  const server = await startServer(config)
  try {
    await work(server)
  } finally {
    await server.stop()
  }
}

/** Resumes or retries a run with the universe, the window and the source that it was started with. */
async function goOn(run_id: string | undefined, reopen: readonly ('failed' | 'parked')[], group_rows_max?: number): Promise<void> {
  const here = configOf({})
  await onServer(here, async ({ connection }) => {
    const row = await withDatabase(connection, (db) => findRun(db, run_id))
    if (row === undefined) throw new RefusedError(`There is no run ${run_id ?? ''} in ${connection.database}. \`status\` lists them.`)
    const config = configOf({
      universe: row.universe_file,
      start: row.start_date,
      end: row.end_date,
      ...(row.source === 'unknown' ? {} : { source: row.source }),
    })
    await run(config, { jobs: row.jobs, command: row.command, resumed: row, reopen, group_rows_max })
  })
}

interface Work {
  readonly jobs: readonly JobName[]
  readonly command: string
  readonly resumed?: RunRow
  readonly reopen?: NonNullable<IngestOptions['reopen']>
  readonly group_rows_max?: number | undefined
  readonly is_full?: boolean | undefined
}

async function run(config: Config, { jobs, command, resumed, reopen, group_rows_max, is_full }: Work): Promise<void> {
  const universe = await readUniverse(config.universe_file)
  if (resumed !== undefined && resumed.universe_sha256 !== universe.sha256) {
    throw new RefusedError(
      `The universe ${universe.file} has changed since run ${resumed.run_id} began: SHA-256 was ${resumed.universe_sha256}, is ${universe.sha256}. Put the old file back, or start a new run.`,
    )
  }
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const log_file = join(config.directories.data, 'logs', `ingest_${stamp}_${process.pid}.jsonl`)
  const log = openLog(log_file, { command })
  const progress = progressLine(process.stderr)
  await onServer(config, async ({ connection, maintenance, describe }) => {
    requireLiveServer(config, await describe(), connection)
    // One run at a time on a target, a checklist run included; only a child of the run that holds the lock may work beside it.
    const lock = { run_id: `ingest-${stamp}`, held_lock: config.held_lock }
    const work = (lost: AbortSignal): Promise<RunReport> => withSignals(log, (told) => load(AbortSignal.any([lost, told])))
    const load = (signal: AbortSignal): Promise<RunReport> =>
      ingest({
        connection,
        jobs,
        universe,
        window: config.window,
        providers: providersOf(config, log, { connection, ...(resumed === undefined ? {} : { reuse_since_at: resumed.started_at }) }),
        source: sourceText(config),
        thresholds: config.bootstrap.thresholds,
        log,
        signal,
        command,
        onProgress: progress.show,
        onJob: progress.done,
        ...(resumed === undefined ? {} : { resume_run_id: resumed.run_id }),
        ...(reopen === undefined ? {} : { reopen }),
        ...(group_rows_max === undefined ? {} : { group_rows_max }),
        ...(is_full === undefined ? {} : { is_full }),
      })
    const report = await underRunLock(maintenance, connection.database, lock, work).finally(progress.clear)
    say(summaryText(report))
    say(`Log: ${log_file}${nextStep(report)}\n`)
    process.exitCode = EXIT_CODES[report.state]
  })
}

const sourceText = ({ source }: Config): string => ('directory' in source ? `${source.mode}:${source.directory}` : source.mode)

function nextStep({ state, run_id, jobs }: RunReport): string {
  if (state === 'halted' || state === 'interrupted') return `\nGo on with: npx node ingest/run.ts resume ${run_id}`
  if (jobs.some(({ items }) => items.failed > 0))
    return `\nTry the failed items again with: npx node ingest/run.ts retry --failed ${run_id}`
  return ''
}

/** The first SIGINT or SIGTERM lets the group in flight finish; a second one ends the process at once. */
async function withSignals<T>(log: Log, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(EXIT_CODES.interrupted)
    log.info({ signal: name }, 'told to stop')
    process.stderr.write(`\n${name}: finishing the group in flight. Again to stop at once.\n`)
    stop.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

function say(text: string): void {
  process.stdout.write(redact(text))
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage
  else {
    process.exitCode = error instanceof ConfigError ? EXIT_CODES.usage : EXIT_CODES.failed
    // What we threw on purpose says what to do; anything else is a defect, and its stack is what helps.
    const text = error instanceof StocksError || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)
    process.stderr.write(`${redact(text)}\n`)
  }
}
