import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backup } from '../backup/dump.ts'
import type { Connection } from '../config/connection.ts'
import { messageOf } from '../core/errors.ts'
import { withScratchFolder } from '../core/scratch-folder.ts'
import { assertLockHeld, takeRunLock } from '../database/lock.ts'
import { migrate } from '../database/migrate.ts'
import { readMigrations } from '../database/migration-files.ts'
import { createEmptyDatabase } from '../database/scratch.ts'
import { dropPolicy, inspectTarget } from '../database/target.ts'
import { withDatabase } from '../postgres/database.ts'
import type { Server } from '../postgres/server.ts'
import { type Drill, recover, withScratch } from './drill.ts'

/** Edits an applied migration in a copy of the folder, and runs the migrations with it. */
export const editMigration = (target: Connection, migrations: string): Promise<Drill> =>
  withScratchFolder(async (folder) => {
    await cp(migrations, folder, { recursive: true })
    const last = (await readMigrations(folder)).at(-1)?.name ?? ''
    await writeFile(join(folder, last), `${await readFile(join(folder, last), 'utf8')}\n-- a late thought\n`)
    const detected_by = await migrate(target, folder).then(() => '', messageOf)
    return recover(detected_by, async () => (await migrate(target, migrations)).applied.length === 0)
  })

/** Points a run at a populated database that the product did not make. */
export const aimWrong = (
  server: Server,
  locale: Backup['manifest'],
  confirm_drop: string | undefined,
): Promise<Drill> =>
  withScratch(server.maintenance, async (scratch) => {
    await createEmptyDatabase(server.maintenance, scratch.database, locale)
    const contents = (db: { rows: (sql: string) => Promise<unknown[]> }) =>
      db.rows('select xmin::text, note from public.precious')
    await withDatabase(scratch, (db) =>
      db.execute(
        "create table public.precious (note text); insert into public.precious values ('not yours')",
      ),
    )
    const before = JSON.stringify(await withDatabase(scratch, contents))
    const found = await inspectTarget({ ...server, connection: scratch })
    let detected_by = ''
    try {
      dropPolicy(found, confirm_drop)
    } catch (error) {
      detected_by = messageOf(error)
    }
    return recover(detected_by, async () => JSON.stringify(await withDatabase(scratch, contents)) === before)
  })

/**
 * Ends the session that holds a lock: its run stops, and another run takes the lock.
 */
export async function loseLock(
  maintenance: Connection,
  database: string,
): Promise<Drill & { reason: string }> {
  let onLost = (_reason: string): void => {}
  const lost = new Promise<string>((resolve) => {
    onLost = resolve
  })
  const lock = await takeRunLock(maintenance, database, { run_id: 'loses-its-lock', onLost })
  try {
    await withDatabase(maintenance, (db) =>
      db.rows('select pg_terminate_backend($1, 5000)', [lock.claim.backend_pid]),
    )
    const reason = await lost
    const detected_by = await lock.assertHeld().then(() => '', messageOf)
    const drill = await recover(detected_by, async () => {
      const next = await takeRunLock(maintenance, database, { run_id: 'comes-after' })
      await assertLockHeld(maintenance, next.claim).finally(() => next.release())
      return true
    })
    return { ...drill, reason }
  } finally {
    await lock.release()
  }
}
