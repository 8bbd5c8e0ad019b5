import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { ROOT_DIRECTORY } from './config.ts'
import { type Connection, openDatabase, quoteIdentifier, withDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { describeServer, type Server } from './postgres/server.ts'
import { findTools, type Tools } from './postgres/tools.ts'
import { dropPolicy, inspectTarget, type Mode } from './target.ts'
import {
  createTarget,
  type DropOptions,
  dropTarget,
  markDatabase,
  recordEnvironment,
  type SafetyBackup,
  sealTarget,
} from './target-database.ts'

const run_id = randomUUID()
const assertHeld = async (): Promise<void> => {}

/** A target name of this test's own on the test server. */
async function serverFor(
  database = `target_${randomBytes(6).toString('hex')}`,
): Promise<{ server: Server; tools: Tools; connection: Connection }> {
  const maintenance = inject('testServer')
  const connection = { ...maintenance, database }
  const server: Server = { kind: 'existing', connection, maintenance, describe: () => describeServer(maintenance), stop: async () => {} }
  onTestFinished(async () => {
    await withDatabase(maintenance, async (db) => {
      if ((await db.rows('select from pg_database where datname = $1', [database])).length === 0) return
      await db.execute(`alter database ${quoteIdentifier(database)} is_template false`)
      await db.execute(`drop database ${quoteIdentifier(database)} with (force)`)
    })
  })
  return { server, connection, tools: await findTools('15') }
}

/** A database that the product made: created, marked, migrated, with its environment row and a row of data. */
async function ours(mode: Mode): Promise<{ server: Server; tools: Tools; connection: Connection }> {
  const { server, tools, connection } = await serverFor()
  await createTarget(server, { tools, assertHeld, run_id, mode })
  await migrate(connection, join(ROOT_DIRECTORY, 'migrations'), { run_id })
  await withDatabase(connection, async (db) => {
    await recordEnvironment(db, { mode, run_id, product_version: '0.0.0' })
    await db.rows(
      `insert into ingestion.runs (run_id, command, source, state, universe_file, universe_sha256, start_date, end_date, host, process_id, product_version)
       values ($1, 'test', 'test', 'complete', 'u.csv', repeat('0', 64), '2020-01-01', '2020-12-31', 'h', 1, '0')`,
      [run_id],
    )
    await db.transaction(async (tx) => {
      await tx.rows("select set_config('stocks_research.run_id', $1, true)", [run_id])
      await tx.execute("insert into stocks_research.securities (security_id, source_id, ticker) values (1, 'a', 'A')")
    })
  })
  return { server, tools, connection }
}

/** A database that somebody else filled. */
async function foreign(): Promise<{ server: Server; tools: Tools; connection: Connection }> {
  const made = await serverFor()
  await withDatabase(made.server.maintenance, (db) =>
    db.execute(`create database ${quoteIdentifier(made.connection.database)} template template0`),
  )
  await withDatabase(made.connection, (db) =>
    db.execute('create schema "Their Shop"; create table "Their Shop"."Orders; drop" as select generate_series(1, 7) as id'),
  )
  return made
}

/** Everything that a write would change: identity and version of every object and row. */
const traces = (connection: Connection): Promise<unknown> =>
  withDatabase(connection, async (db) => ({
    objects: await db.rows('select relname, relfilenode, xmin::text as version from pg_class where oid >= 16384 order by oid'),
    comment: await db.rows("select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"),
    rows: await db.rows('select xmin::text as version, id from "Their Shop"."Orders; drop" order by id'),
  }))

const backupOf = async (server: Server, bytes = 'a dump'): Promise<SafetyBackup> => {
  const directory = await mkdtemp(join(tmpdir(), 'backup-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'full.dump')
  await writeFile(file, bytes)
  const { system_identifier } = await server.describe()
  return { file, sha256: createHash('sha256').update(bytes).digest('hex'), database: server.connection.database, system_identifier }
}

async function drop(made: { server: Server; tools: Tools }, options: Partial<DropOptions> = {}): Promise<unknown> {
  return dropTarget(made.server, { tools: made.tools, assertHeld, confirm_drop: undefined, backup: undefined, ...options })
}

const isThere = async (connection: Connection): Promise<boolean> =>
  withDatabase(
    inject('testServer'),
    async (db) => (await db.rows('select from pg_database where datname = $1', [connection.database])).length === 1,
  )

test('an absent target may be made, and there is nothing to drop', async () => {
  const made = await serverFor()
  const target = await inspectTarget(made.server)
  expect(target).toMatchObject({ state: 'absent', database: made.connection.database })
  expect(dropPolicy(target, undefined)).toMatchObject({ needs_backup: false })
  expect(await drop(made)).toBeNull()
})

test('a created target is empty, in UTF8 with byte order, marked as ours at once, and dropped without a backup', async () => {
  const made = await serverFor()
  const result = await createTarget(made.server, { tools: made.tools, assertHeld, run_id, mode: 'rehearsal' })
  expect(result).toMatchObject({ exit_code: 0 })
  expect(result.command).toBe(
    `createdb --maintenance-db=postgres --template=template0 --encoding=UTF8 --locale=C -- ${made.connection.database}`,
  )
  const facts = await withDatabase(made.connection, (db) =>
    db.one<{ encoding: string; collation: string; comment: string }>(
      "select pg_encoding_to_char(encoding) as encoding, datcollate as collation, shobj_description(oid, 'pg_database') as comment from pg_database where datname = current_database()",
    ),
  )
  expect(facts).toMatchObject({ encoding: 'UTF8', collation: 'C' })
  const { system_identifier } = await made.server.describe()
  expect(JSON.parse(facts.comment)).toMatchObject({ product: 'stocks-research', mode: 'rehearsal', run_id, system_identifier })
  expect(await inspectTarget(made.server)).toMatchObject({ state: 'empty', tables: [] })
  expect(await drop(made)).toMatchObject({ exit_code: 0 })
  expect(await isThere(made.connection)).toBe(false)
})

test('a populated database that the product did not make is refused and untouched; the message names it and the ways forward', async () => {
  const made = await foreign()
  const before = await traces(made.connection)
  const target = await inspectTarget(made.server)
  expect(target).toMatchObject({ state: 'foreign', tables: [{ table: 'Their Shop.Orders; drop', rows_count: 7 }] })
  const { database, host, port } = made.connection
  const error = await drop(made, { confirm_drop: `${database}@localhost`, backup: await backupOf(made.server) }).catch(
    (thrown: Error) => thrown,
  )
  expect(error).toMatchObject({ name: 'RefusedError' })
  for (const text of [
    `${database} at ${host}:${port}`,
    '1 table: Their Shop.Orders; drop (7 rows)',
    'set PGDATABASE',
    `dropdb -h ${host} -p ${port} ${database}`,
  ])
    expect(String(error)).toContain(text)
  expect(await traces(made.connection)).toEqual(before)
})

test.for(['a function', 'a schema', 'a type', 'a large object'])('a database that holds nothing but %s is not empty', async (what) => {
  const made = await serverFor()
  await withDatabase(made.server.maintenance, (db) =>
    db.execute(`create database ${quoteIdentifier(made.connection.database)} template template0`),
  )
  const sql = {
    'a function': "create function public.f() returns int language sql as 'select 1'",
    'a schema': 'create schema s',
    'a type': "create type public.mood as enum ('ok')",
    'a large object': 'select lo_create(4711)',
  }[what]
  await withDatabase(made.connection, (db) => db.execute(sql ?? ''))
  expect(await inspectTarget(made.server)).toMatchObject({ state: 'foreign' })
  await expect(drop(made)).rejects.toThrow('objects that are no tables')
})

test.for(['rehearsal', 'flat-files'] as const)(
  'a database of ours made in %s mode is dropped after a verified backup, and not without',
  async (mode) => {
    const made = await ours(mode)
    expect(await inspectTarget(made.server)).toMatchObject({ state: 'ours', mode, manual_edits: [] })
    await expect(drop(made)).rejects.toThrow('dropped only after a verified backup')
    expect(await isThere(made.connection)).toBe(true)
    expect(await drop(made, { backup: await backupOf(made.server) })).toMatchObject({ exit_code: 0 })
    expect(await isThere(made.connection)).toBe(false)
  },
)

test.for(['live', 'replay'] as const)('a database of ours made in %s mode needs the typed confirmation too', async (mode) => {
  const made = await ours(mode)
  const backup = await backupOf(made.server)
  const typed = `${made.connection.database}@localhost`
  await expect(drop(made, { backup })).rejects.toThrow(
    `it was made in ${mode} mode. Nothing was touched. To drop it, after a verified backup which is made first:\n  BOOTSTRAP_CONFIRM_DROP=${typed}`,
  )
  for (const wrong of ['yes', made.connection.database, `${made.connection.database}@elsewhere`, `stocks_research@localhost`])
    await expect(drop(made, { backup, confirm_drop: wrong })).rejects.toMatchObject({ name: 'RefusedError' })
  await expect(drop(made, { confirm_drop: typed })).rejects.toThrow('dropped only after a verified backup')
  expect(await isThere(made.connection)).toBe(true)
  expect(await drop(made, { backup, confirm_drop: typed })).toMatchObject({ exit_code: 0 })
})

test('a rehearsal that a hand has changed is kept, and table and count are named', async () => {
  const made = await ours('rehearsal')
  await withDatabase(made.connection, (db) =>
    db.execute("update stocks_research.securities set name = 'by hand'; update stocks_research.securities set name = 'again'"),
  )
  await withDatabase(made.connection, (db) => db.execute('create table public.my_notes (note text)'))
  const target = await inspectTarget(made.server)
  expect(target).toMatchObject({
    manual_edits: [
      { table: 'stocks_research.securities', operation: 'UPDATE', statements_count: 2 },
      { table: 'public.my_notes', operation: 'CREATE TABLE', statements_count: 1 },
    ],
  })
  await expect(drop(made, { backup: await backupOf(made.server) })).rejects.toThrow(
    'it was changed by hand: stocks_research.securities (2 UPDATE), public.my_notes (1 CREATE TABLE)',
  )
})

test('a change under a run id that no run has is a hand too', async () => {
  const made = await ours('rehearsal')
  await withDatabase(made.connection, (db) =>
    db.execute(`set stocks_research.run_id = '${randomUUID()}'; delete from stocks_research.securities`),
  )
  expect(await inspectTarget(made.server)).toMatchObject({ manual_edits: [{ operation: 'DELETE', statements_count: 1 }] })
})

test('live and rehearsal marks that disagree count as live', async () => {
  const made = await ours('live')
  await markDatabase(made.server, { run_id, mode: 'rehearsal' })
  expect(await inspectTarget(made.server)).toMatchObject({ state: 'ours', mode: 'live' })
})

test('a restored copy, which has the inner mark alone, is ours but needs the confirmation', async () => {
  const made = await ours('rehearsal')
  await withDatabase(made.server.maintenance, (db) =>
    db.execute(`comment on database ${quoteIdentifier(made.connection.database)} is null`),
  )
  const target = await inspectTarget(made.server)
  expect(target).toMatchObject({ state: 'ours', mark: null })
  expect(() => dropPolicy(target, undefined)).toThrow('it carries no mark of its making')
})

test('a mark made on another server does not count', async () => {
  const made = await ours('rehearsal')
  const elsewhere: Server = {
    ...made.server,
    describe: async () => ({ version: '15.0', version_number: 150_000, system_identifier: '42' }),
  }
  expect(await inspectTarget(elsewhere)).toMatchObject({ state: 'foreign' })
})

test('a run that was killed before its migrations leaves a target that the next run may replace', async () => {
  const made = await serverFor()
  await createTarget(made.server, { tools: made.tools, assertHeld, run_id, mode: 'live' })
  await withDatabase(made.server.maintenance, (db) =>
    db.execute(`comment on database ${quoteIdentifier(made.connection.database)} is null`),
  ) // Killed even before the mark.
  expect(dropPolicy(await inspectTarget(made.server), undefined)).toEqual({
    needs_backup: false,
    because: 'it holds nothing',
  })
})

test('a sealed database is refused with the statement that unseals it', async () => {
  const made = await ours('rehearsal')
  await sealTarget(made.server)
  const error = await drop(made, { backup: await backupOf(made.server) }).catch((thrown: Error) => thrown)
  expect(String(error)).toContain(`alter database ${made.connection.database} is_template false;`)
  await sealTarget(made.server, false)
  expect(await drop(made, { backup: await backupOf(made.server) })).toMatchObject({ exit_code: 0 })
})

test('a backup that changed, is gone, or is of another database is no proof', async () => {
  const made = await ours('rehearsal')
  const backup = await backupOf(made.server)
  await expect(drop(made, { backup: { ...backup, database: 'other' } })).rejects.toMatchObject({ name: 'RefusedError' })
  await expect(drop(made, { backup: { ...backup, system_identifier: '42' } })).rejects.toMatchObject({ name: 'RefusedError' })
  await writeFile(backup.file, 'another dump')
  await expect(drop(made, { backup })).rejects.toThrow('has changed since it was verified')
  await rm(backup.file)
  await expect(drop(made, { backup })).rejects.toThrow('cannot be read')
  expect(await isThere(made.connection)).toBe(true)
})

test('nothing is dropped or created once the lock is lost', async () => {
  const made = await ours('rehearsal')
  const lost = async (): Promise<void> => {
    throw new Error('the lock is lost')
  }
  await expect(drop(made, { backup: await backupOf(made.server), assertHeld: lost })).rejects.toThrow('the lock is lost')
  expect(await isThere(made.connection)).toBe(true)
  const other = await serverFor()
  await expect(createTarget(other.server, { tools: other.tools, assertHeld: lost, run_id, mode: 'live' })).rejects.toThrow(
    'the lock is lost',
  )
  expect(await isThere(other.connection)).toBe(false)
})

test('a session of somebody else keeps the target, and is named', async () => {
  const made = await ours('rehearsal')
  const theirs = openDatabase(made.connection, { application: 'their notebook' })
  onTestFinished(() => theirs.close())
  await theirs.session(async (session) => {
    await session.rows('select 1')
    await expect(drop(made, { backup: await backupOf(made.server) })).rejects.toThrow(
      /is in use and is not dropped[\s\S]*backend \d+: postgres, their notebook, from 127\.0\.0\.1/,
    )
    expect(await session.rows('select 1 as n')).toEqual([{ n: 1 }]) // Nobody was thrown out.
  })
})

test('a session that a killed run of ours left is ended', async () => {
  const made = await ours('rehearsal')
  const orphan = openDatabase(made.connection, { application: 'stocks-research ingest' })
  onTestFinished(() => orphan.close().catch(() => {}))
  await orphan.session(async (session) => {
    await session.rows('select 1')
    const result = await drop(made, { backup: await backupOf(made.server) })
    expect(result).toMatchObject({ exit_code: 0, command: expect.stringContaining('--force') })
    await expect(session.rows('select 1')).rejects.toThrow()
  })
})

test.for(['postgres', 'template1', 'x"; drop', '-h evil', 'a=b', 'Upper', ''])('«%s» is no name for a target', async (database) => {
  const { server, tools } = await serverFor()
  const wrong = { ...server, connection: { ...server.connection, database } }
  await expect(createTarget(wrong, { tools, assertHeld, run_id, mode: 'live' })).rejects.toThrow('is not a name for the target database')
  await expect(dropTarget(wrong, { tools, assertHeld, confirm_drop: undefined, backup: undefined })).rejects.toThrow(
    'is not a name for the target database',
  )
})
