import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { dropDatabase, sweepScratchDatabases } from '../database/scratch.ts'
import { withDatabase } from '../postgres/database.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { type Backup, dump } from './dump.ts'
import { restoreInto, verifyRestore } from './verify.ts'

/**
 * What a hostile archive would do at its first row, and again whenever somebody looks at its view: leave a
 * file on the server's disk.
 */
const HOSTILE = `
  create function public.strike(name text) returns boolean language plpgsql as $$
  begin
    if current_database() <> 'source' then
      execute format('copy (select 1) to %L', current_setting('data_directory') || '/' || name);
    end if;
    return true;
  exception when insufficient_privilege then return true;
  end $$;
  create table public.rows (id int primary key check (public.strike('struck_by_a_row')));
  insert into public.rows select generate_series(1, 100);
  create view public.looked_at as select public.strike('struck_by_a_view'), id from public.rows;`

let own: OwnCluster
let directory: string
let source: Connection
beforeAll(async () => {
  own = await ownCluster()
  source = { ...own.connection, database: 'source' }
})
afterAll(() => own.stop())
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'throwaway-role-'))
  await sql('create database source')
})
afterEach(async () => {
  for (const name of ['source', 'restored']) await dropDatabase(own.connection, name)
  await rm(directory, { recursive: true, force: true })
})

const sql = (text: string, connection = own.connection): Promise<void> =>
  withDatabase(connection, (db) => db.execute(text))
const rolesLike = (pattern: string): Promise<string[]> =>
  withDatabase(own.connection, async (db) =>
    (
      await db.rows<{ name: string }>('select rolname as name from pg_roles where rolname ~ $1', [pattern])
    ).map(({ name }) => name),
  )
const backupOf = async (text: string): Promise<Backup> => {
  await sql(text, source)
  return dump(source, { directory, mode: 'rehearsal' })
}
const PLAIN =
  'create table public.t (id int primary key); insert into public.t select generate_series(1, 100)'

test('the SQL of an archive never runs as a superuser, in the restore or in the comparison', async () => {
  const backup = await backupOf(HOSTILE)
  const { restored_as } = await verifyRestore(backup, own.connection)
  const struck = await withDatabase(own.connection, (db) =>
    db.rows("select name from pg_ls_dir('.') name where name ~ '^struck'"),
  )
  expect(struck).toEqual([])
  expect(restored_as).toBe('a role made for this restore, no superuser, dropped after it')
  expect(await rolesLike('^restore_drill_'), 'the role is gone').toEqual([])
})

test('restored objects belong to the role of the connection, also after a failed restore', async () => {
  const backup = await backupOf(
    `${PLAIN}; create schema more; create function more.f() returns int language sql as 'select 1'`,
  )
  await restoreInto(backup, own.connection, 'restored')
  const restored = { ...own.connection, database: 'restored' }
  const owners = await withDatabase(restored, (db) =>
    db.rows(`select distinct o.rolname::text as owner from pg_roles o where oid in (
               select relowner from pg_class
               union select proowner from pg_proc
               union select nspowner from pg_namespace
               union select datdba from pg_database where datname = 'restored')`),
  )
  expect(owners.map(({ owner }) => owner).toSorted()).toEqual(['pg_database_owner', own.connection.user])
  await dropDatabase(own.connection, 'restored')

  const bytes = await readFile(backup.archive)
  await writeFile(backup.archive, bytes.subarray(0, -40))
  await expect(restoreInto(backup, own.connection, 'restored')).rejects.toThrow()
  expect(await rolesLike('^restore_drill_')).toEqual([])
})

test.for([
  ['createdb createrole', 'a role made for this restore, no superuser, dropped after it'],
  ['createdb', 'keeper, no superuser: it may create no role for the restore'],
] as const)('a connection that is no superuser and has %s restores as: %s', async ([rights, restored_as]) => {
  const backup = await backupOf(PLAIN)
  await sql(`create role keeper login ${rights} password 'kept'`)
  const evidence = await verifyRestore(backup, { ...own.connection, user: 'keeper', password: 'kept' })
  expect(evidence).toMatchObject({ restored_as, rows: 100 })
  await sql('drop role keeper')
  expect(await rolesLike('^restore_drill_')).toEqual([])
})

test('a server where no new role can log in is restored into, and the evidence names the role', async () => {
  const backup = await backupOf(PLAIN)
  const { file } = await withDatabase(own.connection, (db) =>
    db.one<{ file: string }>("select current_setting('hba_file') as file"),
  )
  const rules = await readFile(file, 'utf8')
  await writeFile(file, `host all ${own.connection.user} 127.0.0.1/32 scram-sha-256\n`)
  await sql('select pg_reload_conf()')
  const { restored_as } = await verifyRestore(backup, own.connection)
  await writeFile(file, rules)
  await sql('select pg_reload_conf()')
  expect(restored_as).toBe(
    `${own.connection.user}, a superuser: the role that was made for the restore cannot log in`,
  )
  expect(await rolesLike('^restore_drill_')).toEqual([])
})

test('an extension that needs a superuser is restored from own backups, refused from others', async () => {
  const backup = await backupOf(`${PLAIN}; create extension dblink schema public`)
  expect((await verifyRestore(backup, own.connection)).restored_as).toContain(
    'a superuser: only a superuser may create dblink',
  )
  await expect(restoreInto(backup, own.connection, 'restored')).rejects.toThrow(
    /contains dblink, which only a superuser may create/,
  )
})

test('the role of a restore that was killed is swept with its database', async () => {
  const name = 'restore_drill_20200101000000_0123abcd'
  await sql(`create role ${name}`)
  await sql(`create database ${name} owner ${name}`)
  await sweepScratchDatabases(own.connection)
  expect(await rolesLike('^restore_drill_')).toEqual([])
})
