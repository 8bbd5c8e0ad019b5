import type { Database } from '../../helpers/postgres/database.ts'
import type { ItemGap } from '../contract/job.ts'
import { IS_INGESTION_LOCK } from '../pipeline/lock.ts'
import { gapLines } from '../pipeline/report.ts'
import { DIED } from '../pipeline/runs.ts'
import type { ValidationReport } from '../validation/validate.ts'

/** How the ledger stands, as text: the newest runs, and the items of the newest one by job and status. */
export async function statusText(db: Database, runs_max = 5): Promise<string> {
  // A killed run stands as running until the next one marks it; nobody holds the lock for it any more.
  const runs = await db.rows<{ run: string; run_id: string }>(
    `select run_id, format('%s  %s  %s UTC  %s to %s  %s  %s', run_id, rpad(case when is_dead then 'interrupted' else state end, 18),
       to_char(started_at, 'YYYY-MM-DD HH24:MI:SS'), start_date, end_date, source, case when is_dead then '${DIED}' else coalesce(state_reason, '') end) as run
     from ingestion.runs cross join lateral (
       select state = 'running' and not exists (select from pg_locks l where ${IS_INGESTION_LOCK}) as is_dead) d
     order by started_at desc limit $1`,
    [runs_max],
  )
  const [newest] = runs
  if (newest === undefined) return 'No run yet.\n'
  const items = await db.rows<{ line: string }>(
    `select format('  %s  %s', rpad(job, 20), string_agg(format('%s %s', number, status), ', ' order by status)) as line
     from (select job, status, count(*) as number, min(item_id) as first from ingestion.items where run_id = $1 group by job, status) counts
     group by job order by min(first)`,
    [newest.run_id],
  )
  const gaps = await db.rows<ItemGap & { job: string } & Record<string, unknown>>(
    `select job, item, status, error_class, coalesce(reason, '') as reason, attempts_count from ingestion.items
     where run_id = $1 and status in ('failed', 'deferred', 'not_found') order by status, item_id`,
    [newest.run_id],
  )
  const lines = [...Map.groupBy(gaps, ({ job }) => job)].flatMap(([job, group]) => gapLines(job, group))
  return [
    ...runs.map(({ run }) => run.trimEnd()),
    '',
    `Items of ${newest.run_id}:`,
    ...items.map(({ line }) => line),
    ...(lines.length === 0 ? [] : ['', 'Without rows, by name:', ...lines]),
    '',
  ].join('\n')
}

const violationsText = (count: number): string => `${count} violation${count === 1 ? '' : 's'}`

/** The outcome of a validation as a person reads it: each claim that does not hold, and the counts. */
export function validationText({ checks, hard_count, soft_count, accepted_count }: ValidationReport): string {
  const broken = checks.filter(
    ({ violations_count, accepted_count: accepted }) => violations_count > accepted,
  )
  return [
    ...broken.map(
      ({ severity, name, claim, violations_count, accepted_count: accepted }) =>
        `${severity}  ${name}: ${violationsText(violations_count - accepted)} of "${claim}", in ingestion.findings`,
    ),
    `${checks.length} checks: ${hard_count} hard and ${soft_count} soft violations, ${accepted_count} accepted in writing.`,
    '',
  ].join('\n')
}
