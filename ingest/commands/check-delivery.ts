import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hasFiveYears, YEARS_MIN } from '../../helpers/checklist/five-years.ts'
import { dayAfter, dayBefore } from '../../helpers/core/days.ts'
import { folderFault } from '../../helpers/core/folder.ts'
import { firstSessionAfter, lastSessionBefore } from '../calendar/days.ts'
import { FIRST_DATE } from '../calendar/xnys.ts'
import { readUniverse } from '../universe/read.ts'
import {
  type Examination,
  emptyJobs,
  examineDelivery,
  failures,
  missing,
  splitsText,
} from '../validation/examine-delivery.ts'

const REJECTS_SHOWN_MAX = 10

type Verdict = 'fit' | 'fit_with_gaps' | 'unfit'
const VERDICTS: Readonly<Record<Verdict, string>> = {
  fit: 'It can be loaded.',
  fit_with_gaps: 'It can be loaded, with the gaps above.',
  unfit: 'It cannot be loaded as it is: see the lines above.',
}

/** The exit codes of a run, for what a run would end with. */
export const CHECK_EXIT_CODES: Readonly<Record<Verdict, number>> = { fit: 0, fit_with_gaps: 3, unfit: 1 }

function verdictOf(is_unfit: boolean, has_gaps: boolean): Verdict {
  if (is_unfit) return 'unfit'
  return has_gaps ? 'fit_with_gaps' : 'fit'
}

/**
 * Reads a delivery as a run does, without a database, and returns one page: rows, days, rejected records,
 * what would fail, what is missing, and whether its closes are as traded.
 */
export async function checkDelivery(
  folder: string,
  {
    reject_max_ratio,
    universe: universe_file,
  }: { readonly reject_max_ratio: number; readonly universe?: string | undefined },
): Promise<{ readonly text: string; readonly verdict: Verdict }> {
  const root = resolve(folder)
  const fault = await folderFault(root)
  if (fault !== undefined)
    return { text: `${root} ${fault}. Name the folder of the delivery.\n`, verdict: 'unfit' }
  const file = universe_file ?? join(root, 'universe.csv')
  const is_there = await access(file).then(
    () => true,
    () => false,
  )
  if (!is_there)
    return {
      text:
        `${root} has no universe.csv, the list of securities to load (source_id,ticker). Write ` +
        `one, or let \`adopt\` write it.\n`,
      verdict: 'unfit',
    }
  const { members } = await readUniverse(file)
  const examination = await examineDelivery(root, members, { reject_max_ratio })
  const is_unfit = failures(examination).length > 0 || emptyJobs(examination).length > 0
  const has_gaps =
    examination.rates.rejects.length > 0 ||
    examination.splits.against.length > 0 ||
    examination.checks.some(
      ({ absent, without, tally, contradicted }) =>
        tally.rows_rejected > 0 || contradicted > 0 || (absent === undefined && without.length > 0),
    )
  const verdict = verdictOf(is_unfit, has_gaps)
  return { text: pageOf(root, file, members.length, examination, verdict), verdict }
}

const count = (number: number): string => number.toLocaleString('en-US')

const contradictedText = (job: string, bars: number): string =>
  `DIFFER   ${job}: ${count(bars)} ${bars === 1 ? 'bar has' : 'bars have'} other values than another bar ` +
  'of that security and day; a run rejects both. Are these daily bars, each security in one file?'

type Window = { readonly start_date: string; readonly end_date: string }

/**
 * The window for all bars. Where their days alone are not five years, it takes in the days beside them on
 * which the exchange was closed: 2016-01-04 to 2020-12-31 are the five years from 2016-01-01 on.
 */
function windowOf(checks: Examination['checks']): Window | undefined {
  const days = checks.find(({ job }) => job === 'prices-daily')?.days
  if (days === undefined) return undefined
  const start_date = days.first < FIRST_DATE ? FIRST_DATE : days.first
  const end_date = days.last < start_date ? start_date : days.last
  const earlier = dayAfter(lastSessionBefore(start_date))
  const later = dayBefore(firstSessionAfter(end_date))
  const of_days = { start_date, end_date }
  const widened = [
    { start_date: earlier, end_date },
    { start_date: earlier, end_date: later },
  ]
  return [of_days, ...widened].find(hasFiveYears) ?? of_days
}

/** What the checklist does not do with these days, a line each. */
function daysTexts(checks: Examination['checks'], window: Window | undefined): string[] {
  const first = checks.find(({ job }) => job === 'prices-daily')?.days?.first
  if (first === undefined || window === undefined) return []
  const before = `BEFORE   the calendar begins on ${FIRST_DATE}: bars from ${first} to it are skipped`
  const short =
    `SHORT    the checklist needs a window of ${YEARS_MIN} years; ` +
    '`npm run ingest -- run all` loads a shorter one'
  return [...(first < FIRST_DATE ? [before] : []), ...(hasFiveYears(window) ? [] : [short])]
}

/** The command that loads every bar. */
function nextText(root: string, universe: string, window: Window | undefined): string {
  const source = `BOOTSTRAP_SOURCE="flat-files:${root}" BOOTSTRAP_UNIVERSE="${universe}"`
  if (window === undefined) return `Next: ${source} npx vitest run phases`
  const { start_date, end_date } = window
  const command = hasFiveYears(window) ? 'npx vitest run phases' : 'npm run ingest -- run all'
  return `Next: ${source} BOOTSTRAP_START=${start_date} BOOTSTRAP_END=${end_date} ${command}`
}

function pageOf(
  root: string,
  universe: string,
  members: number,
  examination: Examination,
  verdict: Verdict,
): string {
  const { checks, filings, rates, splits } = examination
  const named = [
    ...checks.map((check) => ({ ...check, name: check.job as string })),
    ...(filings === undefined ? [] : [{ ...filings, name: 'filings' }]),
  ]
  const cells = named.map(({ name, tally, days }) => [
    name,
    count(tally.files.size),
    count(tally.rows_read),
    count(tally.rows_skipped),
    count(tally.rows_rejected),
    count(tally.rows_copied),
    days === undefined ? '' : `${days.first} to ${days.last}`,
  ])
  const table = [['job', 'files', 'records', 'not requested', 'rejected', 'rows', 'days'], ...cells]
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? []
  const window = windowOf(checks)
  const rejects = [...named.flatMap(({ tally }) => tally.rejects), ...rates.rejects]
  return [
    `Delivery ${root}: ${count(members)} securities of ${universe}`,
    '',
    ...table.map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
    ...failures(examination).map((sentence) => `FAILS    ${sentence}`),
    ...missing(examination).map((sentence) => `MISSING  ${sentence}`),
    ...checks.flatMap(({ job, contradicted }) =>
      contradicted === 0 ? [] : [contradictedText(job, contradicted)],
    ),
    ...(rejects.length === 0 ? [] : [`REJECTED ${count(rejects.length)} records, the first ones:`]),
    ...rejects
      .slice(0, REJECTS_SHOWN_MAX)
      .map(({ file, line, reason }) => `         ${file}:${line}: ${reason}`),
    `PRICES   ${splitsText(splits)}`,
    ...daysTexts(checks, window),
    ...(rates.rows === 0 ? [] : [`RATES    ${count(rates.rows)} exchange rates`]),
    '',
    VERDICTS[verdict],
    ...(verdict === 'unfit' ? [] : [nextText(root, universe, window)]),
    '',
  ].join('\n')
}
