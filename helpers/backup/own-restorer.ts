/** Who restores what users made: a role that may do no more than they. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { DAY_MS } from '../core/days.ts'
import { DatabaseError } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import { roleName, scramVerifier } from '../database/roles.ts'
import { scratchName } from '../database/scratch.ts'
import { withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { readRights } from '../postgres/rights.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/sql.ts'

export interface OwnRestorer {
  readonly connection: Connection
  /** For the evidence. */
  readonly restored_as: string
  /** Gives what it restored to the analyst, or to the role of the connection without one, and drops it. */
  readonly handOver: () => Promise<void>
}

/** Where the connection may create no role, its own role restores, and `restored_as` says so. */
export async function ownRestorerOf(connection: Connection): Promise<OwnRestorer> {
  const rights = await withDatabase(connection, (db) => readRights(db))
  const asOurselves = (why: string): OwnRestorer => ({
    connection,
    restored_as: `${connection.user}${rights.is_superuser ? ', a superuser' : ', no superuser'}: ${why}`,
    handOver: async () => {},
  })
  if (!rights.may_create_roles) return asOurselves('it may create no role for the restore')
  const role = scratchName()
  const password = randomBytes(24).toString('base64url')
  registerSecret('the password of the role that restores', password)
  const name = quoteIdentifier(role)
  const create = queryFile(join(import.meta.dirname, 'sql'), 'create-own-restorer', {
    role: name,
    database: quoteIdentifier(connection.database),
    verifier: quoteLiteral(scramVerifier(password)),
    valid_until: quoteLiteral(new Date(Date.now() + DAY_MS).toISOString()),
  })
  await withDatabase(connection, (db) => db.transaction((tx) => tx.execute(create)))
  const handOver = async (): Promise<void> => {
    const analyst = roleName(connection.database, 'analyst')
    await withDatabase(connection, async (db) => {
      const found = await db.rows('select from pg_roles where rolname = $1', [analyst])
      const heir = found.length > 0 ? quoteIdentifier(analyst) : 'current_user'
      await db.execute(`reassign owned by ${name} to ${heir}; drop owned by ${name}; drop role ${name}`)
    })
  }
  const own = { ...connection, user: role, password }
  try {
    await withDatabase(own, (db) => db.rows('select 1'))
  } catch (error) {
    await handOver()
    // Class 28: pg_hba.conf or the authentication method does not accept a role with a password.
    if (!(error instanceof DatabaseError) || error.sqlstate?.startsWith('28') !== true) throw error
    return asOurselves('the role that was made for the restore cannot log in')
  }
  return {
    connection: own,
    restored_as: 'a role made for this restore, no superuser, dropped after it',
    handOver,
  }
}
