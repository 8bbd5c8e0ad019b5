import { DatabaseError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { quoteLiteral } from '../../helpers/postgres/sql.ts'
import { listOf, type TargetTable, valuesDiffer } from './table.ts'

/**
 * Of one merge. `rows_inserted` and `rows_updated` are counted against the table as it stood before, not
 * guessed from its answer.
 */
export interface MergeCounts {
  readonly rows_inserted: number
  readonly rows_updated: number
  /** True when the table held nothing of these subjects before. */
  readonly is_first: boolean
}

/**
 * Brings the staged rows of the items `from` to `to` into the table: new keys are inserted, changed rows
 * updated, equal rows left alone. Runs inside the transaction of the group. Updates come first, so that an
 * interval which ends makes room for the next one.
 */
export async function merge(
  tx: Database,
  table: TargetTable,
  from: number,
  to: number,
): Promise<MergeCounts> {
  const isInGroup = `staged.item_no between ${Math.trunc(from)} and ${Math.trunc(to)}`
  const first = table.key[0]
  const { known } = await tx.one<{ known: string | null }>(
    `select array_agg(${first})::text as known from (select distinct ${first} from pg_temp.staged where ${isInGroup}) staged
      where exists (select from ${table.name} live where live.${first} = staged.${first})`,
  )
  // A first load has nothing to be compared with.
  if (known === null)
    return {
      rows_inserted: await insertNew(tx, table, 'pg_temp.staged', isInGroup),
      rows_updated: 0,
      is_first: true,
    }
  // A group is a part of its table: by the values that begin its keys the planner sees how small a part, and
  // reads that part alone.
  await tx.execute(`
    create temporary table delta on commit drop as
      select ${listOf(table.columns, 'staged')}, live.${first} is null as is_new
      from pg_temp.staged left join (select * from ${table.name} where ${first} = any (${quoteLiteral(known)})) live
        on ${table.sameKey('live', 'staged')}
      where ${isInGroup}
        and (live.${first} is null or ${valuesDiffer(table.values, 'live', 'staged')})`)
  const counts = await tx.one<{ rows_inserted: number; rows_updated: number }>(`
    select (count(*) filter (where is_new))::integer as rows_inserted, (count(*) filter (where not is_new))::integer as rows_updated
    from pg_temp.delta`)
  if (counts.rows_updated > 0) {
    await tx.execute(`
      update ${table.name} live set ${table.values.map((column) => `${column} = delta.${column}`).join(', ')}
      from pg_temp.delta where not delta.is_new and ${table.sameKey('live', 'delta')}`)
  }
  if (counts.rows_inserted > 0) await insertNew(tx, table, 'pg_temp.delta', 'is_new')
  await tx.execute('drop table pg_temp.delta')
  return { ...counts, is_first: false }
}

/**
 * Inserts rows that the table did not have, in the order of the key; returns how many. Only one run at a time
 * ingests, so a conflict here is a hand that wrote in between: the source's word stands.
 */
async function insertNew(tx: Database, table: TargetTable, from: string, condition: string): Promise<number> {
  const updates = table.values.map((column) => `${column} = excluded.${column}`).join(', ')
  const text = `
    insert into ${table.name} as live (${listOf(table.columns)})
    select ${listOf(table.columns)} from ${from} where ${condition} order by ${listOf(table.key)}
    on conflict (${listOf(table.key)}) do ${updates === '' ? 'nothing' : `update set ${updates} where ${valuesDiffer(table.values, 'live', 'excluded')}`}`
  const { rowCount } = await tx
    .client()
    .query(text)
    .catch((error: Error) => {
      throw new DatabaseError(`insert into ${table.name}`, error)
    })
  return rowCount ?? 0
}
