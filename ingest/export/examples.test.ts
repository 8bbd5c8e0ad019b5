import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { type CookbookMarket, openCookbookMarket } from '../testing/validation/cookbook-market.ts'
import { exportParquet } from './export.ts'

const EXAMPLES = join(ROOT_DIRECTORY, 'examples')

let market: CookbookMarket
let folder: string
let instance: DuckDBInstance
let connection: DuckDBConnection
beforeAll(async () => {
  market = await openCookbookMarket()
  const root = await mkdtemp(join(inject('testDirectory'), 'examples-'))
  folder = join(root, 'it’s')
  await exportParquet(market.connection, folder, { backups: join(root, 'backups') })
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
  await connection.run(`set variable export = '${folder}'`)
  await connection.run(query('views'))
})
afterAll(async () => {
  connection.closeSync()
  instance.closeSync()
  await market.drop()
})

type Rows = Record<string, string | number | null>[]
const query = (name: string): string => readFileSync(join(EXAMPLES, 'sql', `${name}.sql`), 'utf8')
const ask = async (name: string, values: Record<string, string> = {}): Promise<Rows> =>
  (await connection.runAndReadAll(query(name), values)).getRowObjectsJson() as Rows
const rows = (sql: string, values: string[] = []): Promise<Rows> => market.db.rows<Rows[number]>(sql, values)

test('coverage counts what the database has', async () => {
  expect(await ask('coverage')).toEqual(
    await rows(
      `select extract(year from trade_date)::text as year, count(distinct security_id)::text as securities,
         count(*)::text as bars, count(*) filter (where adj_close is null)::text as without_adjusted_close
       from stocks_research.prices_daily_adjusted_v group by 1 order by 1`,
    ),
  )
})

test('daily returns are those of returns_daily_v, delisting returns included', async () => {
  const expected = await rows(
    `select r.security_id::text, r.trade_date::text, r.return::float8 as return, r.is_delisting_return
       from stocks_research.returns_daily_v r
      where r.return is not null order by r.security_id, r.trade_date`,
  )
  const found = (await ask('daily-returns')).filter((row) => row['return'] !== null)
  expect(expected.filter((row) => Boolean(row['is_delisting_return'])).length).toBeGreaterThan(0)
  expect(found.map((row) => `${row['security_id']} ${row['trade_date']}`)).toEqual(
    expected.map((row) => `${row['security_id']} ${row['trade_date']}`),
  )
  const differences = found.map((row, at) =>
    Math.abs(Number(row['return']) - Number(expected[at]?.['return'])),
  )
  expect(Math.max(...differences)).toBeLessThan(1e-9)
})

test('fundamentals as known on a day are those of fundamentals_standard_as_of', async () => {
  for (const day of ['2021-03-31', '2022-08-15', '2030-01-01']) {
    const expected = await rows(
      `select cik, item, period_end, unit, value::numeric(38, 12)::text as value, filed
         from stocks_research.fundamentals_standard_as_of($1) where value is not null
        order by cik collate "C", item collate "C", period_end, period_start, unit collate "C"`,
      [day],
    )
    expect(expected.length).toBeGreaterThan(50)
    const found = await ask('as-known-on', { day })
    expect(found.map(({ period_kind: _, ...row }) => row)).toEqual(expected)
  }
})

test('the mean next return of a momentum group is that of total_return in the database', async () => {
  const found = await ask('momentum')
  expect(found.map((row) => row['group'])).toEqual(['1', '2', '3', '4', '5'])
  const expected = await rows(momentumInDatabase)
  expect(found.map((row) => [row['group'], row['observations'], row['unknown']])).toEqual(
    expected.map((row) => [row['group'], row['observations'], row['unknown']]),
  )
  for (const [at, row] of expected.entries())
    expect(Number(found[at]?.['mean_next_return'])).toBeCloseTo(Number(row['mean']), 9)
})

/** The same question, by the function of the database. */
const momentumInDatabase = readFileSync(
  join(import.meta.dirname, '../testing/validation/momentum.sql'),
  'utf8',
)

test('the TypeScript example runs on an export', async () => {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [join(EXAMPLES, 'research.ts'), folder],
    { reject: false, stdin: 'ignore' },
  )
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^Momentum: 5 rows$/m)
})

const hasPython = await execa('python3', ['-c', 'import duckdb'], { reject: false, stdin: 'ignore' }).then(
  ({ exitCode }) => exitCode === 0,
)
// Without Python and its DuckDB nothing runs, and nothing is shown as passed.
if (hasPython)
  test('the Python example runs on an export, and counts what the TypeScript one counts', async () => {
    const run = (file: string, args: readonly string[]) =>
      execa(file, [...args, folder], { reject: false, stdin: 'ignore' })
    const python = await run('python3', [join(EXAMPLES, 'research.py')])
    expect(python.stderr).toBe('')
    expect(python.exitCode).toBe(0)
    const titles = (text: string): string[] => text.match(/^.+: \d+ rows$/gm) ?? []
    const script = await run(process.execPath, [join(EXAMPLES, 'research.ts')])
    expect(titles(python.stdout).length).toBeGreaterThan(3)
    expect(titles(python.stdout)).toEqual(titles(script.stdout))
  })

test('the Python example uses the tested queries, in the order of the TypeScript one', () => {
  const used = (file: string): string[] =>
    [
      ...readFileSync(join(EXAMPLES, file), 'utf8').matchAll(
        /^(?:await )?show\(["'][^"']+["'], ["']([\w-]+)/gm,
      ),
    ].map(([, name = '']) => name)
  expect(used('research.py')).toEqual(used('research.ts'))
  const files = readdirSync(join(EXAMPLES, 'sql')).map((name) => name.replace('.sql', ''))
  expect([...used('research.py'), 'views'].toSorted()).toEqual(files.toSorted())
})
