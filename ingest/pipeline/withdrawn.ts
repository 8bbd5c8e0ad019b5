import type { Database } from '../../helpers/postgres/database.ts'
import type { Identity, SourcedJob } from '../contract/job.ts'
import type { ItemScope } from './items.ts'
import type { TargetTable } from './table.ts'

/**
 * An item that its source has answered for, and where its rows are staged; undefined when the source has
 * none.
 */
export interface AnsweredItem {
  readonly item: string
  readonly item_no: number | undefined
}

interface Reading {
  readonly job: SourcedJob
  readonly table: TargetTable
  readonly scope: ItemScope
  readonly identity: Identity
}

/**
 * Names the rows of these items that our table holds in the window and their source does not: they are kept,
 * and written into `ingestion.withdrawals` in place of what an earlier read of these days wrote. Runs in the
 * transaction that ends the items; a second call writes the same. Returns how many rows.
 */
export async function nameWithdrawn(
  tx: Database,
  { job, table, scope, identity }: Reading,
  items: readonly AnsweredItem[],
): Promise<number> {
  const { dated_by } = job
  if (dated_by === undefined || items.length === 0) return 0
  const asked = items.flatMap(({ item, item_no }) => {
    const subject = job.subject === 'filer' ? item : identity.bySourceId(item)?.security_id
    return subject === undefined ? [] : [{ item, item_no, subject: String(subject) }]
  })
  const [column, type] = job.subject === 'filer' ? ['cik', 'text'] : ['security_id', 'bigint']
  const { rows_count } = await tx.one<{ rows_count: number }>(
    `with asked as materialized (select * from jsonb_to_recordset($1::jsonb) as a (item text, item_no integer, subject text)),
     gone as materialized (
       select a.item, live.${dated_by} as row_date, to_jsonb(live) as record
       from asked a join ${table.name} live on live.${column} = a.subject::${type}
       where live.${dated_by} between $2 and $3
         and not exists (select from pg_temp.staged where staged.item_no = a.item_no and ${table.sameKey('staged', 'live')})),
     forgotten as (
       delete from ingestion.withdrawals w using asked a
       where w.job = $4 and w.item = a.item and w.first_date >= $2 and w.last_date <= $3),
     named as (
       insert into ingestion.withdrawals (run_id, job, provider, item, rows_count, first_date, last_date, examples)
       select $5, $4, $6, item, count(*), min(row_date), max(row_date), to_jsonb((array_agg(record order by row_date, record::text collate "C"))[1:3])
       from gone group by item order by item
       returning rows_count)
     select coalesce(sum(rows_count), 0)::integer as rows_count from named`,
    [
      JSON.stringify(asked),
      scope.window.start_date,
      scope.window.end_date,
      scope.job,
      scope.run_id,
      scope.provider,
    ],
  )
  return rows_count
}
