import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cutList } from '../../helpers/core/text.ts'
import { readOverrides } from '../calendar/load.ts'
import { FIRST_DATE, horizon, sessions } from '../calendar/xnys.ts'
import type { JobName, JobRow, ParseContext, SourcedJob } from '../contract/job.ts'
import type { Ask, Provider, Subject } from '../contract/provider.ts'
import { corporateActions } from '../corporate-actions.ts'
import { fundamentalsRaw } from '../fundamentals-raw.ts'
import { identityOf, type KnownSecurity, securityIdOf } from '../pipeline/identity.ts'
import { copyText, Tally } from '../pipeline/read.ts'
import { endOf } from '../pipeline/record.ts'
import { failMalformedFiles } from '../pipeline/settle.ts'
import { pricesDaily } from '../prices-daily.ts'
import { openDelivery, type SplitResult } from '../providers/index.ts'
import { securities } from '../securities.ts'
import { tickerHistory } from '../ticker-history.ts'
import { readUniverse, type UniverseMember } from '../universe/read.ts'

const ALL_DAYS = { start_date: '1800-01-01', end_date: '2199-12-31' }
const REJECTS_SHOWN_MAX = 10

/** Jobs that a database of prices needs. */
const NEEDED: readonly JobName[] = ['securities', 'ticker-history', 'prices-daily']

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

/** What one job would take of the delivery. */
interface JobCheck {
  readonly job: JobName
  readonly tally: Tally
  /** The rows of the jobs that say who is who. */
  readonly rows: readonly JobRow[]
  readonly rows_count: number
  readonly days: { first: string; last: string } | undefined
  readonly failed: ReadonlyMap<string, readonly string[]>
  readonly without: readonly string[]
  /** The reason of the delivery where it does not have the dataset. */
  readonly absent: string | undefined
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
  let splits: SplitResult = { moved: 0, still: [] }
  const provider = openDelivery(root, (result) => {
    splits = result
  })
  const checks: JobCheck[] = []
  let known = knownOf(members, [], [])
  for (const job of [securities, tickerHistory, pricesDaily, corporateActions, fundamentalsRaw]) {
    const check = await checkJob(job, provider, known, reject_max_ratio)
    checks.push(check)
    if (job === securities) known = knownOf(members, check.rows, [])
    if (job === tickerHistory) known = knownOf(members, checks[0]?.rows ?? [], check.rows)
  }
  const has_failed = checks.some(({ failed }) => failed.size > 0)
  const is_empty = checks.some(({ job, rows_count }) => NEEDED.includes(job) && rows_count === 0)
  const has_gaps = checks.some(
    ({ absent, without, tally }) => tally.rows_rejected > 0 || (absent === undefined && without.length > 0),
  )
  const verdict = verdictOf(has_failed || is_empty, has_gaps)
  return { text: pageOf(root, file, members.length, checks, splits, verdict), verdict }
}

/** The securities of the universe as the rows of the delivery describe them. */
function knownOf(
  members: readonly UniverseMember[],
  listed: readonly JobRow[],
  held: readonly JobRow[],
): KnownSecurity[] {
  const rows = new Map(listed.map((row) => [row['source_id'], row]))
  const intervals = Map.groupBy(held, (row) => row['security_id'])
  return members.map(({ source_id, ticker, cik, figi, provider_id }) => {
    const row = rows.get(source_id)
    const security_id = securityIdOf(source_id)
    return {
      security_id,
      source_id,
      ticker: row?.['ticker'] ?? ticker,
      is_in_master: row !== undefined,
      cik: row?.['cik'] ?? cik,
      figi,
      provider_id,
      delist_date: row?.['delist_date'] ?? undefined,
      tickers: (intervals.get(String(security_id)) ?? []).map((interval) => ({
        ticker: interval['ticker'] ?? '',
        valid_from: interval['valid_from'] ?? '',
        valid_to: interval['valid_to'] ?? null,
      })),
    }
  })
}

function subjectsOf(job: SourcedJob, known: readonly KnownSecurity[]): Subject[] {
  const all = known.map((security) => ({ ...security, item: security.source_id }))
  if (job.subject === 'security') return all
  const filers = Map.groupBy(all, ({ cik }) => cik)
  return [...filers].flatMap(([cik, [first]]) =>
    cik === undefined || first === undefined ? [] : [{ ...first, item: cik, source_id: undefined }],
  )
}

const session_days = new Set(
  sessions(FIRST_DATE, horizon(new Date().toISOString()), readOverrides()).map(
    ({ session_date }) => session_date,
  ),
)
/** Days before the calendar begins are taken as sessions. */
const isSession = (date: string): boolean => date < FIRST_DATE || session_days.has(date)

async function checkJob(
  job: SourcedJob,
  provider: Provider,
  known: readonly KnownSecurity[],
  reject_max_ratio: number,
): Promise<JobCheck> {
  const subjects = subjectsOf(job, known)
  const context: ParseContext = {
    identity: identityOf(known),
    window: ALL_DAYS,
    isSession,
    provider: provider.name,
  }
  const ask: Ask = { dataset: job.dataset, subjects, window: ALL_DAYS, first_session_date: FIRST_DATE }
  const batch = { label: job.name, subjects, estimate: { requests: 0, bytes: 0 } }
  const keeps_rows = job === securities || job === tickerHistory
  const rows: JobRow[] = []
  let days: JobCheck['days']
  const noted: SourcedJob = {
    ...job,
    parse(record, parse_context) {
      const parsed = job.parse(record, parse_context)
      if (!('row' in parsed)) return parsed
      if (keeps_rows) rows.push(parsed.row)
      const day = job.dated_by === undefined ? null : (parsed.row[job.dated_by] ?? null)
      if (day !== null && days === undefined) days = { first: day, last: day }
      else if (day !== null && days !== undefined)
        days = { first: day < days.first ? day : days.first, last: day > days.last ? day : days.last }
      return parsed
    },
  }
  const tally = new Tally(subjects, false)
  const pages = provider.read(ask, batch, new AbortController().signal)
  let fault: string | undefined
  try {
    for await (const _ of copyText(noted, pages, context, tally, () => {})) {
      // The text is for COPY; only the tally counts here.
    }
  } catch (error) {
    fault = (error as Error).message
  }
  failMalformedFiles(tally, reject_max_ratio)
  const failed = new Map<string, string[]>()
  const without: string[] = []
  let absent: string | undefined
  const fail = (reason: string, item: string): void =>
    void failed.set(reason, [...(failed.get(reason) ?? []), item])
  for (const item of tally.items.values()) {
    const end = item.rows > 0 && item.end?.status !== 'failed' ? undefined : endOf(job, item)
    if (fault !== undefined) fail(fault, item.item)
    else if (end?.status === 'failed') fail(end.reason ?? '', item.item)
    else if (end?.status === 'not_found') without.push(item.item)
    if (end?.reason?.startsWith('The delivery has no ') === true) absent = end.reason ?? undefined
  }
  return { job: job.name, tally, rows, rows_count: tally.rows_copied, days, failed, without, absent }
}

const count = (number: number): string => number.toLocaleString('en-US')

function pageOf(
  root: string,
  universe: string,
  members: number,
  checks: readonly JobCheck[],
  splits: SplitResult,
  verdict: Verdict,
): string {
  const cells = checks.map(({ job, tally, days }) => [
    job,
    count(tally.files.size),
    count(tally.rows_read),
    count(tally.rows_skipped),
    count(tally.rows_rejected),
    count(tally.rows_copied),
    days === undefined ? '' : `${days.first} to ${days.last}`,
  ])
  const table = [['job', 'files', 'records', 'not asked for', 'rejected', 'rows', 'days'], ...cells]
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? []
  const rejects = checks.flatMap(({ tally }) => tally.rejects)
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
    ...checks.flatMap(({ job, failed }) =>
      [...failed].map(([reason, items]) => `FAILS    ${job}: ${reason} (${cutList(items)})`),
    ),
    ...checks.flatMap(({ job, without, absent }) => {
      if (absent !== undefined) return [`MISSING  ${job}: ${absent} ${COSTS[job] ?? ''}`.trimEnd()]
      return without.length === 0 ? [] : [`MISSING  ${job}: nothing of ${cutList(without)}`]
    }),
    ...(rejects.length === 0 ? [] : [`REJECTED ${count(rejects.length)} records, the first ones:`]),
    ...rejects
      .slice(0, REJECTS_SHOWN_MAX)
      .map(({ file, line, reason }) => `         ${file}:${line}: ${reason}`),
    `PRICES   ${splitsText(splits)}`,
    '',
    VERDICTS[verdict],
    ...(verdict === 'unfit'
      ? []
      : [
          `Next: BOOTSTRAP_SOURCE="flat-files:${root}" BOOTSTRAP_UNIVERSE="${universe}" npx vitest ` +
            'run phases',
        ]),
    '',
  ].join('\n')
}

/** What a missing dataset means for the database. */
const COSTS: Partial<Record<JobName, string>> = {
  'corporate-actions': 'Adjusted prices will equal the prices.',
  'fundamentals-raw': 'There will be no fundamentals.',
}

function splitsText({ moved, still }: SplitResult): string {
  if (still.length > 0)
    return `the closes do not move at ${still.length} of ${still.length + moved} splits: they are adjusted`
  if (moved > 0) return `as traded: the closes move at all ${moved} splits that can be compared`
  return 'not compared: the delivery states no split between its days. Make sure that they are unadjusted'
}
