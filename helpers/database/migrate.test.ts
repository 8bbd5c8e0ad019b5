import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import type { Database } from '../postgres/database.ts'
import { scratchDatabase } from '../testing/scratch.ts'
import { migrate } from './migrate.ts'
import { readMigrations } from './migration-files.ts'

const ONE = 'create table public.one (n integer);\n'
const TWO = 'create table public.two (n integer);\n'

/** A folder of migrations and an empty database to apply them to. */
async function setUp(
  files: Record<string, string>,
): Promise<{ directory: string; connection: Connection; db: Database }> {
  const directory = await mkdtemp(join(tmpdir(), 'migrations-'))
  const { connection, db, drop } = await scratchDatabase()
  onTestFinished(async () => {
    await drop()
    await rm(directory, { recursive: true })
  })
  for (const [name, sql] of Object.entries(files)) await writeFile(join(directory, name), sql)
  return { directory, connection, db }
}

const tablesOf = async (db: Database): Promise<unknown[]> =>
  (
    await db.rows(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    )
  ).map(({ relname }) => relname)

test('pending migrations are applied in order and recorded with hash and run, once', async () => {
  const { directory, connection, db } = await setUp({
    '001-one.sql': ONE,
    '002-two.sql': 'insert into public.one values (1);\n',
  })
  const run_id = '00000000-0000-4000-8000-000000000001'
  const first = await migrate(connection, directory, { run_id })
  expect(first).toMatchObject({
    applied: ['001-one.sql', '002-two.sql'],
    present: [],
    head: { name: '002-two.sql' },
  })
  const recorded = await db.rows('select name, sha256, run_id from ingestion.migrations order by name')
  expect(recorded).toEqual(
    (await readMigrations(directory)).map(({ name, sha256 }) => ({ name, sha256, run_id })),
  )
  const second = await migrate(db, directory)
  expect(second).toMatchObject({ applied: [], present: ['001-one.sql', '002-two.sql'], head: first.head })
  expect(await db.rows('select * from public.one')).toEqual([{ n: 1 }])
})

test('the ledger of migrations has a comment on its table and on each of its columns', async () => {
  const { directory, connection, db } = await setUp({})
  await migrate(connection, directory)
  const bare = await db.rows(
    `select attname from pg_attribute
      where attrelid = 'ingestion.migrations'::regclass and attnum >= 0
        and col_description(attrelid, attnum) is null`,
  )
  expect(bare).toEqual([])
  expect(
    await db.one("select obj_description('ingestion.migrations'::regclass) is not null as has_comment"),
  ).toEqual({ has_comment: true })
})

test('an edited migration is refused with both hashes, and nothing pending is applied', async () => {
  const { directory, connection, db } = await setUp({ '001-one.sql': ONE })
  const before = (await migrate(connection, directory)).head?.sha256
  await writeFile(join(directory, '001-one.sql'), `${ONE}-- harmless?\n`)
  await writeFile(join(directory, '002-two.sql'), TWO)
  const after = (await readMigrations(directory))[0]?.sha256
  const error = await migrate(connection, directory).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'RefusedError' })
  expect(String(error)).toContain(
    `001-one.sql was edited after it was applied\n      applied ${before}\n      found   ${after}`,
  )
  expect(await tablesOf(db)).toEqual(['one'])
})

test('a removed migration is refused, also when it was the last one', async () => {
  const { directory, connection } = await setUp({ '001-one.sql': ONE, '002-two.sql': TWO })
  const { head } = await migrate(connection, directory)
  await rm(join(directory, '002-two.sql'))
  await expect(migrate(connection, directory)).rejects.toThrow(
    `002-two.sql was applied and is now missing from the folder\n      applied ${head?.sha256}`,
  )
})

test('a migration inserted before an applied one is refused, and so are two that were swapped', async () => {
  const { directory, connection, db } = await setUp({ '001-one.sql': ONE, '003-two.sql': TWO })
  await migrate(connection, directory)
  await writeFile(join(directory, '002-late.sql'), 'create table public.late (n integer);\n')
  await expect(migrate(connection, directory)).rejects.toThrow(
    new RegExp(
      [
        '002-late\\.sql comes before 003-two\\.sql, which is applied already \\(reordered\\)',
        ' +applied [0-9a-f]{64} as 003-two\\.sql',
        ' +found {3}[0-9a-f]{64}',
      ].join('\n'),
    ),
  )
  await rm(join(directory, '002-late.sql'))
  await rename(join(directory, '001-one.sql'), join(directory, '004-one.sql'))
  await expect(migrate(connection, directory)).rejects.toThrow(
    /001-one\.sql was applied and is now named 004-one\.sql \(reordered or renamed\)/,
  )
  expect(await tablesOf(db)).toEqual(['one', 'two'])
})

test('a failed statement rolls back its file only, and the error shows file, line and SQL', async () => {
  const { directory, connection, db } = await setUp({
    '001-one.sql': ONE,
    '002-two.sql': `${TWO}-- "ünïcode" 🎯 before the fault\nselect 1;\nselect colum from public.two;\n`,
    '003-three.sql': 'create table public.three (n integer);\n',
  })
  const error = await migrate(connection, directory).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'MigrationError', file: '002-two.sql', line: 4, sqlstate: '42703' })
  expect(String(error)).toContain(
    '002-two.sql:4: column "colum" does not exist (SQLSTATE 42703)\n  4 | select colum from public.two;',
  )
  expect(await tablesOf(db)).toEqual(['one'])
  await writeFile(join(directory, '002-two.sql'), TWO) // It was never applied, so it may be repaired.
  expect((await migrate(connection, directory)).applied).toEqual(['002-two.sql', '003-three.sql'])
})

test('a fault that PostgreSQL gives no place for is placed at its statement', async () => {
  const { directory, connection } = await setUp({
    '001-one.sql': [
      'create table public.one (n integer unique);',
      '/* not; a; statement */',
      'insert into public.one values (1);',
      "do $$ begin perform 'a;b'; end $$;",
      '-- again',
      'insert into public.one',
      '  values (1);',
      '',
    ].join('\n'),
  })
  const error = await migrate(connection, directory).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ line: 6, sqlstate: '23505' })
  expect(String(error)).toContain('6 | insert into public.one')
  expect(String(error)).toContain('detail: Key (n)=(1) already exists.')
})

test('create index concurrently runs where it is marked, and fails where it is not', async () => {
  const index = 'create index concurrently one_by_n on public.one (n);\n'
  const { directory, connection, db } = await setUp({ '001-one.sql': ONE, '002-index.sql': index })
  await expect(migrate(connection, directory)).rejects.toThrow('cannot run inside a transaction block')
  await writeFile(join(directory, '002-index.sql'), `-- no-transaction\n${index}`)
  expect((await migrate(connection, directory)).applied).toEqual(['002-index.sql'])
  expect(
    await db.rows("select from pg_index where indexrelid = 'public.one_by_n'::regclass and indisvalid"),
  ).toHaveLength(1)
})

test('an INVALID index left by create index concurrently is named, and again at the next try', async () => {
  const { directory, connection, db } = await setUp({
    '001-one.sql': `${ONE}insert into public.one values (1), (1);\n`,
    '002-index.sql':
      '-- no-transaction\ncreate unique index concurrently if not exists one_by_n on public.one (n);\n',
  })
  const named =
    /left INVALID[\s\S]*public\.one_by_n on public\.one: drop index concurrently public\.one_by_n;/
  await expect(migrate(connection, directory)).rejects.toThrow(named)
  // "if not exists" alone would call this a success.
  await expect(migrate(connection, directory)).rejects.toThrow(named)
  await db.execute('delete from public.one')
  await db.execute('drop index concurrently public.one_by_n')
  expect((await migrate(connection, directory)).applied).toEqual(['002-index.sql'])
})

test('a file that ends its transaction is refused, and so is a marked one with two statements', async () => {
  const { directory, connection } = await setUp({ '001-one.sql': `${ONE}commit;\nbegin;\n` })
  await expect(migrate(connection, directory)).rejects.toThrow('001-one.sql ends its own transaction')
  const other = await setUp({ '001-one.sql': `-- no-transaction\n${ONE}${TWO}` })
  await expect(migrate(other.connection, other.directory)).rejects.toThrow('contains 2 statements')
})

test('of two migrators one waits, also for a concurrent index; each file is applied once', async () => {
  const { directory, connection, db } = await setUp({
    '001-one.sql': `${ONE}select pg_sleep(0.3);\n`,
    '002-index.sql': '-- no-transaction\ncreate index concurrently one_by_n on public.one (n);\n',
    '003-two.sql': TWO,
  })
  const reports = await Promise.all([
    migrate(connection, directory),
    migrate(connection, directory),
    migrate(connection, directory),
  ])
  expect(reports.map(({ applied }) => applied.length).toSorted()).toEqual([0, 0, 3])
  expect(await db.rows('select name from ingestion.migrations')).toHaveLength(3)
})

test('a migrator that never ends is named after the wait', async () => {
  const { directory, connection } = await setUp({ '001-one.sql': 'select pg_sleep(2);\n' })
  const slow = migrate(connection, directory)
  await new Promise((resolve) => setTimeout(resolve, 500))
  await expect(migrate(connection, directory, { wait_max_ms: 300 })).rejects.toThrow(
    /has not ended in 0\.3 s \(backend \d+, stocks-research migrate\)/,
  )
  await slow
})

test('a migrator killed in the middle leaves whole files only, and the next one finishes', async () => {
  const { directory, connection, db } = await setUp({
    '001-one.sql': ONE,
    '002-two.sql': `${TWO}select pg_sleep(30);\n`,
  })
  const script = `
    import { migrate } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/database/migrate.ts'))}
    await migrate(JSON.parse(process.env.CONNECTION), process.env.DIRECTORY)`
  const child = execa(process.execPath, ['--input-type=module', '-e', script], {
    env: { CONNECTION: JSON.stringify(connection), DIRECTORY: directory },
    reject: false,
  })
  const asleep = `select pid from pg_stat_activity
      where datname = current_database() and application_name = 'stocks-research migrate'
        and wait_event = 'PgSleep'`
  await expect.poll(() => db.rows(asleep), { timeout: 20_000 }).toHaveLength(1)
  child.kill('SIGKILL')
  await child
  await writeFile(join(directory, '002-two.sql'), TWO)
  // Else the wait is for its sleep to end.
  await db.rows(`select pg_terminate_backend(pid) from (${asleep}) a`)
  expect((await migrate(connection, directory)).applied).toEqual(['002-two.sql'])
  expect(await tablesOf(db)).toEqual(['one', 'two'])
})

test('line ends and a byte order mark do not change a hash; any other byte does', async () => {
  const { directory } = await setUp({ '001-one.sql': `${ONE}-- two lines\n` })
  const windows = join(directory, 'windows')
  await mkdir(windows)
  await writeFile(join(windows, '001-one.sql'), `\uFEFF${ONE}-- two lines\n`.replaceAll('\n', '\r\n'))
  const [[unix], [checkout]] = await Promise.all([readMigrations(directory), readMigrations(windows)])
  expect(checkout?.sha256).toBe(unix?.sha256)
  await writeFile(join(windows, '001-one.sql'), `${ONE}-- two  lines\n`)
  expect((await readMigrations(windows))[0]?.sha256).not.toBe(unix?.sha256)
})

test('a file that is not named as a migration, and two with one number, are refused', async () => {
  const { directory } = await setUp({ '1-one.sql': ONE })
  await expect(readMigrations(directory)).rejects.toThrow('1-one.sql: a migration is named NNN-noun.sql')
  const other = await setUp({ '001-one.sql': ONE, '001-two.sql': TWO })
  await expect(readMigrations(other.directory)).rejects.toThrow('two migrations have the number 001')
})

const WITH_DATA =
  '-- data: names.csv -> public.named\n' +
  'create table public.named (n integer primary key, name text, note text);\n'

/** A migration that loads `csv`, not applied yet. */
async function setUpData(csv: string): ReturnType<typeof setUp> {
  const set = await setUp({ '001-named.sql': WITH_DATA })
  await mkdir(join(set.directory, 'data'))
  await writeFile(join(set.directory, 'data', 'names.csv'), csv)
  return set
}

test('a data file is loaded with its migration; an empty value is null, a quoted one is not', async () => {
  const { directory, connection, db } = await setUpData('n,name\n1,"a, ""b"""\n2,\n3,""\n')
  await migrate(connection, directory)
  expect(await db.rows('select n, name, note from public.named order by n')).toEqual([
    { n: 1, name: 'a, "b"', note: null },
    { n: 2, name: null, note: null },
    { n: 3, name: '', note: null },
  ])
})

test('an edited data file is refused with both hashes; another line end is not an edit', async () => {
  const { directory, connection, db } = await setUpData('n,name\n1,a\n')
  const before = (await migrate(connection, directory)).head?.sha256
  await writeFile(join(directory, 'data', 'names.csv'), '\uFEFFn,name\r\n1,a\r\n')
  expect((await migrate(connection, directory)).head?.sha256).toBe(before)
  await writeFile(join(directory, 'data', 'names.csv'), 'n,name\n1,b\n')
  const after = (await readMigrations(directory))[0]?.sha256
  await expect(migrate(connection, directory)).rejects.toThrow(
    '001-named.sql or data/names.csv was edited after it was applied\n' +
      `      applied ${before}\n      found   ${after}`,
  )
  expect(await db.rows('select name from public.named')).toEqual([{ name: 'a' }])
})

test('a missing data file, header or name of a file is refused before anything is applied', async () => {
  const { directory, connection, db } = await setUpData('1;a\n')
  await expect(migrate(connection, directory)).rejects.toThrow(
    'data/names.csv: the first line is "1;a"; expected the names of columns, separated by commas.',
  )
  await rm(join(directory, 'data', 'names.csv'))
  await expect(migrate(connection, directory)).rejects.toThrow(
    `001-named.sql loads data/names.csv, which is not in ${directory}. Put the file back.`,
  )
  await writeFile(join(directory, '001-named.sql'), WITH_DATA.replace('public.named', 'named'))
  await expect(migrate(connection, directory)).rejects.toThrow('names no data')
  expect(await tablesOf(db)).toEqual([])
})

test('a malformed data file undoes its migration, and the message shows file, line and text', async () => {
  const { directory, connection, db } = await setUpData('n,name\n1,a\ntwo,b\n')
  const error = await migrate(connection, directory).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'MigrationError', file: 'data/names.csv', line: 3, sqlstate: '22P02' })
  expect(String(error)).toContain('data/names.csv:3: invalid input syntax for type integer: "two"')
  expect(String(error)).toContain('3 | two,b')
  await writeFile(join(directory, 'data', 'names.csv'), 'n,name\n1,a\n2,b,c\n')
  await expect(migrate(connection, directory)).rejects.toThrow(
    'data/names.csv:3: extra data after last expected column',
  )
  expect(await tablesOf(db)).toEqual([])
  expect(await db.rows('select from ingestion.migrations')).toEqual([])
})
