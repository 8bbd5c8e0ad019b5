import type { Database } from '../../helpers/database.ts'
import { listOf, type TargetTable, valuesDiffer } from './table.ts'

/** Of one merge. `rows_inserted` and `rows_updated` are counted against the table as it stood before, not guessed from its answer. */
export interface MergeCounts {
  readonly rows_inserted: number
  readonly rows_updated: number
}

/**
 * Brings the staged rows of the items `from` to `to` into the table: new keys are inserted, changed rows updated, equal rows left
 * alone. Runs inside the transaction of the group. Updates come first, so that an interval which ends makes room for the next one.
 */
export async function merge(tx: Database, table: TargetTable, from: number, to: number): Promise<MergeCounts> {
  await tx.execute(`
    create temporary table delta on commit drop as
      select ${listOf(table.columns, 'staged')}, live.${table.key[0]} is null as is_new
      from pg_temp.staged left join ${table.name} live on ${table.sameKey('live', 'staged')}
      where staged.item_no between ${Math.trunc(from)} and ${Math.trunc(to)}
        and (live.${table.key[0]} is null or ${valuesDiffer(table.values, 'live', 'staged')})`)
  const counts = await tx.one<{ rows_inserted: number; rows_updated: number }>(`
    select (count(*) filter (where is_new))::integer as rows_inserted, (count(*) filter (where not is_new))::integer as rows_updated
    from pg_temp.delta`)
  if (counts.rows_updated > 0) {
    await tx.execute(`
      update ${table.name} live set ${table.values.map((column) => `${column} = delta.${column}`).join(', ')}
      from pg_temp.delta where not delta.is_new and ${table.sameKey('live', 'delta')}`)
  }
  if (counts.rows_inserted > 0) {
    // Only one run at a time ingests, so a conflict here is a hand that wrote in between; the source's word stands.
    await tx.execute(`
      insert into ${table.name} as live (${listOf(table.columns)})
      select ${listOf(table.columns)} from pg_temp.delta where is_new order by ${listOf(table.key)}
      on conflict (${listOf(table.key)}) do ${
        table.values.length === 0
          ? 'nothing'
          : `update set ${table.values.map((column) => `${column} = excluded.${column}`).join(', ')}
             where ${valuesDiffer(table.values, 'live', 'excluded')}`
      }`)
  }
  await tx.execute('drop table pg_temp.delta')
  return counts
}
