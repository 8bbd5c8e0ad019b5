import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { quoteIdentifier } from '../../helpers/postgres/sql.ts'
import type { JobRow, SharedTable } from '../contract/job.ts'
import { type Provider, SourceError, type Subject } from '../contract/provider.ts'
import { type JobCounts, NO_ROWS, type RunContext } from './context.ts'
import type { Reject } from './read.ts'
import { isFileMalformed } from './settle.ts'
import { listOf, valuesDiffer } from './stage.ts'

// A table that belongs to no security (exchange rates) is loaded whole, in one transaction, before the items
// of its job. What the source no longer has is kept; what it states anew is replaced.

const SQL = join(import.meta.dirname, 'sql')
const ROWS_A_STATEMENT = 5_000
/** It stands for nobody: when a file cannot be read, the table is not loaded. */
const NOBODY: Subject = { item: '*', source_id: undefined, cik: undefined, ticker: undefined, tickers: [] }

interface Reading extends Pick<RunContext, 'window' | 'signal'> {
  readonly thresholds: Pick<RunContext['thresholds'], 'reject_max_ratio'>
}
interface Read {
  readonly rows: readonly JobRow[]
  readonly rejects: readonly Reject[]
  readonly files: readonly string[]
  readonly rows_read: number
  /** Records that repeat another one. */
  readonly copies: number
}

/**
 * Loads a shared table from a provider, and counts its records with those of the job.
 *
 * @throws SourceError for a file that cannot be read, or of which too many records are malformed; nothing of
 *   the table then changes.
 */
export async function loadSharedTable(
  db: Database,
  job: string,
  table: SharedTable,
  provider: Provider,
  run: RunContext,
): Promise<JobCounts> {
  const read = await readSharedTable(table, provider, run)
  const { rows, rejects, files, copies, rows_read } = read
  const merge = queryFile(SQL, 'merge-shared', {
    table: `stocks_research.${quoteIdentifier(table.table)}`,
    columns: listOf([...table.key, ...table.values].map(quoteIdentifier)),
    key: listOf(table.key.map(quoteIdentifier)),
    values: listOf(table.values.map(quoteIdentifier)),
    excluded: listOf(table.values.map(quoteIdentifier), 'excluded'),
    values_differ: valuesDiffer(table.values.map(quoteIdentifier), 't', 'excluded'),
  })
  return run.write(db, async (tx) => {
    await tx.rows(
      'delete from ingestion.rejects where run_id = $1 and job = $2 and item is null and file = any ($3)',
      [run.run_id, job, files],
    )
    for (let at = 0; at < rejects.length; at += ROWS_A_STATEMENT)
      await tx.rows(queryFile(SQL, 'insert-rejects'), [
        run.run_id,
        job,
        JSON.stringify(rejects.slice(at, at + ROWS_A_STATEMENT)).replaceAll('\\u0000', '\\ufffd'),
      ])
    let rows_inserted = 0
    let rows_updated = 0
    for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
      const part = JSON.stringify(rows.slice(at, at + ROWS_A_STATEMENT))
      const merged = await tx.one<{ inserted: number; updated: number }>(merge, [part])
      rows_inserted += merged.inserted
      rows_updated += merged.updated
    }
    const rows_staged = rows.length + copies
    const rows_unchanged = rows_staged - rows_inserted - rows_updated
    const rows_rejected = rejects.length
    return { ...NO_ROWS, rows_read, rows_rejected, rows_staged, rows_inserted, rows_updated, rows_unchanged }
  })
}

/** Reads and parses a shared table whole. Throws as `loadSharedTable` does. */
export async function readSharedTable(
  table: SharedTable,
  provider: Provider,
  { window, signal, thresholds }: Reading,
): Promise<Read> {
  const ask = { dataset: table.dataset, subjects: [NOBODY], window, first_session_date: window.start_date }
  const rows = new Map<string, { row: JobRow; reject: Reject }>()
  const conflicts = new Set<string>()
  const rejects: Reject[] = []
  const files = new Map<string, { file: string; read: number; malformed: number }>()
  let rows_read = 0
  let copies = 0
  for (const batch of await provider.batches(ask))
    for await (const page of provider.read(ask, batch, signal)) {
      if ('status' in page) {
        if (page.status === 'failed') throw unread(table, page.reason)
        continue // The source does not have it.
      }
      const file = files.get(page.file) ?? { file: page.file, read: 0, malformed: 0 }
      files.set(page.file, file)
      for (const { record, line, malformed } of page.records) {
        rows_read += 1
        file.read += 1
        const parsed = malformed === undefined ? table.parse(record) : { rejected: malformed }
        const reject = { item: null, kind: 'malformed' as const, reason: '', file: page.file, line, record }
        if ('rejected' in parsed) {
          file.malformed += 1
          rejects.push({ ...reject, reason: parsed.rejected })
          continue
        }
        const key = JSON.stringify(table.key.map((column) => parsed.row[column]))
        const known = rows.get(key)
        const isEqual = table.values.every((column) => known?.row[column] === parsed.row[column])
        if (known === undefined) rows.set(key, { row: parsed.row, reject })
        else if (isEqual) copies += 1
        else {
          conflicts.add(key)
          rejects.push({ ...reject, kind: 'conflict', reason: `${key} is stated with two values` })
        }
      }
    }
  for (const file of files.values()) {
    if (isFileMalformed(file, thresholds.reject_max_ratio))
      throw unread(table, `${file.malformed} of the ${file.read} records of ${file.file} are malformed.`)
  }
  // None of two values that contradict each other is taken.
  for (const key of conflicts) {
    const known = rows.get(key)
    rows.delete(key)
    if (known !== undefined)
      rejects.push({ ...known.reject, kind: 'conflict', reason: `${key} is stated with two values` })
  }
  return {
    rows: [...rows.values()].map(({ row }) => row),
    rejects,
    files: [...files.keys()],
    rows_read,
    copies,
  }
}

const unread = ({ dataset }: SharedTable, reason: string): SourceError =>
  new SourceError(
    `${dataset} cannot be read: ${reason} Fix the file, or take ${dataset}/ out of the delivery.`,
    {
      error_class: 'malformed',
    },
  )
