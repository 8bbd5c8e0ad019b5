import type { Config } from '../../helpers/config/config.ts'
import { REHEARSAL_MOMENT } from '../../helpers/config/rehearsal.ts'
import { messageOf } from '../../helpers/core/errors.ts'
import { redact } from '../../helpers/core/redact.ts'
import { cutList } from '../../helpers/core/text.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { chooseProvider } from '../pipeline/plan.ts'
import { requireSameProvider } from '../provider-change/switch.ts'
import { checksOf } from '../validation/checks.ts'
import { freshnessOf, freshnessText } from '../validation/freshness.ts'
import { reportAlive } from './alive.ts'
import { type DailyReport, runDaily } from './daily.ts'
import { type DailySummary, failureOf, lineOf, summaryOf } from './daily-summary.ts'
import { EXIT_CODES, say } from './entry.ts'
import { type RunPlace, runsText, withRun, worstOf } from './load.ts'
import { backUp, backupText, type DailyBackup } from './make-backup.ts'
import { throughRestarts } from './restarts.ts'
import type { Choices } from './settings.ts'
import { validationText } from './status.ts'

/**
 * The command `daily`: the update, the backup, what a person and a machine read of it, and the sign of life.
 * Sets the exit code. The last line of standard output is the summary, as a line or as JSON.
 */
export async function daily(config: Config, choices: Choices): Promise<void> {
  const started = performance.now()
  const tell = choices.json === true ? toStandardError : say
  try {
    const summary = await update(config, choices, tell, started)
    process.exitCode = summary.exit_code
    const isAlive = ([EXIT_CODES.complete, EXIT_CODES.complete_with_gaps] as number[]).includes(
      summary.exit_code,
    )
    if (isAlive) for (const fault of await reportAlive(config.alive, summary)) tell(fault)
    say(choices.json === true ? JSON.stringify(summary) : lineOf(summary))
  } catch (error) {
    const failure = failureOf(config.database, error, performance.now() - started)
    say(choices.json === true ? JSON.stringify(failure) : lineOf(failure))
    throw error // Its message follows on standard error.
  }
}

const toStandardError = (text: string): void => void process.stderr.write(`${redact(text)}\n`)

async function update(
  config: Config,
  choices: Choices,
  tell: (text: string) => void,
  started: number,
): Promise<DailySummary> {
  const { groupRows: group_rows_max, maxRequests: requests_max, without } = choices
  const checks = checksOf(config)
  // The clock of a rehearsal stands where its market does.
  const now = config.source.mode === 'rehearsal' ? REHEARSAL_MOMENT : new Date()
  const asked = { command: 'daily', group_rows_max, requests_max, without }
  // A daily run that was interrupted is followed by another one: it finds what the first has changed.
  const { result, log_file } = await throughRestarts(config, () =>
    withRun(config, asked, async (options, place) => {
      // Another provider is a change of what is stored; for one run it is named.
      if (without === undefined)
        await withDatabase(options.connection, (db) =>
          requireSameProvider(db, chooseProvider(options.providers, 'prices_daily').name),
        )
      const report = await runDaily({
        ...options,
        now,
        ...config.bootstrap.daily,
        checks,
      })
      const freshness = await withDatabase(options.connection, (db) =>
        freshnessOf(db, now, config.bootstrap.thresholds),
      )
      const signal = options.signal ?? new AbortController().signal
      const backup =
        choices.backup === true ? await backUpAfter(report, config, place, { signal, tell }) : null
      return { report, freshness, backup }
    }),
  )
  const { report, freshness, backup } = result
  const again = report.pulled_again.length === 0 ? 'none' : cutList(report.pulled_again)
  tell(
    `Prices from ${report.overlap_start_date} to ${report.last_session_date}; ` +
      `history requested again for: ${again}\n`,
  )
  if (report.extended.length > 0)
    tell(`Days before the former start of the window requested for ${report.extended.length} securities.\n`)
  tell(validationText(report.validation))
  tell(runsText(report.runs, log_file, config))
  tell(freshnessText(freshness))
  if (backup !== null && 'file' in backup) tell(backupText(backup))
  return summaryOf({
    ...{ report, freshness, backup, log_file },
    database: config.database,
    duration_ms: performance.now() - started,
  })
}

/** A backup of what the run left. Its failure does not undo the run, and is reported. */
async function backUpAfter(
  { runs, validation }: DailyReport,
  config: Config,
  { server }: RunPlace,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (text: string) => void },
): Promise<DailyBackup> {
  const state = worstOf(runs)
  if (state !== 'complete' && state !== 'complete_with_gaps') return { skipped: `the run is ${state}` }
  const run_id = runs.at(-1)?.run_id
  try {
    return await backUp(server, config, {
      signal,
      say: tell,
      ...(run_id === undefined ? {} : { run_id }),
      ...(validation.is_valid
        ? {}
        : { keep_all: 'Older backups were all kept, since hard checks have violations.' }),
    })
  } catch (error) {
    return { error: messageOf(error) }
  }
}
