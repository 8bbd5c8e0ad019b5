import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { messageOf, PreconditionError, RefusedError } from '../core/errors.ts'
import { type Database, openDatabase, withDatabase } from '../postgres/database.ts'
import { databaseError } from '../postgres/lost.ts'
import { queryFile } from '../postgres/query-file.ts'

/** What another process needs to see whether the lock is still held. Holds no secret. */
export interface LockClaim {
  /** The target database that the lock is about. */
  readonly database: string
  readonly run_id: string
  /** 64-bit key of the advisory lock, as decimal text. */
  readonly key: string
  /** The backend that holds it, and when that one began: a number alone may be given away again. */
  readonly backend_pid: number
  readonly backend_started_at: string
}

/** One run at a time on one target. Held until `release`, or until its connection is lost. */
export interface RunLock {
  readonly claim: LockClaim
  /**
   * Throws RefusedError unless the server says that the lock is ours now. To be called before each
   * destructive step.
   */
  assertHeld(): Promise<void>
  /** Frees the lock. A second call does nothing. */
  release(): Promise<void>
}

export interface RunLockOptions {
  readonly run_id: string
  /** Called once, when the lock is lost without `release`: the run must stop before its next step. */
  readonly onLost?: (reason: string, cause?: unknown) => void
}

const HEARTBEAT_MS = 5000
const HEARTBEAT_MAX_MS = 20_000
// PostgreSQL cuts application_name at 63 bytes: "run ", the id, the host and the process id have to fit.
const HOST_CHARACTERS_MAX = 14

/**
 * Takes the lock of `database`. It lives in the maintenance database, since an advisory lock counts in one
 * database only and the target itself is going to be dropped.
 *
 * @throws PreconditionError at once when another run holds it: names run, host, process and since when.
 */
export async function takeRunLock(
  maintenance: Connection,
  database: string,
  { run_id, onLost }: RunLockOptions,
): Promise<RunLock> {
  const host = hostname()
    .replace(/[^\w.-]/g, '_')
    .slice(0, HOST_CHARACTERS_MAX)
  const db = openDatabase(maintenance, {
    connections_max: 1,
    application: `run ${run_id} ${host} ${process.pid}`,
  })
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  try {
    const session = await sessionUntil(db, held)
    const claim = await claimLock(session, database, run_id)
    let isReleased = false
    const stopWatch = watch(session, (reason, cause) => {
      letGo()
      onLost?.(reason, cause)
    })
    return {
      claim,
      assertHeld: () => assertLockHeld(maintenance, claim),
      async release() {
        if (isReleased) return
        isReleased = true
        await stopWatch()
        await session.rows('select pg_advisory_unlock($1)', [claim.key]).catch(() => {}) // Lost already.
        letGo()
        await db.close()
      },
    }
  } catch (error) {
    letGo()
    await db.close()
    throw error
  }
}

/**
 * Works under the lock of a target: takes it for as long as `work` lasts, or, in a child of a run that holds
 * it, makes sure of that. `signal` aborts when the lock is lost.
 *
 * @throws PreconditionError when another run holds it, RefusedError when `held_lock` is no longer held.
 */
export async function underRunLock<T>(
  maintenance: Connection,
  database: string,
  { run_id, held_lock }: { readonly run_id: string; readonly held_lock: string | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController()
  const inherited = held_lock === undefined ? undefined : (JSON.parse(held_lock) as LockClaim)
  if (inherited?.database === database) {
    await assertLockHeld(maintenance, inherited)
    return work(lost.signal)
  }
  const onLost = (reason: string, cause: unknown): void =>
    lost.abort(new RefusedError(`The run lock of ${database} was lost (${reason}).`, { cause }))
  const lock = await takeRunLock(maintenance, database, { run_id, onLost })
  try {
    return await work(lost.signal)
  } finally {
    await lock.release()
  }
}

/**
 * Asks the server whether the claimed lock is held by the very backend that took it. Any process may ask.
 *
 * @throws RefusedError when it is not, or when the server cannot say.
 */
export async function assertLockHeld(maintenance: Connection, claim: LockClaim): Promise<void> {
  const rows = await withDatabase(maintenance, (db) =>
    db.rows(`${HOLDER} and l.pid = $2 and a.backend_start::text = $3`, [
      claim.key,
      claim.backend_pid,
      claim.backend_started_at,
    ]),
  ).catch((error: Error) => error)
  if (!(rows instanceof Error) && rows.length === 1) return
  if (rows instanceof Error)
    throw new RefusedError(
      `${messageOf(rows)}\nRun ${claim.run_id} cannot show that it still holds the lock of ` +
        `${claim.database}, so nothing more is done. Start a new run when the server answers.`,
      { cause: rows },
    )
  const reason = 'its connection has ended'
  throw new RefusedError(
    `Run ${claim.run_id} no longer holds the lock of ${claim.database} (${reason}). Another ` +
      'run may use it now, so this run stops. Start a new run.',
  )
}

/** The name of the lock of a target: 64 bits of a hash, as PostgreSQL's signed bigint. */
export const lockKey = (database: string): string =>
  createHash('sha256').update(`stocks-research run lock: ${database}`).digest().readBigInt64BE().toString()

const HOLDER = queryFile(join(import.meta.dirname, 'sql'), 'run-lock-holder')

type Holder = { pid: number; application_name: string | null; started_at: string; since: string | null }

/** A session that stays ours until `ended`. */
const sessionUntil = (db: Database, ended: Promise<void>): Promise<Database> =>
  new Promise((resolve, reject) => {
    db.session(async (session) => {
      resolve(session)
      await ended
    }).catch(reject)
  })

async function claimLock(session: Database, database: string, run_id: string): Promise<LockClaim> {
  const key = lockKey(database)
  const { taken } = await session.one<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [key])
  const [holder] = await session.rows<Holder>(HOLDER, [key])
  if (!taken) throw new PreconditionError(refusal(database, holder))
  if (holder === undefined)
    throw new PreconditionError(`The lock of ${database} was taken but PostgreSQL does not list it.`)
  return { database, run_id, key, backend_pid: holder.pid, backend_started_at: holder.started_at }
}

function refusal(database: string, holder: Holder | undefined): string {
  if (holder === undefined) return `Another run on ${database} ended this very moment. Start again.`
  const [, run_id, host, pid] = /^run (\S+) (\S+) (\d+)$/.exec(holder.application_name ?? '') ?? []
  const who =
    run_id === undefined
      ? (holder.application_name ?? 'unknown')
      : `run ${run_id}, host ${host}, process ${pid}`
  return (
    `Another run works on ${database}: ${who}, since ${holder.since} (backend ${holder.pid}). ` +
    'Nothing was touched. Wait for it to end; if it hangs, end that process, and the lock goes ' +
    'with it.'
  )
}

/** The first line of an error: the server's own reason, without a full stop. */
const reasonOf = (error: unknown): string => (messageOf(error).split('\n', 1)[0] ?? '').replace(/\.$/, '')

/**
 * Calls `lost` once when the session breaks, or answers nothing for long; gives the way to stop watching,
 * after which nobody asks the session.
 */
function watch(session: Database, lost: (reason: string, cause?: unknown) => void): () => Promise<void> {
  const client = session.client()
  let asked_at: number | undefined
  let asking: Promise<void> | undefined
  const stop = (): void => {
    clearInterval(timer)
    client.off('error', onError)
    client.off('end', onEnd)
  }
  const lose = (reason: string, cause?: unknown): void => {
    stop()
    client.on('error', () => {}) // A broken connection may break twice; the first time was reported.
    lost(reason, cause)
  }
  const onError = (thrown: Error): void => {
    const error = databaseError('hold the run lock', thrown, client)
    lose(reasonOf(error), error)
  }
  const onEnd = (): void => onError(new Error('Connection terminated'))
  const beat = (): void => {
    if (asked_at !== undefined) {
      if (performance.now() - asked_at > HEARTBEAT_MAX_MS)
        lose(`its server has not answered for ${HEARTBEAT_MAX_MS / 1000} s`)
      return
    }
    asked_at = performance.now()
    asking = session.rows('select 1').then(
      () => {
        asked_at = undefined
      },
      (error) => lose(reasonOf(error), error),
    )
  }
  const timer = setInterval(beat, HEARTBEAT_MS).unref()
  client.on('error', onError)
  client.on('end', onEnd)
  return async () => {
    stop()
    await asking
  }
}
