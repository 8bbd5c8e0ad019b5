import { join } from 'node:path'
import { DatabaseError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { databaseError } from '../../helpers/postgres/lost.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { quoteLiteral } from '../../helpers/postgres/sql.ts'
import type { ErrorClass } from '../contract/provider.ts'
import { addCounts, type JobCounts, NO_ROWS, type RunContext } from './context.ts'
import { endItems, type ItemEnd, type ItemScope } from './items.ts'
import { listOf, type TargetTable, valuesDiffer } from './stage.ts'

// Brings staged rows into their table, in groups of work items: the rows of a group and the statuses of its
// items are committed in one transaction.

const SQL = join(import.meta.dirname, 'sql')

/** An item whose rows are staged under `item_no`, and how it is to end. */
export type StagedItem = ItemEnd & {
  readonly item_no: number
  /** Rows that were deleted from the stage as equal to another one. */
  readonly copies_count?: number
}

export interface GroupWork {
  readonly table: TargetTable
  readonly scope: ItemScope
  /** In the order of `item_no`. */
  readonly ends: readonly StagedItem[]
  /** Deletes what the items no longer have, in the transaction of their group; returns how many rows. */
  readonly deleteOthers?: (tx: Database, group: readonly StagedItem[]) => Promise<number>
  /** True when all items are merged in one transaction: a ticker may pass from one to another. */
  readonly is_one_group?: boolean
  /**
   * Records the rows that the source of the items no longer has, in the transaction of their group; returns
   * how many. Only sourced jobs have it.
   */
  readonly recordWithdrawn?: (tx: Database, group: readonly StagedItem[]) => Promise<number>
  /**
   * Derives and merges what follows from the merged rows of the group, in its transaction; returns what it
   * counted, and how the items end now.
   */
  readonly mergeFollowing?: (
    tx: Database,
    group: readonly StagedItem[],
  ) => Promise<{ readonly counts: FollowingCounts; readonly ends: readonly StagedItem[] }>
  /** Records more about the group, at the end of its transaction. */
  readonly remember?: (tx: Database, group: readonly StagedItem[]) => Promise<void>
}

export type FollowingCounts = Pick<
  JobCounts,
  'rows_staged' | 'rows_inserted' | 'rows_updated' | 'rows_deleted'
>
const NOTHING_FOLLOWS: FollowingCounts = {
  rows_staged: 0,
  rows_inserted: 0,
  rows_updated: 0,
  rows_deleted: 0,
}

/** Merges the staged items in groups; between groups the run can be stopped. */
export async function mergeGroups(db: Database, work: GroupWork, run: RunContext): Promise<JobCounts> {
  let counts = NO_ROWS
  const groups = work.is_one_group === true ? [work.ends] : groupsOf(work.ends, run.group_rows_max)
  for (const group of groups) {
    run.signal.throwIfAborted()
    counts = addCounts(counts, await mergeGroup(db, work, group, run))
  }
  return counts
}

/**
 * One group in one transaction. When the database refuses the rows of it (a constraint, an overlap), each
 * item is tried alone, so that one bad item does not take its neighbours down; the refusal is then the reason
 * of that item.
 */
async function mergeGroup(
  db: Database,
  work: GroupWork,
  group: readonly StagedItem[],
  run: RunContext,
  is_plain = true,
): Promise<JobCounts> {
  const first = group[0]
  const last = group.at(-1)
  if (first === undefined || last === undefined) return NO_ROWS
  const rows_staged = group.reduce(
    (sum, { rows_count, copies_count = 0 }) => sum + rows_count + copies_count,
    0,
  )
  try {
    return await run.write(db, async (tx) => {
      const rows_deleted = (await work.deleteOthers?.(tx, group)) ?? 0
      const { is_first, ...merged } = await merge(tx, work.table, first.item_no, last.item_no, is_plain)
      const rows_withdrawn = is_first ? 0 : ((await work.recordWithdrawn?.(tx, group)) ?? 0)
      const following = await work.mergeFollowing?.(tx, group)
      const { counts: more, ends } = following ?? { counts: NOTHING_FOLLOWS, ends: group }
      await endItems(tx, work.scope, ends)
      await work.remember?.(tx, ends)
      const rows_inserted = merged.rows_inserted + more.rows_inserted
      const rows_updated = merged.rows_updated + more.rows_updated
      return {
        ...NO_ROWS,
        rows_staged: rows_staged + more.rows_staged,
        rows_inserted,
        rows_updated,
        rows_deleted: rows_deleted + more.rows_deleted,
        rows_withdrawn,
        rows_unchanged: rows_staged + more.rows_staged - rows_inserted - rows_updated,
      }
    })
  } catch (error) {
    if (!(error instanceof DatabaseError) || !isAboutRows(error)) throw error
    // Somebody inserted a row of the group meanwhile.
    if (is_plain && error.sqlstate === UNIQUE_VIOLATION) return mergeGroup(db, work, group, run, false)
    if (group.length === 1) {
      run.log.error(
        { job: work.scope.job, item: first.item, err: error },
        'the database refused the rows of an item',
      )
      const refused: ItemEnd = {
        ...first,
        status: 'failed',
        error_class: classOf(error),
        reason: error.message,
        rows_count: 0,
      }
      await run.write(db, (tx) => endItems(tx, work.scope, [refused]))
      return { ...NO_ROWS, rows_withheld: rows_staged }
    }
    let counts = NO_ROWS
    for (const item of group) counts = addCounts(counts, await mergeGroup(db, work, [item], run))
    return counts
  }
}

const UNIQUE_VIOLATION = '23505'

/** Data that its type or a constraint refuses, as opposed to a server in trouble. */
const isAboutRows = ({ sqlstate }: DatabaseError): boolean =>
  sqlstate !== undefined && /^(21|22|23)/.test(sqlstate)
const classOf = ({ sqlstate }: DatabaseError): ErrorClass =>
  sqlstate?.startsWith('23') ? 'conflict' : 'malformed'

const GROUP_ITEMS_MAX = 1_000

function* groupsOf(items: readonly StagedItem[], rows_max: number): Generator<StagedItem[]> {
  let [group, rows]: [StagedItem[], number] = [[], 0]
  for (const item of items) {
    if (group.length > 0 && (rows + item.rows_count > rows_max || group.length >= GROUP_ITEMS_MAX)) {
      yield group
      ;[group, rows] = [[], 0]
    }
    group.push(item)
    rows += item.rows_count
  }
  if (group.length > 0) yield group
}

/**
 * Of one merge. `rows_inserted` and `rows_updated` are counted against the table as it stood before, not
 * guessed from its answer.
 */
interface MergeCounts {
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
  is_plain = false,
): Promise<MergeCounts> {
  const isInGroup = `staged.item_no between ${Math.trunc(from)} and ${Math.trunc(to)}`
  const [first = ''] = table.key
  const { known } = await tx.one<{ known: string | null }>(
    `select array_agg(${first})::text as known
     from (select distinct ${first} from pg_temp.${table.stage} staged where ${isInGroup}) staged
     where exists (select from ${table.name} live where live.${first} = staged.${first})`,
  )
  // A first load has nothing to be compared with.
  if (known === null)
    return {
      rows_inserted: await insertNew(tx, table, `pg_temp.${table.stage} staged`, isInGroup, is_plain),
      rows_updated: 0,
      is_first: true,
    }
  const names = {
    stage: table.stage,
    table: table.name,
    first,
    known: quoteLiteral(known),
    first_no: String(Math.trunc(from)),
    last_no: String(Math.trunc(to)),
  }
  const { is_dense } = await tx.one<{ is_dense: boolean }>(
    queryFile(SQL, 'is-dense', { ...names, factor: String(DENSE_FACTOR), rows_min: String(DENSE_ROWS_MIN) }),
  )
  if (is_dense) await tx.execute(joinsText('off'))
  // A group is a part of its table: by the values that begin its keys the planner sees how small a part, and
  // reads that part alone.
  await tx.execute(
    queryFile(SQL, 'delta', {
      ...names,
      staged_columns: listOf(table.columns, 'staged'),
      same_key: table.sameKey('live', 'staged'),
      values_differ: valuesDiffer(table.values, 'live', 'staged'),
    }),
  )
  if (is_dense) await tx.execute(joinsText('default'))
  const counts = await tx.one<{ rows_inserted: number; rows_updated: number }>(
    `select (count(*) filter (where is_new))::integer as rows_inserted,
       (count(*) filter (where not is_new))::integer as rows_updated
     from pg_temp.delta`,
  )
  if (counts.rows_updated > 0) {
    await tx.execute(`
      update ${table.name} live set ${updatesOf(table, 'delta')}
      from pg_temp.delta where not delta.is_new and ${table.sameKey('live', 'delta')}`)
  }
  if (counts.rows_inserted > 0) await insertNew(tx, table, 'pg_temp.delta', 'is_new')
  await tx.execute('drop table pg_temp.delta')
  return { ...counts, is_first: false }
}

/** A hash join of all stored rows of a group costs a quarter of as many searches in the index. */
const DENSE_FACTOR = 4
/** Staged rows from which the way of the join matters. Fewer, and not even the stored rows are counted. */
const DENSE_ROWS_MIN = 10_000

/**
 * Whether the planner may join the rows of a group in other ways than by a hash. It knows of the columns of a
 * key one by one, and expects that a hash of all of them finds hundreds of rows; it finds one.
 */
const joinsText = (to: 'off' | 'default'): string =>
  `set local enable_mergejoin to ${to}; set local enable_nestloop to ${to}`

/**
 * Columns of the key that order the rows of an insert: rows that are read together are stored together, and
 * to compare more columns costs more than the insert gains.
 */
const ORDER_COLUMNS = 3

/**
 * Inserts rows that the table did not have, in the order of the key; returns how many. Only one run at a time
 * ingests, so a conflict here is a row that somebody else wrote meanwhile: the source's values replace it.
 *
 * @param is_plain true to insert without a check for conflicts, which costs as much as the insert of a row; a
 *   conflict is then an error (unique_violation), and the group is merged again with the check.
 */
async function insertNew(
  tx: Database,
  table: TargetTable,
  from: string,
  condition: string,
  is_plain = false,
): Promise<number> {
  const differ = valuesDiffer(table.values, 'live', 'excluded')
  const action =
    table.values.length === 0 ? 'nothing' : `update set ${updatesOf(table, 'excluded')} where ${differ}`
  const columns = listOf(table.columns)
  const key = listOf(table.key)
  const order = listOf(table.key.slice(0, ORDER_COLUMNS))
  const text = `insert into ${table.name} as live (${columns})
    select ${columns} from ${from} where ${condition} order by ${order}
    ${is_plain ? '' : `on conflict (${key}) do ${action}`}`
  const { rowCount } = await tx
    .client()
    .query(text)
    .catch((error: Error) => {
      throw databaseError(`insert into ${table.name}`, error, tx.client())
    })
  return rowCount ?? 0
}

const updatesOf = (table: TargetTable, from: string): string =>
  table.values.map((column) => `${column} = ${from}.${column}`).join(', ')

/**
 * Deletes the stored ticker intervals that a staged interval of the group overlaps and the source does not
 * state; returns how many.
 */
export async function deleteContradicted(tx: Database, group: readonly StagedItem[]): Promise<number> {
  const { rows } = await tx.one<{ rows: number }>(queryFile(SQL, 'delete-contradicted'), [
    group[0]?.item_no,
    group.at(-1)?.item_no,
  ])
  return rows
}
