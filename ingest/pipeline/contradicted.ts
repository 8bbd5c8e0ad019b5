import type { Database } from '../../helpers/postgres/database.ts'
import type { StagedItem } from './groups.ts'
import type { TargetTable } from './table.ts'

/**
 * Deletes the stored rows that a staged row of the group contradicts and the source does not state; returns
 * how many.
 */
export async function deleteContradicted(
  tx: Database,
  table: TargetTable,
  contradicts: string,
  group: readonly StagedItem[],
): Promise<number> {
  const [owner] = table.key
  const { rows } = await tx.one<{ rows: number }>(
    `with deleted as (
       delete from ${table.name} live using pg_temp.staged
       where staged.item_no = any($1::integer[]) and live.${owner} = staged.${owner} and ${contradicts}
         and not exists (select from pg_temp.staged same where ${table.sameKey('live', 'same')})
       returning live.ctid)
     select count(*)::integer as rows from deleted`,
    [group.map(({ item_no }) => item_no)],
  )
  return rows
}
