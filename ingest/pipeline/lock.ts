import { join } from 'node:path'
import { PreconditionError, RefusedError } from '../../helpers/core/errors.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'

// One run at a time ingests into a database: it holds the ingestion lock for as long as its session lives,
// checks it in each transaction, and renews the leases of its work items meanwhile.

const SQL = join(import.meta.dirname, 'sql')

/** Key of the advisory lock in the target database. */
const INGESTION_LOCK = 1_937_011_315

/** SQL: the lock `l` of pg_locks is the ingestion lock of this database, and it is granted. */
export const IS_INGESTION_LOCK = `l.locktype = 'advisory' and l.granted and l.classid = 0
  and l.objid = ${INGESTION_LOCK} and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())`

/**
 * Takes the ingestion lock of this database for the life of the session; returns the server process that
 * holds it.
 *
 * @throws RefusedError that names the holder, when another run is ingesting.
 */
export async function takeIngestionLock(db: Database): Promise<number> {
  const { is_taken, pid } = await db.one<{ is_taken: boolean; pid: number }>(
    'select pg_try_advisory_lock($1) as is_taken, pg_backend_pid() as pid',
    [INGESTION_LOCK],
  )
  if (is_taken) return pid
  const [holder] = await db.rows<{ holder: string }>(
    queryFile(SQL, 'lock-holder', { is_ingestion_lock: IS_INGESTION_LOCK }),
  )
  const [running] = await db.rows<{ run: string }>(queryFile(SQL, 'running-run'))
  const known = [running?.run, holder?.holder].filter((each) => each !== undefined)
  throw new RefusedError(
    `Another run is ingesting into this database: ${known.join('; ') || 'it ended just now'}. Nothing ` +
      'was changed. Wait for it or stop it, then start again.',
  )
}

/** Releases the ingestion lock before the session ends. */
export async function releaseIngestionLock(db: Database): Promise<void> {
  await db.rows('select pg_advisory_unlock($1)', [INGESTION_LOCK])
}

/**
 * Opens the transactions of a run: each is marked with the run, and refuses to begin once the lock of the run
 * is lost.
 */
export type Writer = <T>(db: Database, work: (tx: Database) => Promise<T>) => Promise<T>

/** `lock_pid`: the server process of the session that holds the ingestion lock. */
export function writerOf(run_id: string, lock_pid: number): Writer {
  const text = queryFile(SQL, 'begin-write', { is_ingestion_lock: IS_INGESTION_LOCK })
  return (db, work) =>
    db.transaction(async (tx) => {
      const { is_ours } = await tx.one<{ is_ours: boolean }>(text, [run_id, lock_pid])
      if (is_ours) return work(tx)
      throw new PreconditionError(
        'This run lost its ingestion lock (its session ended). It stopped before it wrote more; start ' +
          '`resume` when the server answers.',
      )
    })
}

/**
 * Calls `beat` every `interval_ms`, never while the last call is under way. Returns a function that stops it
 * and waits for the last call: a session that is shared with it answers one query at a time.
 */
export function startHeart(
  beat: () => Promise<void>,
  interval_ms: number,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let under_way: Promise<void> | undefined
  const timer = setInterval(() => {
    under_way ??= beat()
      .catch(onError)
      .finally(() => {
        under_way = undefined
      })
  }, interval_ms)
  return async () => {
    clearInterval(timer)
    await under_way
  }
}
