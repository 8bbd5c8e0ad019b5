import type { Backup } from '../backup/dump.ts'
import { type Repaired, repairTable } from '../backup/repair.ts'
import { restoreInto } from '../backup/verify.ts'
import type { Connection } from '../config/connection.ts'
import { auditContent, auditText } from '../database/content-hashes.ts'
import { withDatabase } from '../postgres/database.ts'
import { readRights } from '../postgres/rights.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import { type Drill, recover, withScratch } from './drill.ts'

/**
 * A statement that corrupts a copy of the restored database, and the table whose rows the backup has to
 * repair. Without one a table is missing, and the complete database is restored.
 */
export interface Harm {
  readonly sql: string
  /** The same harm without `session_replication_role`, for a role that may not set it. */
  readonly owner_sql?: string
  readonly repairs?: string | undefined
}

/**
 * Harms a copy of the restored database, sees the harm as `npm run db:drift` does, and recovers: the rows of
 * the corrupted table from the backup, or the complete backup beside the database.
 */
export const harmAndRecover = (
  backup: Backup,
  restored: string,
  server: Connection,
  { sql, owner_sql, repairs }: Harm,
  signal: AbortSignal,
): Promise<Drill & Partial<Repaired> & { statement: string; executed_as: string }> =>
  withScratch(server, async (damaged) => {
    await withDatabase(server, (db) =>
      db.execute(
        `create database ${quoteIdentifier(damaged.database)} template ${quoteIdentifier(restored)}`,
      ),
    )
    const { role, may_bypass_triggers } = await withDatabase(damaged, (db) => readRights(db))
    const is_owner_way = owner_sql !== undefined && !may_bypass_triggers
    const statement = is_owner_way ? owner_sql : sql
    const executed_as = is_owner_way
      ? `${role}, which may not set session_replication_role: as the owner of the table`
      : role
    await withDatabase(damaged, (db) => db.execute(statement))
    const detected_by = auditText(await auditContent(damaged))
    if (repairs === undefined) {
      // Throws unless every hash is equal.
      const restore = (into: Connection) =>
        restoreInto(backup, server, into.database, { signal, is_own: true })
      const drill = await recover(detected_by, () =>
        withScratch(server, (scratch) => restore(scratch).then(() => true)),
      )
      return { ...drill, statement, executed_as }
    }
    let repaired: Repaired | undefined
    const drill = await recover(detected_by, async () => {
      // Throws unless the table has the hash of the backup.
      repaired = await repairTable(backup, damaged, repairs, signal)
      return true
    })
    return { ...drill, ...repaired, statement, executed_as }
  })
