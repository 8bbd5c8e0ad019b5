import type { Database } from '../../helpers/postgres/database.ts'
import type { SubjectEnd } from '../contract/provider.ts'
import { addCounts, type JobCounts, NO_ROWS, type RunContext } from './context.ts'
import { merge } from './merge.ts'
import type { Reject, Tally } from './read.ts'
import { type BatchWork, settleBatch, stageBatch } from './settled-stage.ts'
import { targetTable } from './stage.ts'

/** What was brought in of a table beside that of the job. */
export interface Beside {
  readonly counts: JobCounts
  readonly rejects: readonly Reject[]
  /** Files and responses that were read. */
  readonly files: readonly string[]
  /** The subjects of which it could not be read. */
  readonly ends: readonly SubjectEnd[]
}
const NOTHING: Beside = { counts: NO_ROWS, rejects: [], files: [], ends: [] }

/**
 * Brings in the table that a job loads beside its own, for the subjects of one batch, each batch of the
 * provider in one transaction. Work items are those of the job: a subject whose rows cannot be read has an
 * end, and what the others have is merged. Safe to repeat.
 */
export async function bringBeside(
  db: Database,
  { job: { loads_beside: job }, provider, ask, batch, scope, context }: BatchWork,
  run: RunContext,
  onRead: (tally: Tally) => void,
): Promise<Beside> {
  if (job === undefined || !provider.datasets.includes(job.dataset)) return NOTHING
  const table = await targetTable(db, job)
  const own = { ...ask, dataset: job.dataset, subjects: batch.subjects }
  let counts = NO_ROWS
  const rejects: Reject[] = []
  const files: string[] = []
  const ends: SubjectEnd[] = []
  for (const each of await provider.batches(own)) {
    const work = { job, provider, ask: own, batch: each, scope, context }
    const tally = await stageBatch(db, work, table, run, onRead)
    const rows_withheld = await settleBatch(db, job, table, tally, run)
    const rows = [...tally.items.values()].filter(({ end }) => end?.status !== 'failed')
    const rows_staged = rows.reduce((sum, item) => sum + item.rows, 0)
    const merged = await run.write(db, (tx) => merge(tx, table, 0, tally.items.size))
    const { rows_inserted, rows_updated } = merged
    counts = addCounts(counts, {
      ...NO_ROWS,
      rows_read: tally.rows_read,
      rows_skipped: tally.rows_skipped,
      rows_rejected: tally.rows_rejected,
      rows_withheld,
      rows_staged,
      rows_inserted,
      rows_updated,
      rows_unchanged: rows_staged - rows_inserted - rows_updated,
    })
    rejects.push(...tally.rejects)
    files.push(...tally.files.keys())
    ends.push(...[...tally.items.values()].flatMap(({ end }) => failureOf(end)))
  }
  return { counts, rejects, files, ends }
}

function failureOf(end: SubjectEnd | undefined): SubjectEnd[] {
  if (end?.status !== 'failed') return []
  return [{ ...end, reason: `Its filings were not loaded, and so its facts are not: ${end.reason}` }]
}
