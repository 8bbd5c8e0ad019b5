import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Connection } from '../config/connection.ts'
import { FormatError, PreconditionError, RefusedError } from '../core/errors.ts'
import { type Database, openDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import { executeFile, MigrationError } from '../postgres/sql-file.ts'
import { type Migration, type MigrationData, readMigrations } from './migration-files.ts'

export interface MigrateReport {
  /** Names of the migrations that this call applied, in order. */
  readonly applied: readonly string[]
  /** Names of those that were there already. */
  readonly present: readonly string[]
  /** The last migration that the database now has, with its hash; null for an empty folder. */
  readonly head: { readonly name: string; readonly sha256: string } | null
}

export interface MigrateOptions {
  /** The run that the migrations are recorded under. */
  readonly run_id?: string | undefined
  /** Longest wait for another migrator of the same database. */
  readonly wait_max_ms?: number
  /**
   * Called in the transaction of each migration, before its first statement and after its last. An error
   * rolls the migration back.
   */
  readonly before?: (tx: Database, migration: Migration) => Promise<void>
  readonly after?: (tx: Database, migration: Migration) => Promise<void>
}

// Chosen once; every migrator of this product must use the same.
const LOCK_KEY = '4917213885064201'
const LOCK_POLL_MS = 100

const SQL = join(import.meta.dirname, 'sql')

/**
 * Applies the pending migrations of `directory` in order of name, each file and its data in one transaction.
 * A second call changes nothing; concurrent calls wait for each other.
 *
 * @throws RefusedError when an applied migration or its data was edited, removed or reordered. The message
 *   shows both hashes; nothing is applied.
 * @throws FormatError when a file cannot be a migration.
 * @throws MigrationError when PostgreSQL rejects a statement or a row: the message shows file, line and text.
 *   That file is rolled back.
 * @throws PreconditionError when another migrator does not end, or an INVALID index exists.
 */
export async function migrate(
  target: Connection | Database,
  directory: string,
  options: MigrateOptions = {},
): Promise<MigrateReport> {
  const migrations = await readMigrations(directory)
  if (!('host' in target)) return target.session((session) => migrateSession(session, migrations, options))
  const db = openDatabase(target, { connections_max: 1, application: 'stocks-research migrate' })
  try {
    return await db.session((session) => migrateSession(session, migrations, options))
  } finally {
    await db.close()
  }
}

async function migrateSession(
  db: Database,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<MigrateReport> {
  await takeLock(db, options.wait_max_ms ?? 600_000)
  try {
    if (!(await hasLedger(db))) await db.transaction((tx) => tx.execute(queryFile(SQL, 'migration-ledger')))
    const present = await db.rows<Applied>(
      'select name, sha256 from ingestion.migrations order by name collate "C"',
    )
    const faults = faultsOf(present, migrations)
    if (faults.length > 0) throw new RefusedError(refusal(faults))
    await refuseInvalidIndexes(db)
    const pending = migrations.slice(present.length)
    for (const migration of pending) await apply(db, migration, options)
    const head = migrations.at(-1)
    return {
      applied: pending.map(({ name }) => name),
      present: present.map(({ name }) => name),
      head: head === undefined ? null : { name: head.name, sha256: head.sha256 },
    }
  } finally {
    // A lost session has lost its lock already.
    await db.rows('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => {})
  }
}

export type Applied = Pick<Migration, 'name' | 'sha256'>

/**
 * Why the applied migrations are not the first ones of the folder, one sentence each; empty when they are.
 */
export function faultsOf(applied: readonly Applied[], migrations: readonly Migration[]): string[] {
  const names = new Set(applied.map(({ name }) => name))
  const last = applied.at(-1)
  const changed = applied.flatMap((entry) => changeOf(entry, migrations) ?? [])
  const late = migrations.filter(({ name }) => last !== undefined && name < last.name && !names.has(name))
  const reordered = late.map(
    ({ name, sha256 }) =>
      `${name} comes before ${last?.name}, which is applied already (reordered)\n` +
      `      applied ${last?.sha256} as ${last?.name}\n` +
      `      found   ${sha256} as ${name}`,
  )
  return [...changed, ...reordered]
}

/** How the file of an applied migration differs from what was applied; undefined when it does not. */
function changeOf({ name, sha256 }: Applied, migrations: readonly Migration[]): string | undefined {
  const file = migrations.find((migration) => migration.name === name)
  if (file?.sha256 === sha256) return undefined
  if (file !== undefined) {
    const files = [name, ...file.data.map((data) => data.file)].join(' or ')
    return `${files} was edited after it was applied\n      applied ${sha256}\n      found   ${file.sha256}`
  }
  const moved = migrations.find((migration) => migration.sha256 === sha256)
  if (moved === undefined)
    return (
      `${name} was applied and is now missing from the folder\n      applied ${sha256}\n      ` +
      'found   none'
    )
  return (
    `${name} was applied and is now named ${moved.name} (reordered or renamed)\n` +
    `      applied ${sha256} as ${name}\n` +
    `      found   ${moved.sha256} as ${moved.name}`
  )
}

const refusal = (faults: readonly string[]): string =>
  [
    'The migrations of the folder are not those that created this database; nothing was applied.',
    ...faults.map((fault) => `  - ${fault}`),
    'Restore the applied files, and write the change as a new migration with the next number, ' +
      'or rebuild the database from a clean state.',
  ].join('\n')

async function apply(
  db: Database,
  migration: Migration,
  { run_id, before: begin, after: finish }: MigrateOptions,
): Promise<void> {
  const started = performance.now()
  const record = (tx: Database): Promise<unknown> =>
    tx.rows('insert into ingestion.migrations (name, sha256, duration_ms, run_id) values ($1, $2, $3, $4)', [
      migration.name,
      migration.sha256,
      Math.round(performance.now() - started),
      run_id ?? null,
    ])
  if (migration.is_transactional) {
    await db.transaction(async (tx) => {
      await begin?.(tx, migration)
      const before = await transactionOf(tx)
      await executeFile(tx, migration)
      if ((await transactionOf(tx)) !== before)
        throw new FormatError(
          `${migration.name} ends its own transaction (commit or rollback). The runner gives ` +
            'each migration one. Remove the statement, and rebuild the database from a clean state, ' +
            'since a part of the file may be applied.',
        )
      for (const data of migration.data) await load(tx, data)
      await record(tx)
      await finish?.(tx, migration)
    })
  } else {
    await executeFile(db, migration).catch(async (error: Error) => {
      await refuseInvalidIndexes(db, `${error.message}\n`)
      throw error
    })
    await refuseInvalidIndexes(db)
    await db.transaction((tx) => finish?.(tx, migration) ?? Promise.resolve())
    await record(db)
  }
}

const transactionOf = async (tx: Database): Promise<string> =>
  (await tx.one<{ id: string }>('select pg_current_xact_id()::text as id')).id

/** Loads a data file into its table. PostgreSQL parses it; an empty value without quotation marks is null. */
async function load(tx: Database, { file, schema, table, columns, csv }: MigrationData): Promise<void> {
  const target = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`
  const list = columns.map(quoteIdentifier).join(', ')
  const copy = copyFrom(`copy ${target} (${list}) from stdin with (format csv, header)`)
  try {
    await pipeline(Readable.from([csv]), tx.client().query(copy))
  } catch (error) {
    const [, line] = /, line (\d+)/.exec((error as { where?: string }).where ?? '') ?? []
    throw new MigrationError(file, line === undefined ? null : Number(line), csv, error as Error)
  }
}

const hasLedger = async (db: Database): Promise<boolean> =>
  (await db.one<{ is_there: boolean }>("select to_regclass('ingestion.migrations') is not null as is_there"))
    .is_there

/**
 * A failed or killed `create index concurrently` leaves an index that is maintained, but that no query uses.
 */
async function refuseInvalidIndexes(db: Database, cause = ''): Promise<void> {
  const invalid = await db.rows<{ name: string; table: string }>(queryFile(SQL, 'invalid-indexes'))
  if (invalid.length === 0) return
  const list = invalid.map(({ name, table }) => `  - ${name} on ${table}: drop index concurrently ${name};`)
  throw new PreconditionError(
    `${cause}An index was left INVALID by a create index concurrently that did not end. ` +
      'Remove the cause (e.g. duplicate keys), drop the index, and migrate again:\n' +
      list.join('\n'),
  )
}

async function takeLock(db: Database, wait_max_ms: number): Promise<void> {
  // Polled: a session that waits inside PostgreSQL holds a snapshot, and a `create index concurrently` of the
  // lock's holder would wait for that snapshot for ever.
  const started = performance.now()
  while (!(await db.one<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK_KEY])).taken) {
    if (performance.now() - started > wait_max_ms) {
      const [holder] = await db.rows<{ pid: number; application_name: string }>(
        queryFile(SQL, 'migration-lock-holder'),
        [LOCK_KEY],
      )
      const name = holder?.application_name ?? 'unknown'
      throw new PreconditionError(
        `Another migration of this database has not ended in ${wait_max_ms / 1000} s ` +
          `(backend ${holder?.pid ?? 'unknown'}, ${name}). ` +
          `Wait for it, or end it with select pg_terminate_backend(${holder?.pid ?? 'pid'}).`,
      )
    }
    await sleep(LOCK_POLL_MS)
  }
}
