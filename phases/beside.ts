/**
 * What phase 9 does beside its boxes: the restored copy, and then two queues of drills, side by side: those
 * on copies of it, and those that kill a process. They share nothing with the boxes that run meanwhile but
 * the server, and a machine has more than one core. Each box awaits its own result, records when it was made,
 * and fails by its error.
 */
import type { Backup } from '../helpers/backup/dump.ts'
import { type RestoreEvidence, restoreInto } from '../helpers/backup/verify.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { dropDatabase, scratchName } from '../helpers/database/scratch.ts'
import { killDump } from '../helpers/drills/backups.ts'
import type { Drill } from '../helpers/drills/drill.ts'
import { harmAndRecover } from '../helpers/drills/rows.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import { quoteIdentifier } from '../helpers/postgres/sql.ts'
import { killAndResume, MISTAKES, type Mistake } from './drills.ts'
import type { Target } from './prepare.ts'

export interface RestoredCopy {
  readonly connection: Connection
  readonly evidence: RestoreEvidence
  readonly recovery_ms: number
}
/** When work beside the boxes ran. */
export interface Timed {
  readonly began_at: string
  readonly ended_at: string
}
export interface Beside {
  readonly restored: Promise<RestoredCopy>
  readonly mistakes: Readonly<Record<Mistake, Promise<Drill & Timed>>>
  readonly interruptedJob: Promise<Awaited<ReturnType<typeof killAndResume>> & Timed>
  readonly interruptedDump: Promise<Awaited<ReturnType<typeof killDump>> & Timed>
  /** Stops what has not ended and drops the copies. */
  end(): Promise<void>
}

export function startBeside(backup: Backup, { connection, maintenance, mode }: Target): Beside {
  const stop = new AbortController()
  const restored = { ...connection, database: scratchName() }
  // Boxes read the restored copy while the drills copy theirs, and a database with sessions cannot be copied.
  const pristine = { ...connection, database: scratchName() }
  const all: Promise<unknown>[] = []
  /** Starts `work` when `before` has ended, well or not. */
  const after = <T extends object>(before: Promise<unknown>, work: () => Promise<T>): Promise<T & Timed> => {
    const result = ended(before).then(async () => {
      stop.signal.throwIfAborted()
      const began_at = new Date().toISOString()
      return { ...(await work()), began_at, ended_at: new Date().toISOString() }
    })
    all.push(ended(result))
    return result
  }

  const restoredCopy = after(Promise.resolve(), async (): Promise<RestoredCopy> => {
    const started = performance.now()
    const evidence = await restoreInto(backup, maintenance, restored.database, {
      signal: stop.signal,
      is_own: true,
    })
    // A restore brings no statistics; without them the checks plan badly.
    await withDatabase(restored, (db) => db.execute('analyze'))
    const recovery_ms = Math.round(performance.now() - started)
    await withDatabase(maintenance, (db) =>
      db.execute(
        `create database ${quoteIdentifier(pristine.database)}
         template ${quoteIdentifier(restored.database)}`,
      ),
    )
    return { connection: restored, evidence, recovery_ms }
  })
  let last: Promise<unknown> = restoredCopy
  const make = (mistake: Mistake): Promise<Drill & Timed> => {
    const drill = after(last, () =>
      harmAndRecover(backup, pristine.database, maintenance, MISTAKES[mistake].harm, stop.signal),
    )
    last = drill
    return drill
  }
  const mistakes = {
    dropped_table: make('dropped_table'),
    unqualified_update: make('unqualified_update'),
    unqualified_delete: make('unqualified_delete'),
    edit_around_triggers: make('edit_around_triggers'),
  }
  // One loads a database of its own; the other reads the copy that the boxes read too, in one snapshot.
  const interruptedJob = after(restoredCopy, () => killAndResume(maintenance, backup.manifest))
  const interruptedDump = after(interruptedJob, () => killDump(restored, mode))
  return {
    restored: restoredCopy,
    mistakes,
    interruptedJob,
    interruptedDump,
    async end() {
      stop.abort(new Error('The phase has ended.'))
      await Promise.all(all)
      for (const { database } of [restored, pristine]) await dropDatabase(maintenance, database)
    },
  }
}

/** When `work` has ended, well or not; its box fails by its error. */
const ended = (work: Promise<unknown>): Promise<void> => work.then(noop, noop)
const noop = (): void => {}
