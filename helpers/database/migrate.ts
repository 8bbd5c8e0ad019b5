import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../config/connection.ts'
import { FormatError, PreconditionError, RefusedError } from '../core/errors.ts'
import { type Database, openDatabase } from '../postgres/database.ts'
import { executeFile, statementsOf } from '../postgres/sql-file.ts'

/** A migration file, as it lies in the folder. */
export interface Migration {
  readonly name: string
  /** SHA-256 of its text with LF line ends: a checkout on Windows has the same. */
  readonly sha256: string
  readonly sql: string
  /**
   * False when its first line is `-- no-transaction`: then it is one statement, such as `create index
   * concurrently`.
   */
  readonly is_transactional: boolean
}

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
}

const NAME = /^\d{3}-[a-z0-9-]+\.sql$/
const NO_TRANSACTION = '-- no-transaction'
// Chosen once; every migrator of this product must use the same.
const LOCK_KEY = '4917213885064201'
const LOCK_POLL_MS = 100

const LEDGER = `
create schema if not exists ingestion;
create table if not exists ingestion.migrations (
  name              text        primary key,
  sha256            text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
  applied_at        timestamptz not null default now(),
  duration_ms       integer     not null check (duration_ms >= 0),
  run_id            text
);
comment on table ingestion.migrations is 'The migrations that made this schema, each once, in order of name. An applied one is never edited.';
comment on column ingestion.migrations.name is 'File name, e.g. 001-schemas.sql. Its number is its place.';
comment on column ingestion.migrations.sha256 is 'SHA-256 of the file as it was applied, with LF line ends.';
comment on column ingestion.migrations.applied_at is 'When it was applied, UTC.';
comment on column ingestion.migrations.duration_ms is 'How long it took.';
comment on column ingestion.migrations.run_id is 'The checklist run that applied it; null when it was applied by hand.';`

/**
 * Applies what is pending in `directory`, in order of name, each file in one transaction. A second call
 * changes nothing; two at once wait for each other.
 *
 * @throws RefusedError when an applied migration was edited, removed or reordered: both hashes are shown,
 *   nothing is done.
 * @throws FormatError when a file cannot be a migration.
 * @throws MigrationError when PostgreSQL refuses a statement: file, line and the SQL are shown. That file is
 *   rolled back.
 * @throws PreconditionError when another migrator does not end, or an INVALID index stands in the way.
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
    if (!(await hasLedger(db))) await db.transaction((tx) => tx.execute(LEDGER))
    const present = await db.rows<Applied>(
      'select name, sha256 from ingestion.migrations order by name collate "C"',
    )
    const faults = faultsOf(present, migrations)
    if (faults.length > 0) throw new RefusedError(refusal(faults))
    await refuseInvalidIndexes(db)
    const pending = migrations.slice(present.length)
    for (const migration of pending) await apply(db, migration, options.run_id)
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

type Applied = { name: string; sha256: string }

/** The migrations of a folder, in order of name. Other files than `.sql` are passed over. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted()
  const strange = names.filter((name) => !NAME.test(name))
  if (strange.length > 0)
    throw new FormatError(
      `${directory}: ${strange.join(', ')}: a migration is named NNN-noun.sql, e.g. 001-schemas.sql.`,
    )
  const twin = names.find((name, index) => name.slice(0, 3) === names[index + 1]?.slice(0, 3))
  if (twin !== undefined)
    throw new FormatError(
      `${directory}: two migrations have the number ${twin.slice(0, 3)}. The number is the order; give each its own.`,
    )
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), 'utf8')
      const sql = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
      const is_transactional = sql.split('\n', 1)[0]?.trim() !== NO_TRANSACTION
      if (!is_transactional && statementsOf(sql).length !== 1)
        throw new FormatError(
          `${name} is marked "${NO_TRANSACTION}" but holds ${statementsOf(sql).length} statements; it may hold one, since half of it could not be undone.`,
        )
      return { name, sql, is_transactional, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/** What keeps the applied migrations from being the first ones of the folder, one sentence each. */
export function faultsOf(applied: readonly Applied[], migrations: readonly Migration[]): string[] {
  const files = new Map(migrations.map((migration) => [migration.name, migration]))
  const changed = applied.flatMap(({ name, sha256 }) => {
    const file = files.get(name)
    if (file?.sha256 === sha256) return []
    if (file !== undefined)
      return [
        `${name} was edited after it was applied\n      applied ${sha256}\n      found   ${file.sha256}`,
      ]
    const moved = migrations.find((migration) => migration.sha256 === sha256)
    return [
      moved === undefined
        ? `${name} was applied and is now missing from the folder\n      applied ${sha256}\n      found   none`
        : `${name} was applied and is now named ${moved.name} (reordered or renamed)\n      applied ${sha256} as ${name}\n      found   ${moved.sha256} as ${moved.name}`,
    ]
  })
  const names = new Set(applied.map(({ name }) => name))
  const last = applied.at(-1)
  const late = migrations.filter(({ name }) => last !== undefined && name < last.name && !names.has(name))
  return [
    ...changed,
    ...late.map(
      ({ name, sha256 }) =>
        `${name} comes before ${last?.name}, which is applied already (reordered)\n      applied ${last?.sha256} as ${last?.name}\n      found   ${sha256} as ${name}`,
    ),
  ]
}

const refusal = (faults: readonly string[]): string =>
  `The migrations of the folder are not those that made this database; nothing was applied.\n${faults.map((fault) => `  - ${fault}`).join('\n')}\n` +
  'Put the applied files back as they were and write what you want to change as a new migration with the next number, or rebuild the database from a clean state.'

async function apply(db: Database, migration: Migration, run_id: string | undefined): Promise<void> {
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
      const before = await tx.one<{ id: string }>('select pg_current_xact_id()::text as id')
      await executeFile(tx, migration)
      const after = await tx.one<{ id: string }>('select pg_current_xact_id()::text as id')
      if (before.id !== after.id)
        throw new FormatError(
          `${migration.name} ends its own transaction (commit or rollback). The runner gives each migration one; take it out, and rebuild the database from a clean state, since a part of the file may be in.`,
        )
      await record(tx)
    })
  } else {
    await executeFile(db, migration).catch(async (error: Error) => {
      await refuseInvalidIndexes(db, `${error.message}\n`)
      throw error
    })
    await refuseInvalidIndexes(db)
    await record(db)
  }
}

const hasLedger = async (db: Database): Promise<boolean> =>
  (await db.one<{ is_there: boolean }>("select to_regclass('ingestion.migrations') is not null as is_there"))
    .is_there

/**
 * A failed or killed `create index concurrently` leaves an index that is maintained but never used, under the
 * name we want.
 */
async function refuseInvalidIndexes(db: Database, cause = ''): Promise<void> {
  const invalid = await db.rows<{ name: string; table: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name, i.indrelid::regclass::text as table
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where not i.indisvalid and c.relkind = 'i' order by 1`,
  )
  if (invalid.length === 0) return
  const list = invalid.map(({ name, table }) => `  - ${name} on ${table}: drop index concurrently ${name};`)
  throw new PreconditionError(
    `${cause}An index was left INVALID by a create index concurrently that did not end. Remove what stood in its way (e.g. duplicate keys), drop it, and migrate again:\n${list.join('\n')}`,
  )
}

async function takeLock(db: Database, wait_max_ms: number): Promise<void> {
  // Asked again and again instead of waited for inside PostgreSQL: a session that waits there holds a
  // snapshot, and a `create index concurrently` of the lock's holder would wait for that snapshot for ever.
  const started = performance.now()
  while (!(await db.one<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK_KEY])).taken) {
    if (performance.now() - started > wait_max_ms) {
      const [holder] = await db.rows<{ pid: number; application_name: string }>(
        `select a.pid, a.application_name from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
            and (l.classid::bigint << 32) + l.objid::bigint = $1 and l.objsubid = 1`,
        [LOCK_KEY],
      )
      throw new PreconditionError(
        `Another migration of this database has not ended in ${wait_max_ms / 1000} s (backend ${holder?.pid ?? 'unknown'}, ${holder?.application_name ?? 'unknown'}). Wait for it, or end it with select pg_terminate_backend(${holder?.pid ?? 'pid'}).`,
      )
    }
    await sleep(LOCK_POLL_MS)
  }
}
