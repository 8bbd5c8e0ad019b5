import { randomBytes } from 'node:crypto'
import type { Connection } from '../config/connection.ts'
import { DAY_MS } from '../core/days.ts'
import { DatabaseError, PreconditionError } from '../core/errors.ts'
import { registerSecret } from '../core/redact.ts'
import { scramVerifier } from '../database/roles.ts'
import { onServer, scratchName } from '../database/scratch.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { readRights } from '../postgres/rights.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/sql.ts'
import type { Manifest } from './manifest.ts'

/**
 * Who restores an archive: its SQL runs with the rights of that role, and so does whatever its views and
 * functions call.
 */
export interface Restorer {
  /** The connection to the empty database that is restored into. */
  readonly connection: Connection
  /** For the evidence: the role, and its rights. */
  readonly restored_as: string
  /** Gives what it owns to the role of `server`, and drops it. A second call does nothing. */
  readonly handOver: () => Promise<void>
}

export interface RestorerOptions {
  /**
   * The archive was made by us, from a database of our own. Then an extension that only a superuser may
   * create is created by the role of the connection; without it such an archive is refused.
   */
  readonly is_own?: boolean
}

/**
 * Makes a role for one restore into `database`, an empty one that the role of `server` has just created: no
 * superuser, owner of that database and of nothing else. Where the connection may create no role, or the
 * server lets the new one not log in, the role of the connection restores, and `restored_as` says so.
 *
 * @throws PreconditionError for extensions that only a superuser may create, unless `is_own`.
 */
export async function restorerOf(
  server: Connection,
  database: string,
  manifest: Pick<Manifest, 'fingerprint'>,
  { is_own = false }: RestorerOptions = {},
): Promise<Restorer> {
  const rights = await onServer(server, (db) => readRights(db))
  const asOurselves = (why: string): Restorer => ({
    connection: { ...server, database },
    restored_as: `${server.user}${rights.is_superuser ? ', a superuser' : ', no superuser'}: ${why}`,
    handOver: async () => {},
  })
  if (!rights.may_create_roles) return asOurselves('it may create no role for the restore')
  const extensions = rights.is_superuser
    ? await onServer(server, (db) => untrustedExtensions(db, manifest))
    : []
  if (extensions.length > 0) {
    if (is_own) return asOurselves(`only a superuser may create ${extensions.join(', ')}`)
    throw new PreconditionError(
      `The backup contains ${extensions.join(', ')}, which only a superuser may create, and a backup that ` +
        'was made elsewhere is not restored as one. Restore it with pg_restore yourself if you trust it.',
    )
  }
  const role = scratchName()
  const password = randomBytes(24).toString('base64url')
  registerSecret('the password of the role that restores', password)
  const connection = { ...server, user: role, password, database }
  let isThere = true
  const handOver = async (): Promise<void> => {
    if (!isThere) return
    isThere = false
    await withDatabase({ ...server, database }, (db) =>
      db.execute(
        [
          `reassign owned by ${quoteIdentifier(role)} to current_user`,
          `drop owned by ${quoteIdentifier(role)}`,
          `alter database ${quoteIdentifier(database)} reset all`,
          `drop role ${quoteIdentifier(role)}`,
        ].join(';\n'),
      ),
    )
  }
  await onServer(server, (db) =>
    db.transaction(async (tx) => {
      const valid_until = new Date(Date.now() + VALID_FOR_MS).toISOString()
      await tx.execute(
        `create role ${quoteIdentifier(role)} login nosuperuser nocreatedb nocreaterole noreplication
           ${rights.is_superuser ? 'bypassrls' : 'nobypassrls'}
           password ${quoteLiteral(scramVerifier(password))} valid until ${quoteLiteral(valid_until)}`,
      )
      if (!rights.is_superuser) await tx.execute(`grant ${quoteIdentifier(role)} to current_user`)
      await tx.execute(`alter database ${quoteIdentifier(database)} owner to ${quoteIdentifier(role)}`)
    }),
  )
  try {
    await withDatabase(connection, (db) => db.rows('select 1'))
  } catch (error) {
    await handOver()
    // Class 28: pg_hba.conf or the authentication method does not accept a role with a password.
    if (!(error instanceof DatabaseError) || error.sqlstate?.startsWith('28') !== true) throw error
    return asOurselves('the role that was made for the restore cannot log in')
  }
  return { connection, restored_as: 'a role made for this restore, no superuser, dropped after it', handOver }
}

/** A killed restore leaves its role behind. The role expires within a day. */
const VALID_FOR_MS = DAY_MS

/** Extensions of the manifest that this server lets a superuser alone create. */
async function untrustedExtensions(
  db: Database,
  { fingerprint }: Pick<Manifest, 'fingerprint'>,
): Promise<string[]> {
  const names = Object.keys(fingerprint.objects).flatMap(
    (name) => /^extension "?(.*?)"?$/.exec(name)?.[1] ?? [],
  )
  const found = await db.rows<{ name: string }>(
    `select distinct name::text from pg_available_extension_versions
      where name = any ($1) and superuser and not trusted order by 1`,
    [names],
  )
  return found.map(({ name }) => name)
}
