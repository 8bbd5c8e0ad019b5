import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { execa } from 'execa'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { VerificationError } from '../../helpers/core/errors.ts'
import { type Database, withDatabase } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { quoteIdentifier } from '../../helpers/postgres/sql.ts'
import { JOB_NAMES } from '../contract/job.ts'
import { type Manifest, readManifest } from '../export/manifest.ts'
import { verifyExport } from '../export/verify.ts'
import { type Measured, timed } from './figures.ts'
import { writeInputs } from './inputs.ts'
import type { Bench } from './loads.ts'
import { type Market, openMarket } from './market.ts'

// The export of a generated market: killed, resumed, and read by DuckDB, whose counts, sums and adjusted
// closes are compared with those of PostgreSQL. Nothing of the export's own comparison is used.

const SQL = join(import.meta.dirname, 'sql')
/** The first export is killed after so many files. */
const FILES_BEFORE_KILL = 5

/**
 * @throws VerificationError if a killed export does not continue, if DuckDB reads something else than
 *   PostgreSQL has, or if a changed byte is not noticed.
 */
export async function measureExport(bench: Bench): Promise<Measured[]> {
  const { size, maintenance, directory, say } = bench
  const root = join(directory, 'delivery')
  await rm(root, { recursive: true, force: true })
  await writeInputs(root, size, bench.seed)
  const market = await openMarket(maintenance)
  try {
    say('  export')
    await market.load(root, JOB_NAMES)
    await withDatabase(market.connection, async (db) => {
      await db.execute('vacuum analyze')
      await db.execute(MARK)
    })
    const folder = join(directory, 'parquet')
    const finished = await killedExport(market, directory, folder)
    const scan = await market.query(queryFile(SQL, 'ordered-scan'))
    let kept: string[] = []
    const resumed_ms = await timed(async () => {
      kept = await resumedExport(market, directory, folder)
    })
    const lost = finished.filter((path) => !kept.includes(path))
    demand(lost.length === 0, `the resumed export wrote ${lost.join(', ')} again`)
    const manifest = await readManifest(folder)
    const compared_ms = await timed(() => compare(market, manifest, folder))
    const verified_ms = await timed(() => requireNoticed(folder))
    const about = { securities: size.securities, filers: size.filers, bound: null }
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
    const baseline = { baseline: 'an ordered scan of prices', baseline_ms: [scan] }
    return [
      { stage: 'export, resumed after a kill', rows, ours_ms: [resumed_ms], ...about, ...baseline },
      { stage: 'export compared by DuckDB', rows, ours_ms: [compared_ms], ...about, ...baseline },
      { stage: 'export verified, with a changed byte', rows, ours_ms: [verified_ms], ...about, ...baseline },
    ]
  } finally {
    await market.drop()
  }
}

/** The export refuses a database that this product did not build. */
const MARK = `insert into ingestion.environment (mode, made_by_run_id, product_version)
  values ('flat-files', 'bench', '0')`

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new VerificationError(`The export failed its comparison: ${otherwise}.`)
}

const startExport = ({ connection }: Market, state: string, folder: string) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest/commands/export.ts'), 'parquet', folder], {
    env: {
      ...childEnvironment(),
      PGHOST: connection.host,
      PGPORT: String(connection.port),
      PGUSER: connection.user,
      PGPASSWORD: connection.password ?? '',
      PGDATABASE: connection.database,
      BOOTSTRAP_STATE: state,
    },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })

const pathsOf = (how: 'written' | 'kept', text: string): string[] =>
  [...text.matchAll(new RegExp(`^${how} {2}(\\S+)`, 'gm'))].map(([, path = '']) => path)

/** Exports until some files are written, then kills the process. Returns these files. */
async function killedExport(market: Market, state: string, folder: string): Promise<string[]> {
  const child = startExport(market, state, folder)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk)
    if (pathsOf('written', text).length >= FILES_BEFORE_KILL) child.kill('SIGKILL')
  })
  const { signal, stderr } = await child
  demand(signal === 'SIGKILL', `the first one ended by itself: ${stderr}`)
  return pathsOf('written', text)
}

/** Exports to the end. Returns the files that the killed export had written. */
async function resumedExport(market: Market, state: string, folder: string): Promise<string[]> {
  const { exitCode, stdout, stderr } = await startExport(market, state, folder)
  demand(exitCode === 0, `the resumed one ended with exit code ${exitCode}: ${stderr}`)
  return pathsOf('kept', stdout)
}

type Row = Readonly<Record<string, string | number | null>>

/** Reads every table and year with DuckDB and compares rows, sums and adjusted closes with PostgreSQL. */
async function compare(market: Market, { tables }: Manifest, folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB', threads: '2' })
  const duck = await instance.connect()
  const ask = async (sql: string): Promise<Row[]> =>
    (await duck.runAndReadAll(sql)).getRowObjectsJson() as Row[]
  const filesOf = (table: string): string =>
    `read_parquet('${folder}/${table}/**/*.parquet', hive_partitioning = true)`
  try {
    await withDatabase(market.connection, async (db) => {
      for (const table of tables) await compareTable(db, ask, table, filesOf(table.name))
      const files = filesOf('prices_daily_adjusted')
      const found = await ask(queryFile(SQL, 'exported-hash', { files }))
      const expected = await db.rows<Row>(queryFile(SQL, 'adjusted-hash'))
      requireEqual('the adjusted closes', found, expected)
    })
  } finally {
    duck.closeSync()
    instance.closeSync()
  }
}

/** Rows and the sum of each decimal, by year. */
async function compareTable(
  db: Database,
  ask: (sql: string) => Promise<Row[]>,
  { name, relation, partitioned_by, columns }: Manifest['tables'][number],
  files: string,
): Promise<void> {
  const decimals = columns.filter(({ type }) => type.startsWith('DECIMAL'))
  const sums = (type: string): string =>
    decimals.map(({ name: column }) => `, sum(${quoteIdentifier(column)})::${type} as "${column}"`).join('')
  const year = partitioned_by === null ? '0' : `extract(year from ${quoteIdentifier(partitioned_by)})`
  const found = await ask(
    `select ${partitioned_by === null ? '0' : 'year'}::integer as year, count(*)::integer as rows
       ${sums('varchar')} from ${files} group by 1 order by 1`,
  )
  const expected = await db.rows<Row>(
    `select ${year}::integer as year, count(*)::integer as rows${sums('text')}
     from ${relation} group by 1 order by 1`,
  )
  requireEqual(name, found, expected)
}

/** Decimals count by their value: PostgreSQL writes as many digits as the widest addend has. */
const plain = (value: string | number | null | undefined): string => {
  const text = String(value ?? 'null')
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}

function requireEqual(what: string, found: readonly Row[], expected: readonly Row[]): void {
  demand(found.length === expected.length, `${what}: ${found.length} years, expected ${expected.length}`)
  for (const [at, row] of expected.entries())
    for (const [column, value] of Object.entries(row)) {
      const read = plain(found[at]?.[column])
      demand(
        read === plain(value),
        `${what} of ${row['year']}: ${column} is ${read}, expected ${plain(value)}`,
      )
    }
}

/** Changes one byte of a file: `verify` must name that file, and no other. */
async function requireNoticed(folder: string): Promise<void> {
  const { tables } = await readManifest(folder)
  const files = tables.flatMap((table) => (table.name === 'prices_daily' ? table.files : []))
  const path = files.at(-1)?.path ?? ''
  const bytes = await readFile(join(folder, path))
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await rm(join(folder, path))
  await writeFile(join(folder, path), bytes)
  const { faults } = await verifyExport(folder)
  demand(
    faults.length === 1 && faults[0]?.startsWith(`${path}: `) === true,
    `a changed byte of ${path} gave ${JSON.stringify(faults)}`,
  )
}
