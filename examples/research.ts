import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

// From the export to a first result, cell by cell:
//   npm run export -- parquet /data/stocks
//   npx node examples/research.ts /data/stocks

const [named] = process.argv.slice(2)
if (named === undefined) throw new Error('Usage: node examples/research.ts <folder of an export>')

// The link is resolved once, so that every query reads one version of the export.
const folder = realpathSync(named)
const print = (text: string): boolean => process.stdout.write(`${text}\n`)
const query = (name: string): string => readFileSync(join(import.meta.dirname, 'sql', `${name}.sql`), 'utf8')

// --- What is this data? Read the manifest first: mode, day, run. ---
const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
print(`${manifest.mode}, prices up to ${manifest.as_of_date}, run ${manifest.run?.run_id ?? 'none'}`)
if (manifest.mode === 'rehearsal') print('REHEARSAL: the prices are invented.')

// --- A view for each table. DuckDB reads only the columns and years that a query needs. ---
const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run(`set variable export = '${folder.replaceAll("'", "''")}'`)
await connection.run(query('views'))

async function show(title: string, name: string, values: Record<string, string> = {}): Promise<void> {
  const rows = (await connection.runAndReadAll(query(name), values)).getRowObjectsJson()
  print(`\n${title}: ${rows.length} rows`)
  for (const row of rows.slice(0, 5)) print(`  ${JSON.stringify(row)}`)
}

// --- How much is there, and how much of it cannot be used? ---
await show('Coverage by year', 'coverage')

// --- Daily total returns. Delisted securities are in it, with their delisting returns. ---
await show('Daily total returns', 'daily-returns')

// --- Fundamentals as they were known on a day: what was filed later is not in it. ---
await show('Fundamentals as known', 'as-known-on', { day: manifest.as_of_date })

// --- A first factor: momentum, by groups, with the next month as outcome. ---
await show('Momentum', 'momentum')
