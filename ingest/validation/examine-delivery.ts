import { crc32 } from 'node:zlib'
import { cutList } from '../../helpers/core/text.ts'
import { readOverrides } from '../calendar/load.ts'
import { FIRST_DATE, horizon, sessions } from '../calendar/xnys.ts'
import { filings } from '../contract/filings.ts'
import { fxRates } from '../contract/fx-rates.ts'
import type { JobName, JobRow, ParseContext, SourcedJob } from '../contract/job.ts'
import { type Ask, type Provider, SourceError, type Subject } from '../contract/provider.ts'
import { corporateActions } from '../corporate-actions.ts'
import { fundamentalsRaw } from '../fundamentals-raw.ts'
import type { Thresholds } from '../pipeline/context.ts'
import { identityOf, type KnownSecurity, securityIdOf } from '../pipeline/identity.ts'
import { copyText, type Reject, Tally } from '../pipeline/read.ts'
import { endOf } from '../pipeline/record.ts'
import { failMalformedFiles } from '../pipeline/settle.ts'
import { readSharedTable } from '../pipeline/shared-table.ts'
import { pricesDaily } from '../prices-daily.ts'
import { openDelivery, type SplitResult, splitText } from '../providers/index.ts'
import { securities } from '../securities.ts'
import { tickerHistory } from '../ticker-history.ts'
import type { UniverseMember } from '../universe/read.ts'

const ALL_DAYS = { start_date: '1800-01-01', end_date: '2199-12-31' }

/** Jobs that a database of prices needs. */
const NEEDED: readonly JobName[] = ['securities', 'ticker-history', 'prices-daily']

/** The days of so many bars are kept while a delivery is read, to find those that contradict each other. */
const BARS_COMPARED_MAX = 2_000_000

/** What one job would take of the delivery. */
export interface JobCheck {
  readonly job: JobName
  readonly tally: Tally
  /** The rows of the jobs that say who is who. */
  readonly rows: readonly JobRow[]
  readonly rows_count: number
  readonly days: { first: string; last: string } | undefined
  /** Bars that a run would reject, because another bar of that security and day has other values. */
  readonly contradicted: number
  readonly failed: ReadonlyMap<string, readonly string[]>
  readonly without: readonly string[]
  /** The reason of the delivery where it does not have the dataset. */
  readonly absent: string | undefined
}

/** What a run would take of a delivery. */
export interface Examination {
  readonly checks: readonly JobCheck[]
  /** The filings, which are loaded with the facts; undefined where the delivery has none. */
  readonly filings: JobCheck | undefined
  /** Exchange rates: how many, the rejected records, and why they cannot be loaded. */
  readonly rates: { readonly rows: number; readonly rejects: readonly Reject[]; readonly fault?: string }
  readonly splits: SplitResult
}

/**
 * Reads every file of `root` once, as a run does for these members. `reject_max_ratio` is the share of
 * malformed records from which a file is refused.
 */
export async function examineDelivery(
  root: string,
  members: readonly UniverseMember[],
  { reject_max_ratio }: Pick<Thresholds, 'reject_max_ratio'>,
): Promise<Examination> {
  let splits: SplitResult = { moved: 0, still: [], against: [] }
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
  const filed = await checkJob(filings, provider, known, reject_max_ratio)
  return {
    checks,
    filings: filed.absent === undefined ? filed : undefined,
    rates: await examineRates(provider, reject_max_ratio),
    splits,
  }
}

async function examineRates(provider: Provider, reject_max_ratio: number): Promise<Examination['rates']> {
  const reading = { window: ALL_DAYS, signal: new AbortController().signal, thresholds: { reject_max_ratio } }
  try {
    const { rows, rejects } = await readSharedTable(fxRates, provider, reading)
    return { rows: rows.length, rejects }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { rows: 0, rejects: [], fault: error.message }
  }
}

/** The needed jobs that would get no row. */
export const emptyJobs = ({ checks }: Examination): JobName[] =>
  checks.filter(({ job, rows_count }) => NEEDED.includes(job) && rows_count === 0).map(({ job }) => job)

/** What would fail, a sentence each: the reason, and the work items that it is the reason of. */
export const failures = ({ checks, filings: filed, rates }: Examination): string[] => [
  ...checks.flatMap(({ job, failed }) =>
    [...failed].map(([reason, items]) => `${job}: ${reason} (${cutList(items)})`),
  ),
  ...[...(filed?.failed ?? [])].map(([reason, items]) => `filings: ${reason} (${cutList(items)})`),
  ...futureOf(checks),
  ...faultOf(rates),
]
/** A bar of a day that has not come shows that days are read wrongly, also those that are not in the future. */
const futureOf = (checks: readonly JobCheck[]): string[] =>
  checks.flatMap(({ job, days }) => {
    const today = new Date().toISOString().slice(0, 10)
    if (job !== 'prices-daily' || days === undefined || days.last <= today) return []
    return [
      `${job}: a bar is dated ${days.last}, and today is ${today}: correct the file, or state the order of ` +
        'day and month in mapping.json (date_format)',
    ]
  })
/** A fault in the exchange rates fails the corporate actions of all securities. */
const faultOf = ({ fault }: Examination['rates']): string[] => (fault === undefined ? [] : [fault])

/** What the delivery does not have, a sentence each, with what that means for the database. */
export const missing = ({ checks }: Examination): string[] =>
  checks.flatMap(({ job, without, absent }) => {
    if (absent !== undefined) return [`${job}: ${absent} ${COSTS[job] ?? ''}`.trimEnd()]
    return without.length === 0 ? [] : [`${job}: nothing of ${cutList(without)}`]
  })

/**
 * Why a run of this delivery cannot end well: a needed job without rows, or more failed work items than
 * `failed_max_ratio` allows. A sentence each, with the first reason.
 */
export function obstacles(examination: Examination, { failed_max_ratio }: Thresholds): string[] {
  const empty = new Set(emptyJobs(examination))
  // A filer whose filings cannot be read gets no facts.
  const checks = [...examination.checks, ...(examination.filings === undefined ? [] : [examination.filings])]
  const of_jobs = checks.flatMap(({ job, tally, failed }) => {
    const [reason] = failed.keys()
    if (empty.has(job)) {
      return [`${job}: the delivery has no row of the universe${reason === undefined ? '' : `: ${reason}`}`]
    }
    const items = new Set([...failed.values()].flat())
    const total = tally.items.size
    if (reason === undefined || items.size <= failed_max_ratio * total) return []
    return [
      `${job}: ${items.size} of ${total} work items would fail, more than failed_max_ratio ` +
        `${failed_max_ratio}: ${reason} (${cutList([...items])})`,
    ]
  })
  return [...of_jobs, ...futureOf(examination.checks), ...faultOf(examination.rates)]
}

/** What a missing dataset means for the database. */
const COSTS: Partial<Record<JobName, string>> = {
  'corporate-actions': 'Adjusted prices will equal the prices.',
  'fundamentals-raw': 'There will be no fundamentals.',
}

/** Whether the closes are as traded, as far as the splits of the delivery show it. */
export function splitsText({ moved, still, against, rebuilt }: SplitResult): string {
  if (rebuilt !== undefined) {
    const compared = `the rebuilt closes move as stated at ${moved} of ${still.length + moved} splits`
    return `rebuilt from prices adjusted for splits, with ${rebuilt} splits of the delivery: ${compared}`
  }
  if (still.length > 0)
    return `the closes do not move at ${still.length} of ${still.length + moved} splits: they are adjusted`
  if (against.length > 0)
    return (
      `the closes move against ${against.length} of ${against.length + moved} splits, which may be ` +
      `stated the wrong way round: ${cutList(against.map(splitText))}`
    )
  if (moved > 0) return `as traded: the closes move at all ${moved} splits that can be compared`
  return 'not compared: the delivery states no split between its days. Make sure that they are unadjusted'
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

// Every command imports this file, and few look at a delivery: the days are computed on first use.
let session_days: ReadonlySet<string> | undefined

/** Days before the calendar begins are taken as sessions. */
function isSession(date: string): boolean {
  session_days ??= new Set(
    sessions(FIRST_DATE, horizon(new Date().toISOString()), readOverrides()).map(
      ({ session_date }) => session_date,
    ),
  )
  return date < FIRST_DATE || session_days.has(date)
}

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
  const values_of = new Map<string, Map<string, number>>()
  let compared = 0
  let contradicted = 0
  let days: JobCheck['days']
  const noted: SourcedJob = {
    ...job,
    parse(record, parse_context) {
      const parsed = job.parse(record, parse_context)
      if (!('row' in parsed)) return parsed
      if (keeps_rows) rows.push(parsed.row)
      if (job === pricesDaily && compared < BARS_COMPARED_MAX) {
        compared += 1
        if (contradicts(values_of, parsed.row)) contradicted += 1
      }
      const day = job.dated_by === undefined ? null : (parsed.row[job.dated_by] ?? null)
      if (day !== null && days === undefined) days = { first: day, last: day }
      else if (day !== null && days !== undefined)
        days = { first: day < days.first ? day : days.first, last: day > days.last ? day : days.last }
      return parsed
    },
  }
  const tally = new Tally(subjects, noted.key, false)
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
  return {
    job: job.name,
    tally,
    rows,
    rows_count: tally.rows_copied,
    days,
    contradicted,
    failed,
    without,
    absent,
  }
}

/** Whether a bar of the same security and day was read before with other values. */
function contradicts(values_of: Map<string, Map<string, number>>, row: JobRow): boolean {
  const security = row['security_id'] ?? ''
  const day = row['trade_date'] ?? ''
  const known = values_of.get(security) ?? new Map<string, number>()
  values_of.set(security, known)
  const values = crc32(pricesDaily.values.map((name) => row[name] ?? '').join('|'))
  const before = known.get(day)
  if (before === undefined) known.set(day, values)
  return before !== undefined && before !== values
}
