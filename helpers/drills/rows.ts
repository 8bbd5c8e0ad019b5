import type { Backup } from '../backup/dump.ts'
import { identifier } from '../backup/scratch.ts'
import { restoreInto } from '../backup/verify.ts'
import { auditContent, auditText } from '../content-hashes.ts'
import { type Connection, withDatabase } from '../database.ts'
import { type Drill, recover, withScratch } from './drill.ts'

/** Harms a copy of the restored database with `sql`, sees the harm as `npm run db:drift` does, and restores the backup. */
export async function harmAndRestore(
  backup: Backup,
  restored: string,
  server: Connection,
  sql: string,
  signal: AbortSignal,
): Promise<Drill> {
  const detected_by = await withScratch(server, async (scratch) => {
    await withDatabase(server, (db) => db.execute(`create database ${identifier(scratch.database)} template ${identifier(restored)}`))
    await withDatabase(scratch, (db) => db.execute(sql))
    return auditText(await auditContent(scratch))
  })
  // Throws unless every hash is equal.
  return recover(detected_by, () =>
    withScratch(server, (scratch) => restoreInto(backup, server, scratch.database, { signal, is_own: true }).then(() => true)),
  )
}
