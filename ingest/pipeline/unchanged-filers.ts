import { join } from 'node:path'
import { PRODUCT_VERSION } from '../../helpers/config/version.ts'
import { addDays } from '../../helpers/core/days.ts'
import type { Log } from '../../helpers/core/log.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { type Job, type JobReport, type SourcedJob, tablesOf, type Window } from '../contract/job.ts'
import { type NewestFilings, type Provider, SourceError, type Subject } from '../contract/provider.ts'
import type { ItemScope } from './items.ts'
import { chooseProvider, isSourced } from './plan.ts'

// Decides which filers a daily run need not request: those that have filed nothing since they were requested,
// by the source's own list of filings. Whenever the list cannot tell, every filer is requested.

const SQL = join(import.meta.dirname, 'sql')

/**
 * A filing may come into the list of its day after that day's request, and its facts some hours after it: the
 * list is read from so many days before the request.
 */
const LATE_DAYS = 1

export interface LastRequest {
  readonly run_id: string
  /** ISO 8601 UTC. */
  readonly started_at: string
}

export interface UnchangedFilers {
  /** The filers that have filed nothing, with the run that last requested each. */
  readonly requests: ReadonlyMap<string, LastRequest>
  /** The last day of the list; undefined without one. */
  readonly through_date?: string
  /** Why every filer is requested. */
  readonly all_because?: string
}

/** What every run but a daily one has: every filer is requested, and nothing is said about it. */
const NO_FILER_UNCHANGED: UnchangedFilers = { requests: new Map() }

/** Finds the filers that a run need not request, at the first call; later calls give the same. */
export function filersOnce(
  db: Database,
  run_id: string,
  options: {
    readonly jobs: readonly Job[]
    readonly providers: readonly Provider[]
    readonly window: Window
    readonly is_full?: boolean
    readonly filer_request_max_days?: number
  },
  log: Log,
  signal: AbortSignal,
): () => Promise<UnchangedFilers> {
  const { jobs, providers, window, is_full, filer_request_max_days: request_max_days } = options
  const find = async (): Promise<UnchangedFilers> => {
    const job = jobs.filter(isSourced).find(({ subject }) => subject === 'filer')
    if (job === undefined || request_max_days === undefined || is_full === true) return NO_FILER_UNCHANGED
    const source = { job, provider: chooseProvider(providers, job.dataset) }
    const found = await unchangedFilers(db, source, { run_id, window, request_max_days }, signal)
    const { requests, through_date, all_because } = found
    log.info({ filers_unchanged: requests.size, through_date, all_because }, 'filers without new filings')
    return found
  }
  let found: Promise<UnchangedFilers> | undefined
  return () => {
    found ??= find()
    return found
  }
}

interface Requested extends LastRequest {
  readonly [column: string]: unknown
  readonly item: string
  readonly since_date: string
}

/**
 * The filers that have filed nothing since a run requested them, for the job that loads facts from
 * `provider`.
 *
 * @param request_max_days a filer whose last request is so many days before the end of the window is
 *   requested.
 */
async function unchangedFilers(
  db: Database,
  { job, provider }: { readonly job: SourcedJob; readonly provider: Provider },
  run: { readonly run_id: string; readonly window: Window; readonly request_max_days: number },
  signal: AbortSignal,
): Promise<UnchangedFilers> {
  if (provider.newestFilings === undefined) return NO_FILER_UNCHANGED
  const rows = await db.rows<Requested>(queryFile(SQL, 'last-requested'), [
    run.run_id,
    job.name,
    provider.name,
    PRODUCT_VERSION,
    tablesOf(job).map((table) => `stocks_research.${table}`),
  ])
  if (rows.length === 0)
    return { ...NO_FILER_UNCHANGED, all_because: 'no earlier run of this version ended complete' }
  const due_date = addDays(run.window.end_date, -run.request_max_days)
  const recent = rows.filter(({ since_date }) => since_date > due_date)
  const [oldest] = recent.map(({ since_date }) => since_date).toSorted()
  if (oldest === undefined)
    return {
      ...NO_FILER_UNCHANGED,
      all_because: `each filer is requested every ${run.request_max_days} days (filer_request_max_days)`,
    }
  try {
    const newest = await provider.newestFilings(addDays(oldest, -LATE_DAYS), signal)
    const unchanged = recent.filter((row) => hasFiledNothing(row, newest))
    return { requests: new Map(unchanged.map((row) => [row.item, row])), through_date: newest.through_date }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    return { ...NO_FILER_UNCHANGED, all_because: error.message }
  }
}

/** A day after the end of the list proves nothing about its filer. */
const hasFiledNothing = ({ item, since_date }: Requested, { days, through_date }: NewestFilings): boolean =>
  since_date <= through_date && (days.get(item) ?? '') < addDays(since_date, -LATE_DAYS)

type NotRequested = Pick<JobReport, 'not_requested' | 'all_requested_because'>

/**
 * Ends the items of filers that have filed nothing, as the run ended them that last requested them. Returns
 * the others, and what the report says.
 */
export async function endUnrequested(
  tx: Database,
  scope: ItemScope,
  subjects: readonly Subject[],
  { requests, through_date, all_because }: UnchangedFilers,
): Promise<{ readonly requested: readonly Subject[]; readonly report: NotRequested }> {
  const ended = subjects.flatMap(({ item }) => {
    const last = requests.get(item)
    return last === undefined ? [] : [{ item, ...last }]
  })
  const [oldest] = ended.toSorted((a, b) => (a.started_at < b.started_at ? -1 : 1))
  if (oldest === undefined || through_date === undefined)
    return {
      requested: subjects,
      report: all_because === undefined ? {} : { all_requested_because: all_because },
    }
  await tx.rows(queryFile(SQL, 'end-unrequested'), [
    scope.run_id,
    scope.job,
    scope.provider,
    ended.map(({ item }) => item),
    ended.map(({ run_id }) => run_id),
  ])
  return {
    requested: subjects.filter(({ item }) => !requests.has(item)),
    report: {
      not_requested: { items_count: ended.length, since_run_id: oldest.run_id, through_date },
    },
  }
}
