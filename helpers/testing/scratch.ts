import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { inject } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { migrate } from '../database/migrate.ts'
import { readMigrations } from '../database/migration-files.ts'
import { type Database, openDatabase, withDatabase } from '../postgres/database.ts'
import { quoteIdentifier } from '../postgres/sql.ts'

/** A database of one test's own. */
export interface Scratch {
  readonly connection: Connection
  readonly db: Database
  /** Closes `db` and drops the database, even if sessions are still connected. */
  readonly drop: () => Promise<void>
}

const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')
// Any number, as long as no other lock of ours in this database has it.
const TEMPLATE_LOCK = 7_204_118

/**
 * A new, uniquely named database (template0, UTF8) on the test server; with `migrated`, every migration is
 * applied. Only in tests of a project whose globalSetup is `helpers/testing/global-setup.ts`.
 */
export async function scratchDatabase({
  migrated = false,
}: {
  readonly migrated?: boolean
} = {}): Promise<Scratch> {
  return copyOf(migrated ? await migratedTemplate() : 'template0')
}

/**
 * A copy of a database that `fill` fills once for all test files of the run: the same rows in each copy.
 *
 * @param name names what `fill` makes; two callers with one name share the first one's database.
 */
export async function filledDatabase(
  name: string,
  fill: (connection: Connection) => Promise<void>,
): Promise<Scratch> {
  const migrated = await migratedTemplate()
  return copyOf(await templateOf(`filled_${name}`, migrated, fill))
}

/** A database of this name on the test server, to which every migration is applied. The caller drops it. */
export async function createMigrated(database: string): Promise<void> {
  await copyTemplate(await migratedTemplate(), database)
}

const copyTemplate = (template: string, database: string): Promise<void> =>
  withDatabase(inject('testServer'), (db) =>
    db.execute(
      `create database ${quoteIdentifier(database)} template ${quoteIdentifier(template)}
       encoding 'UTF8' strategy file_copy`,
    ),
  )

async function copyOf(template: string): Promise<Scratch> {
  const server = inject('testServer')
  const database = `scratch_${randomBytes(6).toString('hex')}`
  await copyTemplate(template, database)
  const connection = { ...server, database }
  const db = openDatabase(connection, { application: 'scratch' })
  return {
    connection,
    db,
    async drop() {
      await db.close()
      await withDatabase(server, (maintenance) =>
        maintenance.execute(`drop database if exists ${quoteIdentifier(database)} with (force)`),
      )
    },
  }
}

/**
 * Migrating once for each state of the folder and copying from then on is what keeps hundreds of tests quick.
 */
async function migratedTemplate(): Promise<string> {
  const hash = createHash('sha256')
  for (const { name, sha256 } of await readMigrations(MIGRATIONS)) hash.update(name).update(sha256)
  const template = `migrated_${hash.digest('hex').slice(0, 16)}`
  return templateOf(template, 'template0', async (connection) => {
    await migrate(connection, MIGRATIONS)
  })
}

/** The database `template`, made by the first caller; another one waits for it. */
async function templateOf(
  template: string,
  from: string,
  fill: (connection: Connection) => Promise<void>,
): Promise<string> {
  const server = inject('testServer')
  await withDatabase(server, (db) =>
    db.session(async (session) => {
      await session.rows('select pg_advisory_lock($1, hashtext($2))', [TEMPLATE_LOCK, template])
      try {
        if ((await session.rows('select from pg_database where datname = $1', [template])).length > 0) return
        const partial = `partial_${randomBytes(6).toString('hex')}`
        await session.execute(
          `create database ${quoteIdentifier(partial)} template ${quoteIdentifier(from)} encoding 'UTF8'
           strategy file_copy`,
        )
        await fill({ ...server, database: partial })
        await session.execute(
          `alter database ${quoteIdentifier(partial)} rename to ${quoteIdentifier(template)}`,
        )
      } finally {
        await session.rows('select pg_advisory_unlock($1, hashtext($2))', [TEMPLATE_LOCK, template])
      }
    }),
  )
  return template
}
