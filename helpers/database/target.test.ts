import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { withDatabase } from '../postgres/database.ts'
import type { Server } from '../postgres/server.ts'
import { quoteIdentifier } from '../postgres/sql.ts'
import {
  assertHeld,
  backupOf,
  drop,
  foreign,
  isThere,
  ours,
  run_id,
  serverFor,
  traces,
} from '../testing/targets.ts'
import { dropPolicy, inspectTarget, requireRebuild, type Target } from './target.ts'
import { createTarget, markDatabase } from './target-database.ts'

test('an absent target may be made, and there is nothing to drop', async () => {
  const made = await serverFor()
  const target = await inspectTarget(made.server)
  expect(target).toMatchObject({ state: 'absent', database: made.connection.database })
  expect(dropPolicy(target, undefined)).toMatchObject({ needs_backup: false })
  expect(await drop(made)).toBeNull()
})

test('a new target is empty, UTF8 in byte order, marked as ours, and dropped without a backup', async () => {
  const made = await serverFor()
  const result = await createTarget(made.server, { tools: made.tools, assertHeld, run_id, mode: 'rehearsal' })
  expect(result).toMatchObject({ exit_code: 0 })
  expect(result.command).toBe(
    'createdb --maintenance-db=postgres --template=template0 --encoding=UTF8 --locale=C -- ' +
      made.connection.database,
  )
  const facts = await withDatabase(made.connection, (db) =>
    db.one<{ encoding: string; collation: string; comment: string }>(
      `select pg_encoding_to_char(encoding) as encoding, datcollate as collation,
              shobj_description(oid, 'pg_database') as comment
         from pg_database where datname = current_database()`,
    ),
  )
  expect(facts).toMatchObject({ encoding: 'UTF8', collation: 'C' })
  const { system_identifier } = await made.server.describe()
  expect(JSON.parse(facts.comment)).toMatchObject({
    product: 'stocks-research',
    mode: 'rehearsal',
    run_id,
    system_identifier,
  })
  expect(await inspectTarget(made.server)).toMatchObject({ state: 'empty', tables: [] })
  expect(await drop(made)).toMatchObject({ exit_code: 0 })
  expect(await isThere(made.connection)).toBe(false)
})

test('a populated foreign database is refused and unchanged; the message names the choices', async () => {
  const made = await foreign()
  const before = await traces(made.connection)
  const target = await inspectTarget(made.server)
  expect(target).toMatchObject({
    state: 'foreign',
    tables: [{ table: 'Their Shop.Orders; drop', rows_count: 7 }],
  })
  const { database, host, port } = made.connection
  const error = await drop(made, {
    confirm_drop: `${database}@localhost`,
    backup: await backupOf(made.server),
  }).catch((thrown: Error) => thrown)
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

test.for(['a function', 'a schema', 'a type', 'a large object'])(
  'a database that holds nothing but %s is not empty',
  async (what) => {
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
    await expect(drop(made)).rejects.toThrow('objects that are not tables')
  },
)

test('a database that does not let us in is not described', async () => {
  const made = await serverFor()
  const name = quoteIdentifier(made.connection.database)
  await withDatabase(made.server.maintenance, async (db) => {
    await db.execute(`create database ${name} template template0`)
    await db.execute(`alter database ${name} with allow_connections false`)
  })
  await expect(drop(made)).rejects.toThrow(
    /cannot be read, so its content is unknown: .*not currently accepting connections/,
  )
  await expect(drop(made)).rejects.not.toThrow('no tables')
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

test.for(['live', 'replay'] as const)(
  'a database of ours made in %s mode needs the typed confirmation too',
  async (mode) => {
    const made = await ours(mode)
    const backup = await backupOf(made.server)
    const typed = `${made.connection.database}@localhost`
    await expect(drop(made, { backup })).rejects.toThrow(
      `it was made in ${mode} mode. Nothing was touched. To drop it, after a verified backup, which is ` +
        `made first:\n  BOOTSTRAP_CONFIRM_DROP=${typed}`,
    )
    for (const wrong of [
      'yes',
      made.connection.database,
      `${made.connection.database}@elsewhere`,
      `stocks_research@localhost`,
    ])
      await expect(drop(made, { backup, confirm_drop: wrong })).rejects.toMatchObject({
        name: 'RefusedError',
      })
    await expect(drop(made, { confirm_drop: typed })).rejects.toThrow('dropped only after a verified backup')
    expect(await isThere(made.connection)).toBe(true)
    expect(await drop(made, { backup, confirm_drop: typed })).toMatchObject({ exit_code: 0 })
  },
)

test('a rehearsal that was edited by hand is kept, and table and count are named', async () => {
  const made = await ours('rehearsal')
  await withDatabase(made.connection, (db) =>
    db.execute(
      `update stocks_research.securities set name = 'by hand';
       update stocks_research.securities set name = 'again'`,
    ),
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

test('a change under a run id that no run has counts as an edit by hand', async () => {
  const made = await ours('rehearsal')
  await withDatabase(made.connection, (db) =>
    db.execute(`set stocks_research.run_id = '${randomUUID()}'; delete from stocks_research.securities`),
  )
  expect(await inspectTarget(made.server)).toMatchObject({
    manual_edits: [{ operation: 'DELETE', statements_count: 1 }],
  })
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

test('a loaded target is not dropped by a run that would not load it again', () => {
  const loaded = (rows_count: number): Target => ({
    state: 'ours',
    database: 'stocks_research',
    host: '127.0.0.1',
    port: 5432,
    is_template: false,
    mode: 'rehearsal',
    mark: null,
    manual_edits: [],
    tables: [{ table: 'stocks_research.securities', rows_count }],
  })
  const later = ['02-schema-build', '03-safety-backup']
  expect(() => requireRebuild(loaded(450), later, undefined)).toThrow(
    /^This run leaves out 02-schema-build and 1 more: it would drop stocks_research at .* \(450 rows\)/,
  )
  expect(() => requireRebuild(loaded(450), later, 'another@localhost')).toThrow('npx vitest run phases')
  for (const [target, left_out, confirmed] of [
    [loaded(450), [], undefined],
    [loaded(0), later, undefined],
    [loaded(450), later, 'stocks_research@localhost'],
  ] as const)
    expect(() => requireRebuild(target, left_out, confirmed)).not.toThrow()
})

test('a mark made on another server does not count', async () => {
  const made = await ours('rehearsal')
  const elsewhere: Server = {
    ...made.server,
    describe: async () => ({ version: '15.0', version_number: 150_000, system_identifier: '42' }),
  }
  expect(await inspectTarget(elsewhere)).toMatchObject({ state: 'foreign' })
})

test('a run killed before its migrations leaves a target that the next run may replace', async () => {
  const made = await serverFor()
  await createTarget(made.server, { tools: made.tools, assertHeld, run_id, mode: 'live' })
  await withDatabase(made.server.maintenance, (db) =>
    db.execute(`comment on database ${quoteIdentifier(made.connection.database)} is null`),
  ) // Killed even before the mark.
  expect(dropPolicy(await inspectTarget(made.server), undefined)).toEqual({
    needs_backup: false,
    because: 'it is empty',
  })
})
