import { join } from 'node:path'
import { counted, cutList } from '../../helpers/core/text.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { ItemGap, JobName, JobReport } from '../contract/job.ts'
import type { JobCounts, Thresholds } from './context.ts'
import type { RunState } from './runs.ts'

const SQL = join(import.meta.dirname, 'sql')

/** What a run did and how it ended. */
export interface RunReport {
  readonly run_id: string
  readonly state: RunState
  readonly state_reason: string | null
  readonly jobs: readonly JobReport[]
  readonly duration_ms: number
}

/** The report of one job: the counts of this process, the items as the ledger has them now. */
export async function jobReport(
  db: Database,
  { run_id, job, provider }: { run_id: string; job: JobName; provider: string },
  counts: JobCounts,
  duration_ms: number,
): Promise<JobReport> {
  const statuses = await db.rows<{ status: keyof JobReport['items'] | 'running'; items: number }>(
    `select status, count(*)::integer as items
     from ingestion.items where run_id = $1 and job = $2
     group by status`,
    [run_id, job],
  )
  const items = { ok: 0, empty: 0, not_found: 0, failed: 0, deferred: 0, pending: 0 }
  for (const { status, items: count } of statuses) items[status === 'running' ? 'pending' : status] += count
  const gaps = await db.rows<ItemGap & Record<string, unknown>>(queryFile(SQL, 'gaps'), [run_id, job])
  return { job, provider, items, ...counts, duration_ms, gaps }
}

/**
 * A share says little of a small universe: one security of ten is a tenth. Up to so many work items may be
 * not found where some may be, if they are fewer than half; each is named.
 */
const FEW_ITEMS = 3

/**
 * How a run stands after its last job. Above a written bound it has failed; a quota halts it; failures below
 * the bound are gaps. What a source does not have is no gap of the run, within its bound: it is named in the
 * report, and fails nothing.
 */
export function stateOf(
  jobs: readonly JobReport[],
  thresholds: Thresholds,
): { state: RunState; state_reason: string | null } {
  const reasons: string[] = []
  let deferred = 0
  let failed = 0
  let pending = 0
  for (const { job, items } of jobs) {
    const total = Object.values(items).reduce((sum, count) => sum + count, 0)
    const isAbove = (count: number, ratio: number): boolean => count > 0 && count / total > ratio
    deferred += items.deferred
    failed += items.failed
    pending += items.pending
    if (isAbove(items.failed, thresholds.failed_max_ratio)) {
      reasons.push(
        `${job}: ${items.failed} of ${total} items failed, more than failed_max_ratio ` +
          `${thresholds.failed_max_ratio}`,
      )
    }
    const not_found_max = thresholds.not_found_max_ratio[job] ?? 0
    const are_few = not_found_max > 0 && items.not_found <= FEW_ITEMS && items.not_found < total / 2
    if (!are_few && isAbove(items.not_found, not_found_max)) {
      reasons.push(
        `${job}: ${items.not_found} of ${total} items were not found, more than not_found_max_ratio ` +
          `${not_found_max}`,
      )
    }
  }
  if (reasons.length > 0) return { state: 'failed', state_reason: reasons.join('; ') }
  if (deferred > 0)
    return {
      state: 'halted',
      state_reason: `${deferred} items are deferred: ${jobs.flatMap(whyParked).join('; ')}.`,
    }
  if (pending > 0)
    return { state: 'interrupted', state_reason: `${pending} items are still to be done. Resume.` }
  if (failed > 0)
    return {
      state: 'complete_with_gaps',
      state_reason:
        `${counted(failed, 'work item')} failed, within the threshold. ` +
        'Try again: npm run ingest -- retry --failed',
    }
  return { state: 'complete', state_reason: null }
}

/**
 * Who stopped answering for the account, why, and until when as far as it said so: "alpaca (prices-daily):
 * quota until 2026-…".
 */
function whyParked({ job, provider, gaps }: JobReport): string[] {
  const deferred = gaps.filter(({ status }) => status === 'deferred')
  if (deferred.length === 0) return []
  if (deferred.every(({ reason }) => reason.includes('--max-requests')))
    return [`${provider} (${job}): the limit of --max-requests is reached`]
  const classes = [...new Set(deferred.map(({ error_class }) => error_class))].join(' and ')
  const until = deferred
    .flatMap(({ next_try_at }) => next_try_at ?? [])
    .toSorted()
    .at(-1)
  return [
    `${provider} (${job}): ` +
      `${classes}${until === undefined ? ', without a time at which to try again' : ` until ${until}`}`,
  ]
}

/**
 * Items that ended alike, for one reason: a file that is refused is the reason of each of its securities, and
 * is reported once.
 */
export interface GapGroup {
  /** "failed (truncated) after 2 attempts" */
  readonly ending: string
  readonly reason: string
  readonly items: readonly string[]
}

/** Every item by name, each reason once, in the order in which they come. */
export function gapGroups(gaps: readonly ItemGap[]): GapGroup[] {
  const groups = Map.groupBy(gaps, ({ status, error_class, reason, attempts_count }) =>
    JSON.stringify([status, error_class, reason, attempts_count]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { status, error_class, reason, attempts_count } = first
    const attempts = attempts_count > 1 ? ` after ${attempts_count} attempts` : ''
    const ending = `${status}${error_class === null ? '' : ` (${error_class})`}${attempts}`
    return [{ ending, reason, items: group.map(({ item }) => item) }]
  })
}

/**
 * Lines for a person: one for an item that ended as no other did; else the reason once, how many they are,
 * and their names.
 */
export function gapLines(job: string, gaps: readonly ItemGap[]): string[] {
  return gapGroups(gaps).flatMap(({ ending, reason, items }) =>
    items.length === 1
      ? [`  ${job}  ${items[0]}  ${ending}: ${reason}`]
      : [
          `  ${job}  ${items.length.toLocaleString('en-US')} items  ${ending}: ${reason}`,
          `      ${cutList(items)}`,
        ],
  )
}
