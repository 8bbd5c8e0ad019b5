import { databaseNameFault } from '../config/connection.ts'
import { RefusedError } from '../core/errors.ts'
import { isThere, onServer } from '../database/scratch.ts'
import { confirmationsOf, inspectTarget } from '../database/target.ts'
import type { Server } from '../postgres/server.ts'
import { quoteIdentifier } from '../postgres/sql.ts'

export interface Swap {
  /** The database that now has the name. */
  readonly database: string
  /** Where the former one is kept; null when there was none. Nothing is dropped. */
  readonly former: string | null
}

/** What must be typed before `server.connection.database` is replaced; null when there is nothing to lose. */
export async function confirmationFor(
  server: Pick<Server, 'connection' | 'maintenance' | 'describe'>,
): Promise<readonly string[] | null> {
  const target = await inspectTarget(server)
  if (target.is_template) {
    throw new RefusedError(
      `${target.database} at ${target.host}:${target.port} is sealed (IS_TEMPLATE): it is the result of a ` +
        `finished run. To replace it, run in psql on the database ${server.maintenance.database}:\n` +
        `  alter database ${target.database} is_template false;`,
    )
  }
  return target.state === 'absent' || target.state === 'empty' ? null : confirmationsOf(target)
}

/**
 * Gives a restored database the name of the target. The former one is renamed, with its data, and never
 * dropped. Its sessions are ended: PostgreSQL renames no database that is in use.
 *
 * @param typed what a person typed; required if the target contains anything.
 * @throws RefusedError without it; nothing was changed then.
 */
export async function swapInto(
  server: Pick<Server, 'connection' | 'maintenance' | 'describe'>,
  restored: string,
  typed: string | undefined,
  now = new Date(),
): Promise<Swap> {
  const { database } = server.connection
  const wanted = await confirmationFor(server)
  if (wanted !== null && (typed === undefined || !wanted.includes(typed))) {
    const found = typed === undefined ? '' : ` (it was "${typed}")`
    throw new RefusedError(
      `${database} contains data and is not replaced without the typed consent ${wanted[0]}${found}. ` +
        `Nothing was touched; the restored database stays as ${restored}.`,
    )
  }
  const former = `${database.slice(0, 40)}_before_${now.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`
  if (databaseNameFault(former) !== undefined)
    throw new RefusedError(`${former} ${databaseNameFault(former)}. Rename ${database} yourself.`)
  const exists = await isThere(server.maintenance, database)
  await onServer(server.maintenance, async (db) => {
    await endSessions(db, exists ? [database, restored] : [restored])
    if (exists)
      await db.execute(`alter database ${quoteIdentifier(database)} rename to ${quoteIdentifier(former)}`)
    try {
      await db.execute(`alter database ${quoteIdentifier(restored)} rename to ${quoteIdentifier(database)}`)
    } catch (error) {
      if (exists)
        await db.execute(`alter database ${quoteIdentifier(former)} rename to ${quoteIdentifier(database)}`)
      throw error
    }
  })
  return { database, former: exists ? former : null }
}

const endSessions = (
  db: Parameters<Parameters<typeof onServer>[1]>[0],
  databases: readonly string[],
): Promise<unknown> =>
  db.rows(
    `select pg_terminate_backend(pid, 5000)
       from pg_stat_activity where datname = any ($1) and pid <> pg_backend_pid()`,
    [databases],
  )
