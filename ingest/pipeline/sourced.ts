import type { Database } from '../../helpers/postgres/database.ts'
import type { JobReport, SourcedJob } from '../contract/job.ts'
import { type Ask, type Batch, type Provider, SourceError, type Subject } from '../contract/provider.ts'
import { runBatch } from './batch.ts'
import { addCounts, type JobCounts, NO_ROWS, type RunContext } from './context.ts'
import { identityOf, type KnownSecurity } from './identity.ts'
import { endItems, type ItemEnd, type ItemScope } from './items.ts'
import { inParallel } from './parallel.ts'
import { openSubjects } from './plan.ts'
import {
  areThose,
  type BatchInputs,
  endUnchanged,
  inputsOf,
  newestChange,
  rememberRead,
} from './unchanged.ts'
import { endUnrequested, type UnchangedFilers } from './unchanged-filers.ts'

// Where the calendar starts, for a database whose calendar is not loaded yet.
const FIRST_SESSION_DATE = '1990-01-02'

type UnchangedSince = Pick<
  JobReport,
  'unchanged_since' | 'unchanged_rejected_count' | 'not_requested' | 'all_requested_because'
>

/**
 * Runs a job that reads a provider: plans its items, asks for the open ones batch by batch, and brings each
 * batch in.
 */
export async function runSourced(
  db: Database,
  job: SourcedJob,
  provider: Provider,
  known: readonly KnownSecurity[],
  run: RunContext,
): Promise<JobCounts & UnchangedSince> {
  const { run_id, window, log, signal, write, onProgress } = run
  const change_before = await newestChange(db)
  const scope: ItemScope = { run_id, job: job.name, provider: provider.name, window }
  const filers = await run.unchangedFilers()
  const open = await openSubjects(db, job, known, scope, write)
  const { requested: subjects, report } = await write(db, (tx) => requestedOf(tx, job, scope, open, filers))
  const ask: Ask = { dataset: job.dataset, subjects, window, first_session_date: await firstSession(db) }
  const sessions = await sessionDates(db, run.rules.calendar)
  const isSession = (date: string): boolean => sessions.has(date)
  const context = { identity: identityOf(known), window, isSession, provider: provider.name }
  const batches = subjects.length === 0 ? [] : [...(await provider.batches(ask))]
  refuseOverlap(provider, batches)
  const estimated_bytes = batches.reduce((sum, { estimate }) => sum + estimate.bytes, 0)

  let counts = { ...NO_ROWS, items_unchanged: open.length - subjects.length }
  let items_done = 0
  let deferred = undefined as SourceError | undefined
  let unchanged: UnchangedSince = {}
  const read: BatchInputs[] = []
  /** Skips a batch whose inputs are those of a complete run. */
  const isUnchanged = async (batch: Batch, inputs: BatchInputs | undefined): Promise<boolean> => {
    if (inputs === undefined || run.is_full) return false
    const last = await write(db, (tx) => endUnchanged(tx, job, scope, inputs))
    if (last === undefined) return false
    const { run_id: since, rejected_count } = last
    const files = inputs.files.map(({ file }) => file)
    log.info({ job: job.name, batch: batch.label, files, run: since }, 'skipped: unchanged since that run')
    unchanged = { unchanged_since: since, unchanged_rejected_count: rejected_count }
    counts = { ...counts, items_unchanged: counts.items_unchanged + batch.subjects.length }
    return true
  }
  const bring = async (batch: Batch, signal: AbortSignal): Promise<void> => {
    const inputs = await inputsOf({ job, provider, ask, batch }, known, run)
    if (await isUnchanged(batch, inputs)) {
      items_done += batch.subjects.length
      return
    }
    const hashes = new Set<string>()
    const rows_before = counts.rows_read
    const show = (step: 'read' | 'merge', rows_read: number, read_bytes: number): void =>
      onProgress({
        job: job.name,
        label: batch.label,
        step,
        items_done,
        items_total: subjects.length,
        rows_read,
        read_bytes,
        estimated_bytes,
      })
    try {
      const merged = await db.session((session) =>
        runBatch(session, { job, provider, ask, batch, scope, context }, { ...run, signal }, (tally) => {
          for (const { archive_sha256 } of tally.files.values()) hashes.add(archive_sha256)
          show('read', rows_before + tally.rows_read, tally.read_bytes)
        }),
      )
      counts = addCounts(counts, merged)
      if (inputs !== undefined && areThose(inputs, hashes)) read.push(inputs)
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      log.error(
        { job: job.name, batch: batch.label, error_class: error.error_class, err: error },
        'a batch cannot be read',
      )
      const is_parked = error.is_about_account
      if (is_parked) deferred = error
      await write(db, (tx) => endItems(tx, scope, endsOf(batch, error, is_parked ? 'deferred' : 'failed')))
    }
    items_done += batch.subjects.length
    show('merge', counts.rows_read, 0)
  }

  await inParallel(batches, Math.max(1, provider.concurrency ?? 1), signal, async (batch, stop) => {
    if (deferred === undefined) await bring(batch, stop)
    else await write(db, (tx) => endItems(tx, scope, endsOf(batch, deferred as SourceError, 'deferred')))
  })
  await write(db, (tx) => rememberRead(tx, job, scope, read, change_before))
  return { ...counts, ...unchanged, ...report }
}

/**
 * The subjects that are requested. Facts are requested of filers that may have new ones; another job may use
 * an archived answer about the others.
 */
async function requestedOf(
  tx: Database,
  job: SourcedJob,
  scope: ItemScope,
  subjects: readonly Subject[],
  filers: UnchangedFilers,
): ReturnType<typeof endUnrequested> {
  if (job.subject === 'filer') return endUnrequested(tx, scope, subjects, filers)
  const requested = subjects.map((subject): Subject => {
    const last = subject.cik === undefined ? undefined : filers.requests.get(subject.cik)
    return last === undefined ? subject : { ...subject, filer_unchanged_since_at: last.started_at }
  })
  return { requested, report: {} }
}

/**
 * An item is done with its batch: of one that was in two, a kill in between would lose the second for good,
 * and nobody would see it.
 */
function refuseOverlap(provider: Provider, batches: readonly Batch[]): void {
  const seen = new Set<string>()
  for (const { label, subjects } of batches) {
    for (const { item } of subjects) {
      if (seen.has(item))
        throw new TypeError(
          `${provider.name} puts ${item} into two batches, the second is "${label}". A subject has one ` +
            'batch; pages may be many.',
        )
      seen.add(item)
    }
  }
}

async function firstSession(db: Database): Promise<string> {
  const { first } = await db.one<{ first: string | null }>(
    'select min(session_date) as first from stocks_research.trading_sessions',
  )
  return first ?? FIRST_SESSION_DATE
}

/** The sessions of the last calendar that was read: each job of a run needs the same ten thousand days. */
let last_sessions: { readonly calendar: string; readonly dates: ReadonlySet<string> } | undefined

/** The days of the calendar that has this hash. */
async function sessionDates(db: Database, calendar: string): Promise<ReadonlySet<string>> {
  if (last_sessions?.calendar === calendar) return last_sessions.dates
  const rows = await db.rows<{ session_date: string }>(
    'select session_date from stocks_research.trading_sessions',
  )
  last_sessions = { calendar, dates: new Set(rows.map(({ session_date }) => session_date)) }
  return last_sessions.dates
}

const endsOf = (batch: Batch, error: SourceError, status: 'failed' | 'deferred'): ItemEnd[] =>
  batch.subjects.map(({ item }) => ({
    item,
    status,
    error_class: error.error_class,
    reason: error.message,
    http_status: error.http_status ?? null,
    archive_sha256: [],
    rows_count: 0,
    next_try_at: error.next_try_at ?? null,
  }))
