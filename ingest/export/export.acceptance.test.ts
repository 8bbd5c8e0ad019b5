import {
  appendFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { createRoles, ROLES, type RoleKind } from '../../helpers/database/roles.ts'
import { type CookbookMarket, openCookbookMarket } from '../testing/validation/cookbook-market.ts'
import { exportParquet } from './export.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { EXPORTED } from './tables.ts'
import { verifyExport } from './verify.ts'

let market: CookbookMarket
let reader: Connection
let names: Readonly<Record<RoleKind, string>>
let root: string
let folder: string
const PASSWORDS = { admin: 'a', owner: 'b', ingest: 'c', reader: 'd', analyst: 'e' }

beforeAll(async () => {
  market = await openCookbookMarket()
  names = await createRoles(market.connection, PASSWORDS)
  reader = { ...market.connection, user: names.reader, password: PASSWORDS.reader }
  root = await mkdtemp(join(inject('testDirectory'), 'export-'))
  folder = join(root, 'parquet')
  await exportTo()
})
afterAll(async () => {
  const { database, user } = market.connection
  await market.db.execute(`alter database ${database} owner to ${user}`)
  for (const kind of ROLES)
    await market.db.execute(
      `reassign owned by ${names[kind]} to ${user}; drop owned by ${names[kind]}; drop role ${names[kind]}`,
    )
  await market.drop()
})

/** The paths of the files that were written. */
async function exportTo(target = folder): Promise<string[]> {
  const written: string[] = []
  await exportParquet(reader, target, {
    backups: join(root, 'backups'),
    onPart: ({ path }, how) => how === 'written' && written.push(path),
  })
  return written
}

/** Rows as DuckDB gives them to a reader of the folder. */
async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
const table = (name: string): string =>
  `read_parquet('${folder}/${name}/**/*.parquet', hive_partitioning = true)`

const run = (...args: string[]) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'commands', 'export.ts'), ...args], {
    reject: false,
    stdin: 'ignore',
    env: {
      PGHOST: reader.host,
      PGPORT: String(reader.port),
      PGUSER: reader.user,
      PGPASSWORD: reader.password ?? '',
      PGDATABASE: reader.database,
      BOOTSTRAP_STATE: root,
    },
  })

const filesOf = ({ tables }: Manifest): Manifest['tables'][number]['files'] =>
  tables.flatMap(({ files }) => files)

test('every table of research is exported, or left out for a reason', async () => {
  const relations = await market.db.rows<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
      where c.relnamespace = 'stocks_research'::regnamespace and c.relkind in ('r', 'p', 'v')`,
  )
  const left_out = [
    'stocks_research.calculated_item_terms', // The rules of calculated_items_as_of.
    'stocks_research.fundamentals_standard_v', // The rows of fundamentals_standard without known_to.
    'stocks_research.returns_daily_v', // Follows from total_return_close and delistings.
    'stocks_research.security_history_v', // Joins ticker_history and securities.
    'stocks_research.sessions_numbered_v', // Numbers the rows of trading_sessions.
  ]
  const exported = EXPORTED.map(({ relation }) => relation)
  const expected = exported.filter((name) => name.startsWith('stocks_research.'))
  expect(relations.map(({ name }) => name).toSorted()).toEqual([...expected, ...left_out].toSorted())
})

test('DuckDB reads the rows of every table and year that PostgreSQL has', async () => {
  const { tables } = await readManifest(folder)
  for (const { name, relation, day = 'null::date' } of EXPORTED) {
    const expected = await market.db.rows(
      `select extract(year from ${day})::int as year, count(*)::int as rows
         from ${relation} group by 1 order by 1`,
    )
    const year = day === 'null::date' ? 'null' : 'year'
    const found = await ask(
      `select ${year} as year, count(*)::int as rows from ${table(name)} group by 1 order by 1`,
    )
    expect(
      found.map((row) => ({ year: row['year'] === null ? null : Number(row['year']), rows: row['rows'] })),
    ).toEqual(expected)
    expect(tables.find((each) => each.name === name)?.rows).toBe(
      expected.reduce((sum, { rows }) => sum + Number(rows), 0),
    )
  }
})

test('adjusted closes and total returns are equal to 12 decimals, sorted by security and day', async () => {
  const columns = ['security_id', 'trade_date', 'adj_close', 'total_return_close']
  const texts = columns.map((column) => `coalesce(cast(${column} as varchar), '-')`).join(" || ' ' || ")
  const rows = `select ${texts} as row from`
  const expected = await market.db.rows(
    `${rows} stocks_research.prices_daily_adjusted_v order by security_id, trade_date`,
  )
  const found = await ask(`${rows} ${table('prices_daily_adjusted')} order by security_id, trade_date`)
  expect(expected.length).toBeGreaterThan(10_000)
  expect(found).toEqual(expected)
  const unsorted = await ask(
    `select count(*)::int as n from (
       select security_id, trade_date, lag((security_id, trade_date)) over (order by file_row_number) as prior
       from read_parquet('${folder}/prices_daily_adjusted/year=2021/part-0.parquet', file_row_number = true)
     ) where prior > (security_id, trade_date)`,
  )
  expect(unsorted).toEqual([{ n: 0 }])
})

test('no column is a binary float, days are dates, times are UTC', async () => {
  const types = new Set<unknown>()
  for (const { name } of EXPORTED)
    for (const { column_type } of await ask(`describe select * from ${table(name)}`)) types.add(column_type)
  expect([...types].toSorted()).toEqual([
    'BIGINT',
    'BOOLEAN',
    'DATE',
    'DECIMAL(38,0)',
    'DECIMAL(38,12)',
    'DECIMAL(38,20)',
    'INTEGER',
    'TIMESTAMP WITH TIME ZONE',
    'VARCHAR',
  ])
  const [first] = await ask(
    `select open_at::varchar as open_at from ${table('trading_sessions')} where session_date = '2020-01-02'`,
  )
  expect(first).toEqual({ open_at: '2020-01-02 14:30:00+00' })
})

test('the manifest names the run, the day and the content of the database', async () => {
  const manifest = await readManifest(folder)
  const { content_sha256 } = await fingerprintOf(reader, { scope: 'content', views: 'none' })
  const [day] = await market.db.rows('select max(trade_date) as day from stocks_research.prices_daily')
  expect(manifest).toMatchObject({
    database_content_sha256: content_sha256,
    as_of_date: day?.['day'],
    backup: null,
  })
  expect(manifest.run?.state).toBe('complete')
})

test('a second export keeps every file; a changed bar writes its year again, and nothing else', async () => {
  expect(await exportTo()).toEqual([])
  await market.db.execute(
    `update stocks_research.prices_daily set volume = coalesce(volume, 0) + 1
      where (security_id, trade_date) = (
        select security_id, trade_date from stocks_research.prices_daily
        where trade_date >= '2020-01-01' order by trade_date, security_id limit 1)`,
  )
  expect(await exportTo()).toEqual([
    'prices_daily/year=2020/part-0.parquet',
    'prices_daily_adjusted/year=2020/part-0.parquet',
  ])
  expect((await verifyExport(folder)).faults).toEqual([])
})

test('a killed export leaves the former one, and continues with the files that it had finished', async () => {
  const before = await readManifest(folder)
  const other = join(root, 'killed')
  const child = run('parquet', other)
  const finished: string[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    finished.push(...[...String(chunk).matchAll(/^written {2}(\S+)/gm)].map(([, path = '']) => path))
    if (finished.length >= 9) child.kill('SIGKILL')
  })
  expect((await child).signal).toBe('SIGKILL')
  expect(await stat(other).catch(() => undefined)).toBeUndefined()
  const again = await run('parquet', other)
  expect(again.stderr).toBe('')
  expect(again.exitCode).toBe(0)
  for (const path of finished) expect(again.stdout).toContain(`kept  ${path}`)
  const after = await readManifest(other)
  const contents = (manifest: Manifest) => filesOf(manifest).map((part) => [part.path, part.content_sha256])
  expect(contents(after)).toEqual(contents(before))
  expect((await verifyExport(other)).faults).toEqual([])
  expect((await readdir(root)).filter((name) => name.startsWith('killed'))).toEqual([
    'killed',
    'killed.versions',
  ])
})

test('a copy of an export is brought up to date; a foreign link is followed', async () => {
  const copy = join(root, 'copy')
  await cp(await realpath(folder), copy, { recursive: true })
  const link = join(root, 'link')
  await symlink('copy', link)
  expect(await exportTo(link)).toEqual([])
  expect(await readlink(link)).toBe('copy')
  expect((await lstat(copy)).isSymbolicLink()).toBe(true)
  expect((await verifyExport(link)).faults).toEqual([])
})

test('changed, missing and additional files are named, and the next export repairs them', async () => {
  const changed = 'prices_daily/year=2021/part-0.parquet'
  const bytes = await readFile(join(folder, changed))
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1
  await rm(join(folder, changed))
  await writeFile(join(folder, changed), bytes)
  await rm(join(folder, 'securities/part-0.parquet'))
  await mkdir(join(folder, 'prices_daily/year=1900'))
  await appendFile(join(folder, 'prices_daily/year=1900/part-0.parquet'), 'x')
  const { exitCode, stdout } = await run('verify', folder)
  expect(exitCode).toBe(1)
  expect(stdout).toContain(`FAULT  ${changed}: SHA-256 `)
  expect(stdout).toContain('FAULT  securities/part-0.parquet: is missing')
  expect(stdout).toContain('FAULT  prices_daily/year=1900/part-0.parquet: the manifest does not list it')
  expect((await exportTo()).toSorted()).toEqual([changed, 'securities/part-0.parquet'])
  expect((await run('verify', folder)).exitCode).toBe(0)
})

test('a changed manifest is named', async () => {
  const file = join(folder, 'manifest.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/"as_of_date": "\d/, '"as_of_date": "9'))
  const { exitCode, stderr } = await run('verify', folder)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('was changed after it was written')
  await writeFile(file, text)
})

test('a decimal that does not fit is refused by name, and the export stays as it was', async () => {
  const before = await readFile(join(folder, 'manifest.json'), 'utf8')
  await market.db.execute(
    `insert into stocks_research.fx_rates (rate_date, from_currency, to_currency, source, rate, known_from)
     values ('2020-01-02', 'EUR', 'USD', 'ecb', 1.1234567890123, '2020-01-02')`,
  )
  await expect(exportTo()).rejects.toThrow(
    'fx_rates.rate of from_currency EUR, to_currency USD, source ecb, rate_date 2020-01-02 is ' +
      '1.1234567890123 and does not fit DECIMAL(38,12): nothing is rounded.',
  )
  expect(await readFile(join(folder, 'manifest.json'), 'utf8')).toBe(before)
  await market.db.execute('delete from stocks_research.fx_rates')
})

test('a folder with other files is refused, and stays as it is', async () => {
  const other = join(root, 'photos')
  await mkdir(other)
  await writeFile(join(other, 'cat.jpg'), 'x')
  await expect(exportTo(other)).rejects.toThrow('is not empty and has no manifest.json')
  expect(await readdir(other)).toEqual(['cat.jpg'])
})
