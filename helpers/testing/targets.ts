import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { migrate } from '../database/migrate.ts'
import type { Mode } from '../database/target.ts'
import {
  createTarget,
  type DropOptions,
  dropTarget,
  markDatabase,
  recordEnvironment,
  type SafetyBackup,
} from '../database/target-database.ts'
import { withDatabase } from '../postgres/database.ts'
import { describeServer, type Server } from '../postgres/server.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import { findTools, type Tools } from '../postgres/tools.ts'
import { createMigrated } from './scratch.ts'

/** The run that everything here is made by. */
export const run_id = randomUUID()
/** A lock that is always held. */
export const assertHeld = async (): Promise<void> => {}

/** A target name of this test's own on the test server. */
export async function serverFor(
  database = `target_${randomBytes(6).toString('hex')}`,
): Promise<{ server: Server; tools: Tools; connection: Connection }> {
  const maintenance = inject('testServer')
  const connection = { ...maintenance, database }
  const server: Server = {
    kind: 'existing',
    connection,
    maintenance,
    describe: () => describeServer(maintenance),
    stop: async () => {},
  }
  onTestFinished(async () => {
    await withDatabase(maintenance, async (db) => {
      if ((await db.rows('select from pg_database where datname = $1', [database])).length === 0) return
      await db.execute(`alter database ${quoteIdentifier(database)} is_template false`)
      await db.execute(`drop database ${quoteIdentifier(database)} with (force)`)
    })
  })
  return { server, connection, tools: await findTools('15') }
}

/**
 * A database as the product makes it: created, marked, migrated, with its environment row and a row of data.
 * With the product's own migrations it is a copy of one that was migrated before.
 */
export async function ours(
  mode: Mode,
  migrations?: string,
): Promise<{ server: Server; tools: Tools; connection: Connection }> {
  const { server, tools, connection } = await serverFor()
  if (migrations === undefined) {
    await createMigrated(connection.database)
    await markDatabase(server, { run_id, mode })
  } else {
    await createTarget(server, { tools, assertHeld, run_id, mode })
    await migrate(connection, migrations, { run_id })
  }
  await withDatabase(connection, async (db) => {
    await recordEnvironment(db, { mode, run_id, product_version: '0.0.0' })
    await db.rows(
      `insert into ingestion.runs (run_id, command, source, state, universe_file, universe_sha256, start_date,
         end_date, host, process_id, product_version)
       values ($1, 'test', 'test', 'complete', 'u.csv', repeat('0', 64), '2020-01-01',
         '2020-12-31', 'h', 1, '0')`,
      [run_id],
    )
    await db.transaction(async (tx) => {
      await tx.rows("select set_config('stocks_research.run_id', $1, true)", [run_id])
      await tx.execute(
        "insert into stocks_research.securities (security_id, source_id, ticker) values (1, 'a', 'A')",
      )
    })
  })
  return { server, tools, connection }
}

/** A database that this product did not create. */
export async function foreign(): Promise<{ server: Server; tools: Tools; connection: Connection }> {
  const made = await serverFor()
  await withDatabase(made.server.maintenance, (db) =>
    db.execute(`create database ${quoteIdentifier(made.connection.database)} template template0`),
  )
  await withDatabase(made.connection, (db) =>
    db.execute(
      `create schema "Their Shop";
       create table "Their Shop"."Orders; drop" as select generate_series(1, 7) as id`,
    ),
  )
  return made
}

/** Everything that a write would change: identity and version of every object and row. */
export const traces = (connection: Connection): Promise<unknown> =>
  withDatabase(connection, async (db) => ({
    objects: await db.rows(
      'select relname, relfilenode, xmin::text as version from pg_class where oid >= 16384 order by oid',
    ),
    comment: await db.rows(
      "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()",
    ),
    rows: await db.rows('select xmin::text as version, id from "Their Shop"."Orders; drop" order by id'),
  }))

/** A file that tests use as a verified backup of the target. */
export const backupOf = async (server: Server, bytes = 'a dump'): Promise<SafetyBackup> => {
  const directory = await mkdtemp(join(tmpdir(), 'backup-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'full.dump')
  await writeFile(file, bytes)
  const { system_identifier } = await server.describe()
  return {
    file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    database: server.connection.database,
    system_identifier,
  }
}

/** `dropTarget` with nothing given but what `options` gives. */
export async function drop(
  made: { server: Server; tools: Tools },
  options: Partial<DropOptions> = {},
): Promise<unknown> {
  return dropTarget(made.server, {
    tools: made.tools,
    assertHeld,
    confirm_drop: undefined,
    backup: undefined,
    ...options,
  })
}

/** Whether the database exists. */
export const isThere = async (connection: Connection): Promise<boolean> =>
  withDatabase(
    inject('testServer'),
    async (db) =>
      (await db.rows('select from pg_database where datname = $1', [connection.database])).length === 1,
  )
