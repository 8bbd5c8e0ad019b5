import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { DatabaseError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import type { SourcedJob } from '../contract/job.ts'
import { listOf, type TargetTable } from './table.ts'
import type { Reject, Tally } from './tally.ts'

/**
 * The stage is a temporary table of the session: typed as the target is, keyed by item. A killed process
 * leaves nothing of it. `item_no` is the position of the item in its batch, `file_no` and `line` say where
 * the row was read.
 */
export async function createStage(db: Database, table: TargetTable): Promise<void> {
  await db.execute(`
    set work_mem = '64MB';
    set maintenance_work_mem = '128MB';
    drop table if exists pg_temp.staged;
    create temporary table staged as
      select 0::integer as item_no, 0::integer as file_no, 0::bigint as line, ${listOf(table.columns)} from ${table.name} with no data`)
}

/** Streams lines of `COPY` text into the stage, at the pace of the slower side. */
export async function copyIntoStage(
  db: Database,
  table: TargetTable,
  text: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<void> {
  const target = db
    .client()
    .query(copyFrom(`copy pg_temp.staged (item_no, file_no, line, ${listOf(table.columns)}) from stdin`))
  try {
    await pipeline(Readable.from(text), target, { signal })
  } catch (error) {
    if (error instanceof Error && 'severity' in error) throw new DatabaseError('take the staged rows', error)
    throw error
  }
}

/**
 * Settles what the stage holds twice: numbers equal records of one file where the job counts them, drops
 * copies that say the same, and takes out every side of a conflict (one key, different values). None of it
 * depends on the order of files or lines.
 */
export async function settleStage(
  db: Database,
  job: SourcedJob,
  table: TargetTable,
  tally: Tally,
): Promise<void> {
  if (job.counted !== undefined) await numberOccurrences(db, job.counted, table)
  // Of the columns that joins and groups go by: statistics of all others would cost more than they help.
  await db.execute(
    `create index on pg_temp.staged (item_no); analyze pg_temp.staged (item_no, ${listOf(table.key)})`,
  )
  // Keys that stand more than once are few: only for them is it worth to compare the values.
  await db.execute(`
    drop table if exists pg_temp.doubles;
    create temporary table doubles as
      with twice as (select item_no, ${listOf(table.key)} from pg_temp.staged group by item_no, ${listOf(table.key)} having count(*) > 1)
      select s.item_no, ${listOf(table.key, 's')}, count(distinct row(${listOf(table.values, 's')})) > 1 as is_conflict
      from pg_temp.staged s join twice t on t.item_no = s.item_no and ${table.sameKey('t', 's')}
      group by s.item_no, ${listOf(table.key, 's')}`)
  const doubles = await db.one<{ all: number; conflicts: number }>(
    `select count(*)::integer as all, count(*) filter (where is_conflict)::integer as conflicts from pg_temp.doubles`,
  )
  if (doubles.all === 0) return
  if (doubles.conflicts > 0) await rejectConflicts(db, table, tally)
  const copies = await db.rows<{ item_no: number; copies: number }>(`
    with gone as (delete from pg_temp.staged where ctid in (
      select place from (
        select s.ctid as place, d.is_conflict, row_number() over (partition by s.item_no, ${listOf(table.key, 's')} order by s.file_no, s.line) as copy
        from pg_temp.staged s join pg_temp.doubles d on d.item_no = s.item_no and ${table.sameKey('s', 'd')}) places
      where is_conflict or copy > 1) returning *)
    select g.item_no, count(*)::integer as copies from gone g
    join pg_temp.doubles d on d.item_no = g.item_no and ${table.sameKey('g', 'd')} where not d.is_conflict group by g.item_no`)
  const items = [...tally.items.values()]
  for (const { item_no, copies: count } of copies) {
    const item = items[item_no]
    if (item !== undefined) item.copies += count
  }
}

async function numberOccurrences(db: Database, counted: string, table: TargetTable): Promise<void> {
  const others = table.key.filter((column) => column !== `"${counted}"`)
  await db.execute(`
    update pg_temp.staged s set "${counted}" = n.occurrence
    from (
      select ctid as place, row_number() over (partition by item_no, file_no, ${listOf(others)} order by ${listOf(table.values)}, line) as occurrence
      from pg_temp.staged where "${counted}" is null) n
    where s.ctid = n.place`)
}

async function rejectConflicts(db: Database, table: TargetTable, tally: Tally): Promise<void> {
  const items = [...tally.items.values()]
  const files = [...tally.files.values()]
  const rows = await db.rows<{
    item_no: number
    file_no: number
    line: number
    record: Reject['record']
    places: number
  }>(`
    select s.item_no, s.file_no, s.line::float8 as line, to_jsonb(s) - 'item_no' - 'file_no' - 'line' as record,
           count(*) over (partition by s.item_no, ${listOf(table.key, 's')})::integer as places
    from pg_temp.staged s join pg_temp.doubles d on d.item_no = s.item_no and ${table.sameKey('s', 'd')}
    where d.is_conflict order by s.item_no, ${listOf(table.key, 's')}, s.file_no, s.line`)
  for (const { item_no, file_no, line, record, places } of rows) {
    const item = items[item_no]?.item ?? null
    const file = files[file_no]?.file ?? ''
    const reason = `${places} records claim one key with different values; none of them is taken`
    tally.reject({ item, kind: 'conflict', reason, file, line, record })
    const counted = item === null ? undefined : tally.items.get(item)
    if (counted !== undefined) counted.rows -= 1
  }
}
