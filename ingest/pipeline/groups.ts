import { DatabaseError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import type { ErrorClass } from '../contract/provider.ts'
import { endItems, type ItemEnd, type ItemScope } from './items.ts'
import { merge } from './merge.ts'
import type { Surroundings } from './surroundings.ts'
import type { TargetTable } from './table.ts'

export interface JobCounts {
  readonly rows_read: number
  readonly rows_skipped: number
  readonly rows_rejected: number
  readonly rows_withheld: number
  readonly rows_staged: number
  readonly rows_inserted: number
  readonly rows_updated: number
  readonly rows_unchanged: number
  readonly rows_deleted: number
  readonly rows_withdrawn: number
  readonly items_unchanged: number
}

export const NO_ROWS: JobCounts = {
  rows_read: 0,
  rows_skipped: 0,
  rows_rejected: 0,
  rows_withheld: 0,
  rows_staged: 0,
  rows_inserted: 0,
  rows_updated: 0,
  rows_unchanged: 0,
  rows_deleted: 0,
  rows_withdrawn: 0,
  items_unchanged: 0,
}

export const addCounts = (a: JobCounts, b: JobCounts): JobCounts =>
  Object.fromEntries(
    Object.entries(a).map(([name, count]) => [name, count + b[name as keyof JobCounts]]),
  ) as unknown as JobCounts

/** An item whose rows are staged under `item_no`, and how it is to end. */
export type StagedItem = ItemEnd & {
  readonly item_no: number
  /** Rows that were taken off the stage since they said the same as another one. */
  readonly copies_count?: number
}

export interface GroupWork {
  readonly table: TargetTable
  readonly scope: ItemScope
  /** In the order of `item_no`. */
  readonly ends: readonly StagedItem[]
  /** Deletes what the items no longer have, in the transaction of their group; returns how many rows. */
  readonly deleteOthers?: (tx: Database, group: readonly StagedItem[]) => Promise<number>
  /** True when all items go in one transaction: what one of them gives up another one takes. */
  readonly is_one_group?: boolean
  /**
   * Names what the source of the items no longer has, in the transaction of their group; returns how many
   * rows. Sourced jobs give it.
   */
  readonly nameWithdrawn?: (tx: Database, group: readonly StagedItem[]) => Promise<number>
  /** Last touch in the transaction of the group, after its rows. */
  readonly remember?: (tx: Database, group: readonly StagedItem[]) => Promise<void>
}

/** Merges the staged items in groups; after each the run may be told to stop. */
export async function mergeGroups(
  db: Database,
  work: GroupWork,
  surroundings: Surroundings,
): Promise<JobCounts> {
  let counts = NO_ROWS
  const groups = work.is_one_group === true ? [work.ends] : groupsOf(work.ends, surroundings.group_rows_max)
  for (const group of groups) {
    surroundings.signal.throwIfAborted()
    counts = addCounts(counts, await mergeGroup(db, work, group, surroundings))
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
  surroundings: Surroundings,
): Promise<JobCounts> {
  const [first, last] = [group[0], group.at(-1)]
  if (first === undefined || last === undefined) return NO_ROWS
  const rows_staged = group.reduce(
    (sum, { rows_count, copies_count = 0 }) => sum + rows_count + copies_count,
    0,
  )
  try {
    return await surroundings.write(db, async (tx) => {
      const rows_deleted = (await work.deleteOthers?.(tx, group)) ?? 0
      const { is_first, ...merged } = await merge(tx, work.table, first.item_no, last.item_no)
      const rows_withdrawn = is_first ? 0 : ((await work.nameWithdrawn?.(tx, group)) ?? 0)
      await endItems(tx, work.scope, group)
      await work.remember?.(tx, group)
      return {
        ...NO_ROWS,
        ...merged,
        rows_staged,
        rows_deleted,
        rows_withdrawn,
        rows_unchanged: rows_staged - merged.rows_inserted - merged.rows_updated,
      }
    })
  } catch (error) {
    if (!(error instanceof DatabaseError) || !isAboutRows(error)) throw error
    if (group.length === 1) {
      surroundings.log.error(
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
      await surroundings.write(db, (tx) => endItems(tx, work.scope, [refused]))
      return { ...NO_ROWS, rows_withheld: rows_staged }
    }
    let counts = NO_ROWS
    for (const item of group) counts = addCounts(counts, await mergeGroup(db, work, [item], surroundings))
    return counts
  }
}

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
