import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { childEnvironment } from '../config/children.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { messageOf, PreconditionError } from '../core/errors.ts'
import { redact } from '../core/redact.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { driftOf } from './drift.ts'
import { leastPrivilege, privilegeFaults, REFUSED } from './least-privilege.ts'
import { migrate } from './migrate.ts'
import { connectionOf, createReader, createRoles, ROLES, type RoleKind, renewRights } from './roles.ts'

const PASSWORDS = {
  admin: 'a canary',
  owner: 'ö wner',
  ingest: 'ing:est',
  reader: "read'er",
  analyst: 'ana lyst',
}

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
    await scratch.db.execute(
      `reassign owned by ${names[kind]} to ${user}; drop owned by ${names[kind]}; drop role ${names[kind]}`,
    )
  await scratch.drop()
})

const as = (kind: RoleKind): Connection => ({
  ...scratch.connection,
  user: names[kind],
  password: PASSWORDS[kind],
})
const run = <T>(kind: RoleKind, work: (db: Database) => Promise<T>): Promise<T> =>
  withDatabase(as(kind), work)
const SECURITY =
  "insert into stocks_research.securities (security_id, source_id, ticker) values (1, 'a', 'A')"
const BAR =
  "insert into stocks_research.prices_daily (security_id, trade_date, close) values (1, '2020-01-02', 1)"

test('each role logs in with its password, is not a superuser, and is created once', async () => {
  for (const kind of ROLES) {
    const role = await run(kind, (db) =>
      db.one(
        `select rolsuper, rolcreaterole, rolbypassrls, rolcreatedb
           from pg_roles where rolname = current_user`,
      ),
    )
    expect(role).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolbypassrls: false,
      rolcreatedb: kind === 'admin',
    })
  }
  await expect(
    withDatabase({ ...as('reader'), password: 'wrong' }, (db) => db.rows('select 1')),
  ).rejects.toMatchObject({
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
  const changes = await scratch.db.rows(
    'select database_user from ingestion.table_changes where database_user = $1',
    [names.ingest],
  )
  expect(changes.length).toBeGreaterThan(2)
})

test.each([...REFUSED, ['owner', 'create database another'] as const])(
  '%s may not: %s',
  async (kind, sql) => {
    await expect(run(kind, (db) => db.execute(sql))).rejects.toMatchObject({ sqlstate: '42501' })
  },
)

test('one call tests all rights of each role, and names a right that is missing or excessive', async () => {
  expect(await privilegeFaults(scratch.connection)).toEqual([])
  await scratch.db.execute(
    `grant delete on stocks_research.prices_daily to ${names.ingest};
     revoke select on ingestion.runs from ${names.reader};
     alter role ${names.owner} createrole`,
  )
  expect((await privilegeFaults(scratch.connection)).map(({ role, statement }) => [role, statement])).toEqual(
    [
      [names.owner, 'create role'],
      [names.owner, 'create role another'],
      [names.ingest, 'delete from stocks_research.prices_daily'],
      [names.reader, 'select count(*) from ingestion.runs'],
    ],
  )
  await scratch.db.execute(`revoke delete on stocks_research.prices_daily from ${names.ingest}`)
  await createRoles(scratch.connection, PASSWORDS)
  expect(await privilegeFaults(scratch.connection)).toEqual([])
})

test('statistics that ingest gathers are gathered, though it owns no table', async () => {
  const at = () =>
    scratch.db.rows(
      `select last_analyze from pg_stat_user_tables
        where relname = 'ticker_history' and last_analyze is not null`,
    )
  expect(await at()).toEqual([])
  await run('ingest', (db) => db.rows("select ingestion.analyze_table('stocks_research.ticker_history')"))
  await expect.poll(at).toHaveLength(1)
  await expect(
    run('ingest', (db) => db.rows("select ingestion.analyze_table('ingestion.runs')")),
  ).rejects.toThrow(/not a table of stocks_research/)
})

test.each(ROLES)('the schema cannot be compared as %s; the refusal names the role that can', async (kind) => {
  const compared = driftOf(as(kind), join(ROOT_DIRECTORY, 'migrations'))
  await expect(compared).rejects.toThrow(PreconditionError)
  await expect(compared).rejects.toThrow(
    /may not compare the schema .*permission denied.*This needs a role that may create a database/s,
  )
})

test.for([
  ['postgres', {}, 'in a scratch database, since their passwords are not given'],
  ['postgres', PASSWORDS, 'where they are used from now on'],
  ['plain', PASSWORDS, 'may not create roles, and is not a superuser'],
] as const)('least privilege is asked as %s, given %j: %s', async ([user, given, where]) => {
  const own = await scratchDatabase({ migrated: true })
  const maintenance = inject('testServer')
  const name = `plain_${own.connection.database}`
  await own.db.execute(`create role ${name} login createdb password 'plain'`)
  const as = user === 'plain' ? { user: name, password: 'plain' } : {}
  const server = { connection: { ...own.connection, ...as }, maintenance: { ...maintenance, ...as } }
  const { asked, faults, statements_refused } = await leastPrivilege(
    server,
    given,
    join(ROOT_DIRECTORY, 'migrations'),
  )
  expect([asked, faults, statements_refused > 0]).toEqual([
    expect.stringContaining(where),
    [],
    user !== 'plain',
  ])
  await own.drop()
  const left = await scratch.db.rows<{ name: string }>(
    "select rolname as name from pg_roles where rolname ~ $1 or rolname ~ '^restore_drill'",
    [own.connection.database],
  )
  for (const role of left) await scratch.db.execute(`drop role ${role.name}`)
  expect(left.length, 'the roles of a scratch database go with it').toBe(
    'admin' in given && user !== 'plain' ? 6 : 1,
  )
})

test('a role that is given is used, and one that is not there is not', async () => {
  expect(await connectionOf(scratch.connection, 'ingest', PASSWORDS)).toEqual(as('ingest'))
  expect(await connectionOf(scratch.connection, 'ingest', {})).toBe(scratch.connection)
  const elsewhere = { ...scratch.connection, database: 'postgres' }
  expect(await connectionOf(elsewhere, 'ingest', PASSWORDS)).toBe(elsewhere)
})

test('a connection without superuser creates the roles, repeatedly; no error shows a password', async () => {
  const keeper = `keeper_${scratch.connection.database}`
  const other = {
    ...inject('testServer'),
    user: keeper,
    password: 'kept by me',
    database: `${scratch.connection.database}_k`,
  }
  await scratch.db.execute(`create role ${keeper} login createdb createrole password 'kept by me'`)
  await withDatabase({ ...other, database: 'postgres' }, (db) =>
    db.execute(`create database ${other.database}`),
  )
  await migrate(other, join(ROOT_DIRECTORY, 'migrations'))
  const made = await createRoles(other, PASSWORDS)
  await createRoles(other, PASSWORDS)
  expect(await privilegeFaults(other)).toEqual([])
  await scratch.db.execute(`alter role ${made.reader} superuser`)
  const failed = await createRoles(other, PASSWORDS).then(() => '', messageOf)
  expect(failed).toContain('superuser')
  expect(redact(failed)).not.toContain('SCRAM-SHA-256$')
  await scratch.db.execute(`drop database ${other.database} with (force)`)
  for (const role of [...Object.values(made), keeper]) await scratch.db.execute(`drop role ${role}`)
})

test('the reader reads all tables and views, also later ones; the owner changes the schema', async () => {
  await run('owner', (db) =>
    db.execute(
      'create table stocks_research.later (a int); alter table stocks_research.later add column b int',
    ),
  )
  const { rows } = await run('reader', (db) =>
    db.one<{ rows: number }>('select count(*)::int as rows from stocks_research.later'),
  )
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
    execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest/commands/database.ts'), 'roles'], {
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
  expect(missing.exitCode, 'wrong use').toBe(2)
  for (const kind of ['OWNER', 'INGEST', 'READER']) expect(missing.all).toContain(`ROLE_${kind}_PASSWORD`)
  const all = Object.fromEntries(
    ROLES.map((kind) => [`ROLE_${kind.toUpperCase()}_PASSWORD`, PASSWORDS[kind]]),
  )
  const done = await command(all)
  expect([done.exitCode, done.all]).toEqual([0, expect.stringContaining(names.ingest)])
  for (const secret of Object.values(PASSWORDS)) expect(done.all).not.toContain(secret)
})

test('a reader alone is created without other roles, reads everything, and changes no owner', async () => {
  const own = await scratchDatabase({ migrated: true })
  onTestFinished(() => own.drop())
  const ownerOf = (): Promise<Record<string, unknown>> =>
    own.db.one('select datdba from pg_database where datname = current_database()')
  const owner = await ownerOf()
  await createReader(own.connection, 'first')
  const user = await createReader(own.connection, "sec'ond")
  onTestFinished(() => own.db.execute(`drop owned by ${user}; drop role ${user}`))
  await own.db.execute(`${SECURITY}; create table research.study (a integer)`)
  const reader = { ...own.connection, user, password: "sec'ond" }
  const read = await withDatabase(reader, (db) =>
    db.rows(
      `select (select count(*)::integer from stocks_research.securities) as securities,
         (select count(*)::integer from ingestion.runs) as runs,
         (select count(*)::integer from research.study) as studies`,
    ),
  )
  expect(read).toEqual([{ securities: 1, runs: 0, studies: 0 }])
  for (const statement of [BAR, 'delete from ingestion.runs', 'create table research.mine (a integer)'])
    await expect(withDatabase(reader, (db) => db.execute(statement))).rejects.toThrow(/permission denied/)
  expect(await ownerOf()).toEqual(owner)
  expect(await renewRights(own.connection), 'after an upgrade').toBeNull()
})
