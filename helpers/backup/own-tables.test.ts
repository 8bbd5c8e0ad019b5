import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { driftOf } from '../database/drift.ts'
import { fingerprintOf } from '../database/fingerprint.ts'
import { migrate } from '../database/migrate.ts'
import { createRoles, ROLES, roleName } from '../database/roles.ts'
import { createEmptyDatabase, dropDatabase, localeOf } from '../database/scratch.ts'
import { withDatabase } from '../postgres/database.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { dump } from './dump.ts'
import { dumpOwnTables, type OwnDump, pendingOwnDumps, restoreOwnTables } from './own-tables.ts'
import { verifyArchive, verifyFile, verifyRestore } from './verify.ts'

const HUGE_NAME = `${'"Ünï;--\n'.repeat(5)}x`
/** What a user may make, and the worst of it: names, views that fail, functions with side effects. */
const HOSTILE = `
  create table research.signals (source_id text primary key, score numeric not null);
  insert into research.signals select 's' || n, n / 7.0 from generate_series(1, 500) n;
  create table research.${quoteIdentifier(HUGE_NAME)} ("a;b" text, n int generated always as identity);
  insert into research.${quoteIdentifier(HUGE_NAME)} ("a;b") values (E'tab\\tand \\\\.'), (null);
  create view research.closes_v as
    select p.security_id, count(*) as n from stocks_research.prices_daily p group by 1;
  create view research.fails_v as select 1 / (count(*) - 1) as n from research.signals where source_id = 's1';
  create function research.who() returns text language plpgsql as $$
    begin
      insert into research.called values (current_user);
      return current_user;
    end $$;
  create table research.called (who text);
  create view research.calls_v as select research.who() as who;
  create table research.guarded (a text check (research.guard(a)));
  insert into research.guarded values ('x');
  create materialized view research.kept as select count(*) as n from research.signals;
  comment on table research.signals is 'mine';
  create index on research.signals (score)`
const GUARD = `
  create function research.guard(a text) returns boolean language plpgsql as $$
    begin
      if (select rolsuper from pg_roles where rolname = current_user) and a = 'x' then
        execute 'create table if not exists public.taken_over (a int)';
      end if;
      return true;
    end $$;`

const PASSWORDS = { admin: 'a', owner: 'o', ingest: 'i', reader: 'r', analyst: 'n' }
const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')

let directory: string
let scratch: Scratch
let connection: Connection
let server: Connection
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'own-tables-'))
  scratch = await scratchDatabase({ migrated: true })
  connection = scratch.connection
  server = inject('testServer')
  await scratch.db.close()
  await createRoles(connection, PASSWORDS)
})
afterAll(async () => {
  await dropDatabase(server, connection.database)
  for (const kind of ROLES)
    await withDatabase(server, (db) => db.execute(`drop role ${roleName(connection.database, kind)}`))
  await rm(directory, { recursive: true, force: true })
})

const analyst = (): Connection => ({
  ...connection,
  user: roleName(connection.database, 'analyst'),
  password: PASSWORDS.analyst,
})
const asAnalyst = (sql: string): Promise<void> => withDatabase(analyst(), (db) => db.execute(sql))

/** What the checklist does between the dump and the restore: another database under this name. */
async function rebuild(): Promise<void> {
  await dropDatabase(server, connection.database)
  await createEmptyDatabase(server, connection.database, await localeOf(server))
  await migrate(connection, MIGRATIONS)
  await createRoles(connection, PASSWORDS)
}

const contentHash = async (): Promise<string> =>
  (await fingerprintOf(connection, { scope: 'content', views: 'none' })).content_sha256

test('nothing is dumped of an empty schema', async () => {
  expect(await dumpOwnTables(connection, directory)).toBeNull()
  expect(await restoreOwnTables(connection, directory)).toEqual([])
})

test('an analyst makes no drift and no other content hash, and a backup passes its levels', async () => {
  const before = await contentHash()
  await asAnalyst(GUARD + HOSTILE)
  expect((await driftOf(connection, MIGRATIONS)).objects).toEqual([])
  expect(await contentHash()).toBe(before)
  const backup = await dump(connection, { directory: join(directory, 'full'), mode: 'rehearsal' })
  expect(backup.manifest.fingerprint.tables['research.signals']?.rows).toBe(500)
  await verifyFile(backup)
  await verifyArchive(backup)
  expect(await verifyRestore(backup, server)).toMatchObject({ level: 3 })
  // The views of a user were not read, and no function of a user was called.
  expect(await withDatabase(connection, (db) => db.rows('select * from research.called'))).toEqual([])
})

test('it survives the drop: all of it is back, and belongs to the analyst', async () => {
  const before = await fingerprintOf(connection, { scope: 'own' })
  const dumped = await dumpOwnTables(connection, directory)
  expect(dumped).toMatchObject({ tables: 5, rows: 504 })
  await rebuild()
  expect(await pendingOwnDumps(connection, directory)).toHaveLength(1)
  const [restored] = await restoreOwnTables(connection, directory)
  expect(restored).toMatchObject({ archive: dumped?.archive, tables: 5, rows: 504, not_kept: [] })
  expect(await fingerprintOf(connection, { scope: 'own' })).toEqual(before)
  await asAnalyst(`insert into research.signals values ('new', 1); drop view research.closes_v`)
  expect(
    await withDatabase(connection, (db) => db.rows("select to_regclass('public.taken_over') as name")),
  ).toEqual([{ name: null }])
  expect(await pendingOwnDumps(connection, directory)).toEqual([])
  expect(await restoreOwnTables(connection, directory)).toEqual([])
})

test('what the new database cannot have is named, and all else is kept', async () => {
  await withDatabase(connection, (db) =>
    db.execute(`
      create table stocks_research.elsewhere (id int primary key);
      insert into stocks_research.elsewhere values (1);
      create table research.refers (id int references stocks_research.elsewhere);
      insert into research.refers values (1);
      create view research.reads_v as select id from stocks_research.elsewhere;
      alter table stocks_research.elsewhere owner to current_user`),
  )
  const dumped = await dumpOwnTables(connection, directory)
  await rebuild()
  const [restored] = await restoreOwnTables(connection, directory)
  const text = restored?.not_kept.join('\n') ?? ''
  expect(text).toMatch(/view research\.reads_v/)
  expect(text).toMatch(/constraint research\.refers\.refers_id_fkey/)
  expect(text).toMatch(/ERROR: +relation "stocks_research\.elsewhere" does not exist/)
  expect(text).not.toMatch(/signals|table research\.refers/)
  expect(
    await withDatabase(connection, (db) =>
      db.rows('select (select count(*)::int from research.signals) as signals, id from research.refers'),
    ),
  ).toEqual([{ signals: 501, id: 1 }])
  const description = JSON.parse(await readFile(`${dumped?.archive}.json`, 'utf8')) as OwnDump
  expect(description).toMatchObject({ not_kept: restored?.not_kept, restored_at: expect.any(String) })
})

test('a restore that fails says where the dump is, and leaves it pending', async () => {
  const dumped = await dumpOwnTables(connection, directory)
  const archive = dumped?.archive ?? ''
  const bytes = await readFile(archive)
  await writeFile(archive, bytes.subarray(0, 100))
  await rebuild()
  await expect(restoreOwnTables(connection, directory)).rejects.toThrow(
    new RegExp(`was not restored from ${archive}: the file has changed.*the file is kept`, 's'),
  )
  expect(await pendingOwnDumps(connection, directory)).toHaveLength(1)
  await writeFile(archive, bytes)
  expect(await restoreOwnTables(connection, directory)).toMatchObject([{ archive, not_kept: [] }])
})

test('a role that may create databases and no roles dumps and restores its own', async () => {
  const user = `plain_${connection.database.slice(-12)}`
  const database = `${connection.database}_p`
  await withDatabase(server, (db) => db.execute(`create role ${user} login createdb password 'plain'`))
  const plain = { ...server, user, password: 'plain' }
  const own = { ...plain, database }
  try {
    for (const round of ['before the drop', 'after it']) {
      await createEmptyDatabase(plain, database, await localeOf(server))
      await migrate(own, MIGRATIONS)
      if (round === 'before the drop') {
        await withDatabase(own, (db) => db.execute('create table research.mine as select 1 as a'))
        expect(await dumpOwnTables(own, directory)).toMatchObject({ rows: 1 })
        await dropDatabase(plain, database)
      }
    }
    expect(await restoreOwnTables(own, directory)).toMatchObject([
      { not_kept: [], restored_as: expect.stringContaining('may create no role') },
    ])
  } finally {
    await dropDatabase(server, database)
    await withDatabase(server, (db) => db.execute(`drop role ${user}`))
  }
})
