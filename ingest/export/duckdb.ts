import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { FormatError, messageOf } from '../../helpers/core/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../../helpers/postgres/sql.ts'
import type { Column } from './tables.ts'

// DuckDB writes and reads the Parquet files. It has no network and no database of its own here.

/** Rows of a row group: enough to compress well, few enough to skip by the statistics of securities. */
const ROW_GROUP_ROWS = 122_880
const MEMORY_MAX = '512MB'

export interface Duck {
  /** Writes the rows of a CSV file of PostgreSQL, in their order. */
  write(csv: string, parquet: string, columns: readonly Column[]): Promise<void>
  /** Writes the rows of a Parquet file as PostgreSQL writes them as CSV. */
  writeCsv(parquet: string, csv: string, columns: readonly Column[]): Promise<void>
  /** The number of rows of a Parquet file, and the sum of each of its decimals. */
  sums(parquet: string, columns: readonly Column[]): Promise<Record<string, string | null>>
  /** Name and type of each column of a Parquet file. */
  columns(parquet: string): Promise<{ name: string; type: string }[]>
  readonly version: string
  close(): void
}

/** @param directory for what does not fit into memory. */
export async function openDuck(directory: string): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: MEMORY_MAX,
    threads: '2',
    temp_directory: directory,
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run("set timezone = 'UTC'")
  const [version = ''] = (await rowsOf(connection, 'select version() as version')).map(
    ({ version }) => version,
  )
  return {
    version: version ?? '',
    write: (csv, parquet, columns) => write(connection, csv, parquet, columns),
    writeCsv: (parquet, csv, columns) => writeCsv(connection, parquet, csv, columns),
    sums: (parquet, columns) => sums(connection, parquet, columns),
    columns: (parquet) => describe(connection, parquet),
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

type Texts = Record<string, string | null>

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<Texts[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Texts[]
}

async function write(
  connection: DuckDBConnection,
  csv: string,
  parquet: string,
  columns: readonly Column[],
): Promise<void> {
  const types = columns
    .map(
      ({ name, type, places }) =>
        `${quoteLiteral(name)}: ${places === undefined ? quoteLiteral(type) : "'VARCHAR'"}`,
    )
    .join(', ')
  const format =
    `header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '', ` +
    `allow_quoted_nulls = false, new_line = '\\n', parallel = false, strict_mode = true, ` +
    'max_line_size = 16777216'
  const values = columns.map(parsedValue).join(', ')
  const rows = `select ${values} from read_csv(${quoteLiteral(csv)}, ${format}, columns = {${types}})`
  const options = `format parquet, compression zstd, row_group_size ${ROW_GROUP_ROWS}`
  await connection.run(`copy (${rows}) to ${quoteLiteral(parquet)} (${options})`)
}

/** Digits of a decimal that DuckDB computes in 64 bits. */
const SHORT_DIGITS = 18

/**
 * A column of the CSV file. DuckDB parses a text as a decimal of 38 digits twenty times slower than as one of
 * 18, so a value that fits the short type is parsed as that, a large one without its last zeros. Each cast
 * is exact or gives null, and then the next one counts; the last one fails.
 */
function parsedValue({ name, type, places }: Column): string {
  const text = quoteIdentifier(name)
  if (places === undefined) return text
  if (places > SHORT_DIGITS) return `cast(${text} as ${type}) as ${text}`
  const casts = [`try_cast(${text} as decimal(${SHORT_DIGITS}, ${places}))`]
  const half = Math.floor(places / 2)
  if (half > 0)
    casts.push(
      `case when suffix(${text}, ${quoteLiteral('0'.repeat(half))})
       then try_cast(left(${text}, -${half}) as decimal(${SHORT_DIGITS}, ${places - half})) end`,
    )
  return `coalesce(${casts.join(', ')}, cast(${text} as ${type}))::${type} as ${text}`
}

async function writeCsv(
  connection: DuckDBConnection,
  parquet: string,
  csv: string,
  columns: readonly Column[],
): Promise<void> {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const rows = `select ${names} from ${fileOf(parquet)}`
  await connection.run(`copy (${rows}) to ${quoteLiteral(csv)} (format csv, header false, force_quote *)`)
}

async function sums(
  connection: DuckDBConnection,
  parquet: string,
  columns: readonly Column[],
): Promise<Texts> {
  const wanted = columns
    .filter(({ places }) => places !== undefined)
    .map(({ name }) => `, sum(${quoteIdentifier(name)})::varchar as ${quoteIdentifier(name)}`)
  const [row] = await rowsOf(
    connection,
    `select count(*)::varchar as rows${wanted.join('')} from ${fileOf(parquet)}`,
  )
  return row ?? {}
}

async function describe(
  connection: DuckDBConnection,
  parquet: string,
): Promise<{ name: string; type: string }[]> {
  try {
    const rows = await rowsOf(connection, `describe select * from ${fileOf(parquet)}`)
    return rows.map(({ column_name, column_type }) => ({ name: column_name ?? '', type: column_type ?? '' }))
  } catch (error) {
    throw new FormatError(`DuckDB cannot read ${parquet}: ${messageOf(error)}`, { cause: error })
  }
}

/** Without the column `year`, which comes from the name of the folder. */
const fileOf = (parquet: string): string =>
  `read_parquet(${quoteLiteral(parquet)}, hive_partitioning = false)`
