import type { Database } from '../../helpers/postgres/database.ts'
import type { JobName, Window } from '../contract/job.ts'
import type { ErrorClass } from '../contract/provider.ts'

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

/** A running item whose lease has passed belongs to nobody; the heartbeat renews it long before. */
const LEASE_SECONDS = 120

/**
 * Writes the items of a job into the ledger, once; returns those that are still to be done, in the order
 * given.
 */
export async function planItems(db: Database, scope: ItemScope, items: readonly string[]): Promise<string[]> {
  await db.rows(
    `insert into ingestion.items (run_id, job, provider, item, start_date, end_date)
     select $1, $2, $3, item, $5, $6 from unnest($4::text[]) item on conflict do nothing`,
    [scope.run_id, scope.job, scope.provider, items, scope.window.start_date, scope.window.end_date],
  )
  const open = await db.rows<{ item: string }>(
    `select item from ingestion.items where run_id = $1 and job = $2 and provider = $3 and status in ('pending', 'running')`,
    [scope.run_id, scope.job, scope.provider],
  )
  const isOpen = new Set(open.map(({ item }) => item))
  return items.filter((item) => isOpen.has(item))
}

/** Which provider a run has asked, by job. */
export async function providersOfRun(db: Database, run_id: string): Promise<Map<string, string>> {
  const rows = await db.rows<{ job: string; provider: string }>(
    'select distinct job, provider from ingestion.items where run_id = $1',
    [run_id],
  )
  return new Map(rows.map(({ job, provider }) => [job, provider]))
}

/**
 * What a run has asked for, by job, where that was one window: whoever resumes it asks for the same again,
 * and gives no item a second row.
 */
export async function windowsOfRun(db: Database, run_id: string): Promise<Partial<Record<JobName, Window>>> {
  const rows = await db.rows<{ job: JobName; start_date: string; end_date: string }>(
    `select job, min(start_date) as start_date, max(end_date) as end_date from ingestion.items where run_id = $1
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
  await db.rows(
    `update ingestion.items set status = 'running', attempts_count = attempts_count + 1, lease_owner = $5,
       leased_until_at = now() + make_interval(secs => $6), error_class = null, reason = null, next_try_at = null, updated_at = now()
     where run_id = $1 and job = $2 and provider = $3 and item = any($4)`,
    [scope.run_id, scope.job, scope.provider, items, owner, LEASE_SECONDS],
  )
}

/** Renews the lease of everything that this run works on. */
export async function renewLeases(db: Database, run_id: string): Promise<void> {
  await db.rows(
    `update ingestion.items set leased_until_at = now() + make_interval(secs => $2) where run_id = $1 and status = 'running'`,
    [run_id, LEASE_SECONDS],
  )
}

/** Records how items ended; in the transaction that commits their rows. */
export async function endItems(tx: Database, scope: ItemScope, ends: readonly ItemEnd[]): Promise<void> {
  if (ends.length === 0) return
  await tx.rows(
    `update ingestion.items i set status = e.status, error_class = e.error_class, reason = e.reason, http_status = e.http_status,
       rows_count = e.rows_count, next_try_at = e.next_try_at, leased_until_at = null, lease_owner = null, updated_at = now(),
       archive_sha256 = array(select jsonb_array_elements_text(e.archive_sha256))
     from jsonb_to_recordset($4::jsonb) as e (item text, status text, error_class text, reason text, http_status integer,
       rows_count bigint, next_try_at timestamptz, archive_sha256 jsonb)
     where i.run_id = $1 and i.job = $2 and i.provider = $3 and i.item = e.item`,
    [scope.run_id, scope.job, scope.provider, JSON.stringify(ends)],
  )
}

/** Gives items back that were begun and not finished, e.g. when the run is told to stop. */
export async function reopenItems(
  db: Database,
  run_id: string,
  statuses: readonly string[],
): Promise<number> {
  const rows = await db.rows(
    `update ingestion.items set status = 'pending', leased_until_at = null, lease_owner = null, updated_at = now()
     where run_id = $1 and status = any($2) returning item_id`,
    [run_id, statuses],
  )
  return rows.length
}
