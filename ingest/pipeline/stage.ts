import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Database } from '../../helpers/postgres/database.ts'
import { databaseError } from '../../helpers/postgres/lost.ts'
import { quoteIdentifier } from '../../helpers/postgres/sql.ts'
import type { Job } from '../contract/job.ts'

/**
 * The stage is a temporary table of the session: typed as the target is, keyed by item. A killed process
 * leaves nothing of it. `item_no` is the position of the item in its batch, `file_no` and `line` say where
 * the row was read.
 */
export async function createStage(db: Database, table: TargetTable): Promise<void> {
  await db.execute(`
    set work_mem = '64MB';
    set maintenance_work_mem = '128MB';
    drop table if exists pg_temp.${table.stage};
    create temporary table ${table.stage} as
    select 0::integer as item_no, 0::integer as file_no, 0::bigint as line, ${listOf(table.columns)}
    from ${table.name} with no data`)
}

/** Streams lines of `COPY` text into the stage, at the pace of the slower side. */
export async function copyIntoStage(
  db: Database,
  table: TargetTable,
  text: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  const target = db
    .client()
    .query(copyFrom(`copy pg_temp.staged (item_no, file_no, line, ${listOf(table.columns)}) from stdin`))
  try {
    await pipeline(Readable.from(text), target, { signal })
  } catch (error) {
    if (error instanceof Error && 'severity' in error)
      throw databaseError('take the staged rows', error, db.client())
    throw error
  }
}

/** What the SQL of stage and merge needs to know of the table of a job. */
export interface TargetTable {
  /** Quoted, with its schema. */
  readonly name: string
  /** The temporary table in which its rows are staged. */
  readonly stage: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
  readonly values: readonly string[]
  /**
   * The condition that two aliases hold one key. Only a column that may be null pays for a comparison which
   * knows null.
   */
  sameKey(left: string, right: string): string
}

/** The table of a job, its null-ability as the database has it. */
export async function targetTable(
  db: Database,
  job: Pick<Job, 'table' | 'key' | 'values'>,
  stage = 'staged',
): Promise<TargetTable> {
  const rows = await db.rows<{ attname: string; attnotnull: boolean }>(
    `select a.attname, a.attnotnull from pg_attribute a
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped`,
    [`stocks_research.${job.table}`],
  )
  const notNull = new Set(rows.filter(({ attnotnull }) => attnotnull).map(({ attname }) => attname))
  const key = job.key.map(quoteIdentifier)
  const values = job.values.map(quoteIdentifier)
  return {
    name: `stocks_research.${quoteIdentifier(job.table)}`,
    stage,
    columns: [...key, ...values],
    key,
    values,
    sameKey: (left, right) =>
      job.key
        .map((column) => {
          const name = quoteIdentifier(column)
          return `${left}.${name} ${notNull.has(column) ? '=' : 'is not distinct from'} ${right}.${name}`
        })
        .join(' and '),
  }
}

/** `a.x, a.y`: columns of one alias. */
export const listOf = (columns: readonly string[], alias?: string): string =>
  columns.map((column) => (alias === undefined ? column : `${alias}.${column}`)).join(', ')

/** The condition that the values of two aliases differ; `false` where a job owns no value. */
export const valuesDiffer = (values: readonly string[], left: string, right: string): string =>
  values.length === 0 ? 'false' : `(${listOf(values, left)}) is distinct from (${listOf(values, right)})`
