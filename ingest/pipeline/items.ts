import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { JobName, Window } from '../contract/job.ts'
import type { ErrorClass } from '../contract/provider.ts'

// The table `ingestion.items`: one row for each work item (run, job, provider, security or filer, window).

const SQL = join(import.meta.dirname, 'sql')

export type ItemStatus = 'ok' | 'empty' | 'not_found' | 'failed' | 'deferred'

/** How one item ended. */
export interface ItemEnd {
  readonly item: string
  readonly status: ItemStatus
  readonly error_class: ErrorClass | null
  readonly reason: string | null
  readonly http_status: number | null
  readonly archive_sha256: readonly string[]
  readonly rows_count: number
  readonly next_try_at: string | null
}

/** One job of one run, asked of one provider: the part of an item's key that a batch shares. */
export interface ItemScope {
  readonly run_id: string
  readonly job: JobName
  readonly provider: string
  readonly window: Window
}

/** A running item whose lease has ended has no owner; the heartbeat renews it long before. */
const LEASE_SECONDS = 120

/**
 * Records the work items of a job, once; returns those that are still to be done, in the order given.
 */
export async function planItems(db: Database, scope: ItemScope, items: readonly string[]): Promise<string[]> {
  await db.rows(
    `insert into ingestion.items (run_id, job, provider, item, start_date, end_date)
     select $1, $2, $3, item, $5, $6 from unnest($4::text[]) item on conflict do nothing`,
    [scope.run_id, scope.job, scope.provider, items, scope.window.start_date, scope.window.end_date],
  )
  const open = await db.rows<{ item: string }>(
    `select item from ingestion.items
     where run_id = $1 and job = $2 and provider = $3 and status in ('pending', 'running')`,
    [scope.run_id, scope.job, scope.provider],
  )
  const isOpen = new Set(open.map(({ item }) => item))
  return items.filter((item) => isOpen.has(item))
}

/** The provider that a run used, by job. */
export async function providersOfRun(db: Database, run_id: string): Promise<Map<string, string>> {
  const rows = await db.rows<{ job: string; provider: string }>(
    'select distinct job, provider from ingestion.items where run_id = $1',
    [run_id],
  )
  return new Map(rows.map(({ job, provider }) => [job, provider]))
}

/**
 * The window that a run requested, by job, where it was one: a resumed run requests the same, and no item
 * gets a second row.
 */
export async function windowsOfRun(db: Database, run_id: string): Promise<Partial<Record<JobName, Window>>> {
  const rows = await db.rows<{ job: JobName; start_date: string; end_date: string }>(
    `select job, min(start_date) as start_date, max(end_date) as end_date
     from ingestion.items where run_id = $1
     group by job having count(distinct (start_date, end_date)) = 1`,
    [run_id],
  )
  return Object.fromEntries(rows.map(({ job, ...window }) => [job, window]))
}

/** Marks items as being worked on, and counts the attempt. */
export async function startItems(
  db: Database,
  scope: ItemScope,
  items: readonly string[],
  owner: string,
): Promise<void> {
  await db.rows(queryFile(SQL, 'start-items'), [
    scope.run_id,
    scope.job,
    scope.provider,
    items,
    owner,
    LEASE_SECONDS,
  ])
}

/** Renews the lease of everything that this run works on. */
export async function renewLeases(db: Database, run_id: string): Promise<void> {
  await db.rows(
    `update ingestion.items
     set leased_until_at = now() + make_interval(secs => $2)
     where run_id = $1 and status = 'running'`,
    [run_id, LEASE_SECONDS],
  )
}

/** Records how items ended; in the transaction that commits their rows. */
export async function endItems(tx: Database, scope: ItemScope, ends: readonly ItemEnd[]): Promise<void> {
  if (ends.length === 0) return
  await tx.rows(queryFile(SQL, 'end-items'), [scope.run_id, scope.job, scope.provider, JSON.stringify(ends)])
}

/** Makes items of these statuses pending again, e.g. those in flight when the run is stopped. */
export async function reopenItems(
  db: Database,
  run_id: string,
  statuses: readonly string[],
): Promise<number> {
  const rows = await db.rows(
    `update ingestion.items
     set status = 'pending', leased_until_at = null, lease_owner = null, updated_at = now()
     where run_id = $1 and status = any($2) returning item_id`,
    [run_id, statuses],
  )
  return rows.length
}

/**
 * Makes the items pending that are to be tried again, and with them what is derived from them; with nothing
 * to try, nothing is derived.
 */
export async function reopenRun(
  db: Database,
  run_id: string,
  statuses: readonly string[],
  derived_jobs: readonly JobName[],
): Promise<void> {
  await reopenItems(db, run_id, ['running', ...statuses])
  await db.rows(queryFile(SQL, 'reopen-derived'), [run_id, derived_jobs])
}
