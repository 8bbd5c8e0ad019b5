import { randomUUID } from 'node:crypto'
import { makeVerifiedBackup } from '../../helpers/backup/verified.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { messageOf, PreconditionError, VerificationError } from '../../helpers/core/errors.ts'
import { cutList } from '../../helpers/core/text.ts'
import { recordUnseenChanges } from '../../helpers/database/content-hashes.ts'
import { type Drift, driftOf } from '../../helpers/database/drift.ts'
import { underRunLock } from '../../helpers/database/lock.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { guardContent, type KeptContent } from '../../helpers/database/migrate-content.ts'
import { schemaFault, schemaStateOf } from '../../helpers/database/migrate-state.ts'
import type { Migration } from '../../helpers/database/migration-files.ts'
import { renewRights } from '../../helpers/database/roles.ts'
import { confirmationsOf, inspectTarget, type Target } from '../../helpers/database/target.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import type { Server } from '../../helpers/postgres/server.ts'
import type { RemoteStore } from '../../helpers/remote/store.ts'
import { VALIDATING, type ValidateOptions, type ValidationReport, validate } from '../validation/validate.ts'

/** What has to be agreed to before an upgrade. */
export interface UpgradeQuestion {
  readonly database: string
  readonly pending: readonly Migration[]
  /** What must be typed, any of these; empty when a yes is enough. */
  readonly typed: readonly string[]
  /** Why it must be typed; empty when a yes is enough. */
  readonly because: string
}

export interface UpgradeOptions {
  /** The folder of migrations. */
  readonly migrations: string
  readonly backups: string
  readonly remote: RemoteStore
  readonly checks: ValidateOptions['checks']
  readonly held_lock: string | undefined
  /** The connection that applies migrations, e.g. that of the role owner; the server's own by default. */
  readonly connection?: Connection
  /** Throws unless the upgrade is agreed to. Nothing was touched yet. */
  readonly consent: (question: UpgradeQuestion) => Promise<void>
  readonly say: (text: string) => void
}

export interface Upgrade {
  /** Names of the applied migrations; empty when the schema was current. */
  readonly applied: readonly string[]
  /** Archive of the backup from before. */
  readonly backup: string
  readonly content: KeptContent
  readonly schema: Drift
  readonly validation: ValidationReport
}

/**
 * Brings an existing database of this product to the schema of this version: a backup that passes all four
 * levels, then each pending migration in its transaction, with proof that other rows are unchanged and that
 * every view answers; then the schema is compared with a fresh one, and every check runs. Undefined when the
 * schema is current: nothing was touched.
 *
 * @throws PreconditionError for a database of others, and for one that is ahead or was created by other
 *   migrations. RefusedError without consent. UpgradeError when a migration fails.
 */
export async function upgrade(server: Server, options: UpgradeOptions): Promise<Upgrade | undefined> {
  const { connection, maintenance } = server
  if ((await pendingIn(connection, options.migrations)).length === 0) return undefined
  const run_id = randomUUID()
  const lock = { run_id: `migrate-${run_id.slice(0, 8)}`, held_lock: options.held_lock }
  return underRunLock(maintenance, connection.database, lock, async (signal) => {
    const target = await requireOurs(server)
    const pending = await pendingIn(connection, options.migrations)
    if (pending.length === 0) return undefined // Another upgrade was made just now.
    await options.consent({ database: connection.database, pending, ...consentFor(target) })
    return upgradeUnderLock(server, { ...options, target, pending, run_id, signal })
  })
}

/** @throws PreconditionError when the schema is ahead, or was created by other migrations. */
async function pendingIn(connection: Connection, migrations: string): Promise<readonly Migration[]> {
  const state = await schemaStateOf(connection, migrations)
  if (state.state === 'current') return []
  if (state.state === 'behind') return state.pending
  throw new PreconditionError(schemaFault(connection.database, state))
}

type Work = UpgradeOptions & {
  readonly target: Target & { state: 'ours' }
  readonly pending: readonly Migration[]
  readonly run_id: string
  readonly signal: AbortSignal
}

async function upgradeUnderLock(server: Server, work: Work): Promise<Upgrade> {
  const { say, migrations, run_id, signal } = work
  const { database } = server.connection
  const backup = await makeVerifiedBackup(server.connection, server.maintenance, work.remote, {
    directory: work.backups,
    mode: work.target.mode,
    run_id,
    signal,
    onStep: (step) => say(`Backup: ${step} …`),
  })
  const { file } = backup.manifest
  say(`Backup ${file}: passed all 4 levels.`)

  const connection = work.connection ?? server.connection
  const { applied, content } = await applyPending(connection, work).catch(async (error: unknown) => {
    throw new UpgradeError(database, await appliedOf(server.connection, work), file, error)
  })
  say(
    `Rows: ${content.kept.length} tables are unchanged by content hash` +
      `${content.changed.length === 0 ? '' : `; changed as declared: ${content.changed.join(', ')}`}.`,
  )
  const rights = await renewRights(connection)
  if (rights !== null) say(rights)
  const schema = await driftOf(server.connection, migrations)
  say(
    schema.objects.length === 0
      ? 'Schema: equal to a database that this version creates.'
      : `Schema: differs from a fresh one in ${cutList(schema.objects.map(({ object }) => object))}.`,
  )
  const validation = await withDatabase(connection, (db) => validate(db, { checks: work.checks }), VALIDATING)
  return { applied, backup: backup.archive, content, schema, validation }
}

/** Each migration in its transaction, which ends only when the rows of all other tables are proven equal. */
async function applyPending(
  connection: Connection,
  { migrations, run_id, signal, say }: Work,
): Promise<Pick<Upgrade, 'applied' | 'content'>> {
  await withDatabase(connection, recordUnseenChanges)
  const guard = await guardContent(connection)
  const { applied } = await migrate(connection, migrations, {
    run_id,
    before: async (tx, { name }) => {
      signal.throwIfAborted()
      say(`Applying ${name} …`)
      await tx.rows("select set_config('stocks_research.run_id', $1, true)", [run_id])
    },
    after: async (tx, migration) => {
      await guard.verify(tx, migration)
      signal.throwIfAborted()
    },
  })
  return { applied, content: guard.result() }
}

/** Only a database that this product made, and that has its schema, is upgraded. */
async function requireOurs(server: Server): Promise<Target & { state: 'ours' }> {
  const target = await inspectTarget(server)
  if (target.state === 'ours') return target
  const { database, host, port } = target
  throw new PreconditionError(
    target.state === 'foreign'
      ? `${database} at ${host}:${port} was not made by this product (${target.reason}), and is not ` +
          'upgraded. Set PGHOST and PGDATABASE to the database that you mean.'
      : `The database ${database} at ${host}:${port} is ${target.state}. Run npx vitest run phases: it ` +
          'builds and loads it.',
  )
}

/** A live database, a sealed one, and one that carries no mark need the name and host, typed. */
function consentFor(target: Target & { state: 'ours' }): Pick<UpgradeQuestion, 'typed' | 'because'> {
  const reasons = [
    ...(target.is_template ? ['it is sealed, the result of a finished run'] : []),
    ...(target.mode === 'live' ? ['it was made in live mode'] : []),
    ...(target.mark === null ? ['it carries no mark of its making (a restored or copied database)'] : []),
  ]
  if (reasons.length === 0) return { typed: [], because: '' }
  return { typed: confirmationsOf(target), because: reasons.join(', and ') }
}

/** Of the migrations that were agreed to, those that the database has now. */
async function appliedOf(
  connection: Connection,
  { migrations, pending }: Work,
): Promise<string[] | undefined> {
  const now = await pendingIn(connection, migrations).catch(() => undefined)
  if (now === undefined) return undefined
  const left = new Set(now.map(({ name }) => name))
  return pending.map(({ name }) => name).filter((name) => !left.has(name))
}

/** A migration failed and was rolled back. Says what the database is now, and the way back. */
export class UpgradeError extends VerificationError {
  constructor(database: string, applied: readonly string[] | undefined, file: string, cause: unknown) {
    const restore = `npm run restore -- ${file} restores the backup from before beside it`
    super(
      [
        `The upgrade of ${database} stopped: ${messageOf(cause)}`,
        stateAfter(database, applied),
        `Correct the cause and run npm run db:migrate again. To go back: ${restore}, and --swap gives it ` +
          `the name ${database}; then use the version from before.`,
      ].join('\n'),
      { cause },
    )
  }
}

function stateAfter(database: string, applied: readonly string[] | undefined): string {
  if (applied === undefined)
    return 'The server does not answer, so it is not known which migrations were applied.'
  if (applied.length === 0) return `${database} is as it was: no migration was applied.`
  return `Applied and kept: ${applied.join(', ')}. The migration that failed was rolled back.`
}
