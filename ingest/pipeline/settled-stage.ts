import type { Database } from '../../helpers/postgres/database.ts'
import type { ParseContext, SourcedJob } from '../contract/job.ts'
import type { Ask, Batch, Provider } from '../contract/provider.ts'
import type { RunContext } from './context.ts'
import type { ItemScope } from './items.ts'
import { copyText, Tally } from './read.ts'
import { failMalformedFiles, failOverlaps, failShiftedItems, settleStage, withholdFailed } from './settle.ts'
import { copyIntoStage, createStage, type TargetTable } from './stage.ts'

// The two steps that bring the records of a batch into the stage, ready to be merged.

/** One batch of a sourced job, and all that it takes to bring it in. */
export interface BatchWork {
  readonly job: SourcedJob
  readonly provider: Provider
  readonly ask: Ask
  readonly batch: Batch
  readonly scope: ItemScope
  readonly context: ParseContext
}

/** Read, parse, stage: rows stream from the provider into the stage. */
export async function stageBatch(
  db: Database,
  { job, provider, ask, batch, context }: BatchWork,
  table: TargetTable,
  { signal }: RunContext,
  onRead: (tally: Tally) => void,
): Promise<Tally> {
  await createStage(db, table)
  const tally = new Tally(batch.subjects, job.key, job.refusedEvent !== undefined)
  const text = copyText(job, provider.read(ask, batch, signal), context, tally, () => onRead(tally))
  await copyIntoStage(db, table, text, signal)
  return tally
}

/**
 * Settle: fails the items that cannot be trusted, then settles duplicates. Returns how many rows it withheld.
 */
export async function settleBatch(
  db: Database,
  job: SourcedJob,
  table: TargetTable,
  tally: Tally,
  { thresholds }: RunContext,
): Promise<number> {
  failMalformedFiles(tally, thresholds.reject_max_ratio)
  await failShiftedItems(db, tally)
  if (job.holds_intervals === true) await failOverlaps(db, tally)
  const rows_withheld = await withholdFailed(db, tally)
  await settleStage(db, job, table, tally)
  return rows_withheld
}
