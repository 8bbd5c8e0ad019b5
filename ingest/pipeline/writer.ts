import { PreconditionError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'

/**
 * Opens the transactions of a run: each is marked with the run, and refuses to begin once the lock of the run
 * is lost.
 */
export type Writer = <T>(db: Database, work: (tx: Database) => Promise<T>) => Promise<T>

/** `lock_pid`: the server process of the session that holds the ingestion lock. */
export function writerOf(run_id: string, lock_pid: number): Writer {
  return (db, work) =>
    db.transaction(async (tx) => {
      const { is_ours } = await tx.one<{ is_ours: boolean }>(
        `select set_config('stocks_research.run_id', $1, true),
           exists (select from pg_locks where locktype = 'advisory' and granted and pid = $2
             and database = (select oid from pg_database where datname = current_database())
             and classid = 0 and objid = ${INGESTION_LOCK} and objsubid = 1) as is_ours`,
        [run_id, lock_pid],
      )
      if (!is_ours) {
        throw new PreconditionError(
          'This run lost its ingestion lock (its session ended). It stopped before it wrote more; start `resume` when the server answers.',
        )
      }
      return work(tx)
    })
}

/** Key of the advisory lock, in the target database, that one run at a time holds while it ingests. */
export const INGESTION_LOCK = 1_937_011_315
