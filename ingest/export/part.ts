import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { to as copyTo } from 'pg-copy-streams'
import { flushFile } from '../../helpers/core/atomic-file.ts'
import { FormatError, VerificationError } from '../../helpers/core/errors.ts'
import { hashFile } from '../../helpers/core/file-hash.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { databaseError } from '../../helpers/postgres/lost.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { quoteIdentifier, quoteLiteral } from '../../helpers/postgres/sql.ts'
import type { Duck } from './duckdb.ts'
import type { Part } from './manifest.ts'
import { type Column, type Exported, fits, SQL } from './tables.ts'

// One file of the export: a year of a table, or a table without years.

/** A part that is being exported, in one transaction. */
export interface Source {
  readonly tx: Database
  readonly duck: Duck
  readonly table: Exported
  readonly columns: readonly Column[]
  readonly year: number | null
  /** The folder of the unfinished export. */
  readonly folder: string
}

const STAGED = 'staged.csv'
const READ_BACK = 'read-back.csv'

export const pathOf = ({ table, year }: Pick<Source, 'table' | 'year'>): string =>
  `${table.name}/${year === null ? '' : `year=${year}/`}part-0.parquet`

/** The year of the file of a table that has years but no rows: readers find its columns there. */
const YEAR_OF_NOTHING = 1970

/** The years of a table with rows; one null for a table without years. */
export async function yearsOf(tx: Database, table: Exported): Promise<(number | null)[]> {
  if (table.day === undefined) return [null]
  const relation = table.years_from ?? table.relation
  const rows = await tx.rows<{ year: number }>(
    queryFile(SQL, 'years', { relation, day: quoteIdentifier(table.day) }),
  )
  return rows.length === 0 ? [YEAR_OF_NOTHING] : rows.map(({ year }) => year)
}

const rowsOf = ({ table, year }: Source): { relation: string; condition: string } => {
  const day = table.day === undefined ? '' : `r.${quoteIdentifier(table.day)}`
  const condition =
    year === null ? 'true' : `${day} >= date '${year}-01-01' and ${day} < date '${year + 1}-01-01'`
  return { relation: table.relation, condition }
}

/** Writes the rows of a part as CSV, and returns the hash of its bytes. Holds one chunk in memory. */
export async function stage(source: Source): Promise<string> {
  const { table, columns, folder, tx } = source
  const isText = (name: string): boolean => columns.find((each) => each.name === name)?.type === 'VARCHAR'
  const query = queryFile(SQL, 'part', {
    ...rowsOf(source),
    texts: columns.map(({ name, text }) => `${text} as ${quoteIdentifier(name)}`).join(',\n  '),
    sort: table.sorted_by
      .map((name) => `r.${quoteIdentifier(name)}${isText(name) ? ' collate "C"' : ''}`)
      .join(', '),
  })
  const hash = createHash('sha256')
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const rows = tx.client().query(copyTo(`copy (${query}) to stdout (format csv, force_quote *)`))
  try {
    await pipeline(rows, hashed, createWriteStream(join(folder, STAGED)))
  } catch (error) {
    throw databaseError(`export ${pathOf(source)}`, error, tx.client())
  }
  return hash.digest('hex')
}

/**
 * Makes the file of the staged rows, reads it back, and compares rows, sums and content with PostgreSQL.
 *
 * @throws FormatError for a decimal that does not fit, by name; VerificationError when the file differs.
 */
export async function makePart(source: Source, content_sha256: string): Promise<Part> {
  const { columns, duck, folder, year } = source
  const path = pathOf(source)
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await rm(file, { force: true })
  try {
    await duck.write(join(folder, STAGED), file, columns)
  } catch (error) {
    throw (await unfitting(source)) ?? error
  }
  await flushFile(file)
  const expected = await sumsOf(source)
  const found = await duck.sums(file, columns)
  const differing = Object.keys(expected).filter((name) => expected[name] !== found[name])
  if (differing.length > 0) {
    const [name = ''] = differing
    throw new VerificationError(
      `${path} differs from PostgreSQL: ${name === 'rows' ? 'rows' : `sum of ${name}`} is ${found[name]}, ` +
        `expected ${expected[name]}.`,
    )
  }
  await duck.writeCsv(file, join(folder, READ_BACK), columns)
  const read_back = (await hashFile(join(folder, READ_BACK))).sha256
  await rm(join(folder, READ_BACK))
  if (read_back !== content_sha256)
    throw new VerificationError(
      `${path} differs from PostgreSQL: its rows have SHA-256 ${read_back}, expected ${content_sha256}.`,
    )
  const { rows, ...sums } = expected
  const { bytes, sha256 } = await hashFile(file)
  return { path, year, rows: Number(rows), bytes, sha256, content_sha256, sums }
}

/** Removes the staged rows. */
export const unstage = (folder: string): Promise<void> => rm(join(folder, STAGED), { force: true })

/** By PostgreSQL: `rows`, and the sum of each decimal. */
async function sumsOf(source: Source): Promise<Record<string, string | null>> {
  const sums = decimalsOf(source).map(
    ({ name, places }) =>
      `sum(round(r.${quoteIdentifier(name)}, ${places}))::text as ${quoteIdentifier(name)}`,
  )
  const fragments = { ...rowsOf(source), sums: ['null as nothing', ...sums].join(',\n  ') }
  const { nothing: _, ...found } = await source.tx.one(queryFile(SQL, 'sums', fragments))
  return found as Record<string, string | null>
}

type Decimal = Column & { readonly places: number }

const decimalsOf = ({ columns }: Source): Decimal[] =>
  columns.filter((column): column is Decimal => column.places !== undefined)

/** The error for a decimal that its type cannot hold; undefined when every one fits. */
async function unfitting(source: Source): Promise<FormatError | undefined> {
  const { table, tx } = source
  const decimals = decimalsOf(source)
  if (decimals.length === 0) return undefined
  const values = decimals.map(({ name, places }) => {
    const value = `r.${quoteIdentifier(name)}`
    return `(${quoteLiteral(name)}, ${value}, ${value} is null or ${fits(value, places)})`
  })
  const [row] = await tx.rows<{ key: (string | null)[]; name: string; value: string }>(
    queryFile(SQL, 'unfit', {
      ...rowsOf(source),
      keys: table.sorted_by.map((name) => `r.${quoteIdentifier(name)}::text`).join(', '),
      decimals: values.join(',\n    '),
    }),
  )
  if (row === undefined) return undefined
  const key = table.sorted_by.map((name, at) => `${name} ${row.key[at]}`).join(', ')
  const type = decimals.find(({ name }) => name === row.name)?.type
  return new FormatError(
    `${table.name}.${row.name} of ${key} is ${row.value} and does not fit ${type}: nothing is rounded. ` +
      `Correct the value, or give the column another type in ingest/export/tables.ts.`,
  )
}

/** True when a file is there with these bytes. */
export async function isIntact(file: string, { bytes, sha256 }: Part): Promise<boolean> {
  try {
    const found = await hashFile(file)
    return found.bytes === bytes && found.sha256 === sha256
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
