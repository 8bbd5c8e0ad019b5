import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { childEnvironment, ROOT_DIRECTORY } from '../config.ts'
import { type Connection, type Database, withDatabase } from '../database.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { createRoles, ROLES, type RoleKind } from './roles.ts'

const PASSWORDS = { admin: 'a canary', owner: 'ö wner', ingest: 'ing:est', reader: "read'er" }

let scratch: Scratch
let names: Readonly<Record<RoleKind, string>>
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await createRoles(scratch.connection, PASSWORDS)
  names = await createRoles(scratch.connection, PASSWORDS)
})
afterAll(async () => {
  const { database, user } = scratch.connection
  await scratch.db.execute(`alter database ${database} owner to ${user}`)
  for (const kind of ROLES)
    await scratch.db.execute(`reassign owned by ${names[kind]} to ${user}; drop owned by ${names[kind]}; drop role ${names[kind]}`)
  await scratch.drop()
})

const as = (kind: RoleKind): Connection => ({ ...scratch.connection, user: names[kind], password: PASSWORDS[kind] })
const run = <T>(kind: RoleKind, work: (db: Database) => Promise<T>): Promise<T> => withDatabase(as(kind), work)
const SECURITY = "insert into stocks_research.securities (security_id, source_id, ticker) values (1, 'a', 'A')"
const BAR = "insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-01-02', 1)"

test('each role logs in with its password, is no superuser, and stays one role however often the command runs', async () => {
  for (const kind of ROLES) {
    const role = await run(kind, (db) =>
      db.one('select rolsuper, rolcreaterole, rolbypassrls, rolcreatedb from pg_roles where rolname = current_user'),
    )
    expect(role).toEqual({ rolsuper: false, rolcreaterole: false, rolbypassrls: false, rolcreatedb: kind === 'admin' })
  }
  await expect(withDatabase({ ...as('reader'), password: 'wrong' }, (db) => db.rows('select 1'))).rejects.toMatchObject({
    sqlstate: '28P01',
  })
})

test('ingest brings rows in and corrects them, and its changes are written down', async () => {
  await run('ingest', async (db) => {
    await db.execute(`${SECURITY}; ${BAR}`)
    await db.execute('update stocks_research.prices_daily set close = 2')
    await db.execute('create temporary table staged (a int)')
    await db.execute('delete from stocks_research.adjustment_factors')
    await db.execute("select ingestion.record_unseen_change('stocks_research.prices_daily', '{}')")
  })
  const changes = await scratch.db.rows('select database_user from ingestion.table_changes where database_user = $1', [names.ingest])
  expect(changes.length).toBeGreaterThan(2)
})

// Each of them would destroy what a source said, or hide who did it.
test.each([
  ['ingest', 'delete from stocks_research.prices_daily'],
  ['ingest', 'truncate stocks_research.prices_daily'],
  ['ingest', 'drop table stocks_research.prices_daily'],
  ['ingest', 'alter table stocks_research.prices_daily disable trigger all'],
  ['ingest', 'set session_replication_role = replica'],
  ['ingest', 'delete from ingestion.table_changes'],
  ['ingest', "insert into ingestion.table_changes (table_name, operation) values ('x', 'INSERT')"],
  ['ingest', 'create table stocks_research.mine (a int)'],
  ['ingest', 'create table public.mine (a int)'],
  ['reader', SECURITY],
  ['reader', "select ingestion.record_unseen_change('stocks_research.prices_daily', '{}')"],
  ['reader', 'update stocks_research.prices_daily set close = 1'],
  ['reader', 'create temporary table t (a int)'],
  ['owner', 'create database another'],
  ['owner', 'create role another'],
  ['admin', 'create role another'],
  ['admin', 'select count(*) from stocks_research.prices_daily'],
] as const)('%s may not: %s', async (kind, sql) => {
  await expect(run(kind, (db) => db.execute(sql))).rejects.toMatchObject({ sqlstate: '42501' })
})

test('the reader sees tables and views, and what the owner makes later; the owner changes the schema', async () => {
  await run('owner', (db) => db.execute('create table stocks_research.later (a int); alter table stocks_research.later add column b int'))
  const { rows } = await run('reader', (db) => db.one<{ rows: number }>('select count(*)::int as rows from stocks_research.later'))
  expect(rows).toBe(0)
  await run('reader', (db) => db.rows('select * from stocks_research.prices_daily_adjusted_v'))
  await run('owner', (db) => db.execute('drop table stocks_research.later'))
})

test('the admin creates and drops databases', async () => {
  const maintenance = { ...as('admin'), database: inject('testServer').database }
  const name = `${scratch.connection.database}_made`
  await withDatabase(maintenance, async (db) => {
    await db.execute(`create database ${name}`)
    await db.execute(`drop database ${name}`)
  })
})

test('the command names every password that is missing, and shows none', async () => {
  const { host, port, user, password, database } = scratch.connection
  const command = (env: Record<string, string>) =>
    execa(process.execPath, [join(ROOT_DIRECTORY, 'helpers/postgres/cli.ts'), 'roles'], {
      env: {
        ...childEnvironment(),
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password ?? '',
        PGDATABASE: database,
        ...env,
      },
      extendEnv: false,
      reject: false,
      all: true,
    })
  const missing = await command({ ROLE_ADMIN_PASSWORD: 'x' })
  expect(missing.exitCode).toBe(1)
  for (const kind of ['OWNER', 'INGEST', 'READER']) expect(missing.all).toContain(`ROLE_${kind}_PASSWORD`)
  const all = Object.fromEntries(ROLES.map((kind) => [`ROLE_${kind.toUpperCase()}_PASSWORD`, PASSWORDS[kind]]))
  const done = await command(all)
  expect([done.exitCode, done.all]).toEqual([0, expect.stringContaining(names.ingest)])
  for (const secret of Object.values(PASSWORDS)) expect(done.all).not.toContain(secret)
})
