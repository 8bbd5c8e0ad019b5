import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError } from '../core/errors.ts'
import { statementsOf } from '../postgres/sql-file.ts'

/** A migration, as the folder holds it. */
export interface Migration {
  readonly name: string
  /**
   * SHA-256 of its text with LF line ends, so that a checkout on Windows has the same; with data, of its text
   * and of each data file.
   */
  readonly sha256: string
  readonly sql: string
  /**
   * False when its first line is `-- no-transaction`: then it is one statement, such as `create index
   * concurrently`.
   */
  readonly is_transactional: boolean
  /** The reviewed rows that it loads after its last statement, in the same transaction. */
  readonly data: readonly MigrationData[]
  /**
   * Tables whose stored rows it changes, named by a line `-- changes: schema.table`, and those that its data
   * files fill. An upgrade proves that every other table keeps its rows.
   */
  readonly changes: readonly string[]
}

/** A CSV file with a header, named by a line `-- data: file.csv -> schema.table` of a migration. */
export interface MigrationData {
  /** Path below the folder of migrations, e.g. data/standard-item-tags.csv. */
  readonly file: string
  readonly schema: string
  readonly table: string
  /** From its header. Columns that it does not name get their defaults. */
  readonly columns: readonly string[]
  readonly csv: string
}

const NAME = /^\d{3}-[a-z0-9-]+\.sql$/
const NO_TRANSACTION = '-- no-transaction'
const DATA_LINE = /^-- data:.*$/gm
const DATA = /^-- data: ([a-z0-9-]+\.csv) -> ([a-z_]+)\.([a-z_]+)$/
const COLUMNS = /^[a-z_]+(,[a-z_]+)*$/
const CHANGES_LINE = /^-- changes:.*$/gm
const CHANGES = /^-- changes: ([a-z_]+\.[a-z_]+)$/

/**
 * The migrations of a folder, in order of name. Other files than `.sql` are skipped, except the data files
 * that a migration names.
 *
 * @throws FormatError for a file that cannot be a migration, and for a data file that is missing or has no
 *   header.
 */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted()
  const strange = names.filter((name) => !NAME.test(name))
  if (strange.length > 0)
    throw new FormatError(
      `${directory}: ${strange.join(', ')}: a migration is named NNN-noun.sql, e.g. 001-schemas.sql.`,
    )
  const twin = names.find((name, index) => name.slice(0, 3) === names[index + 1]?.slice(0, 3))
  if (twin !== undefined)
    throw new FormatError(
      `${directory}: two migrations have the number ${twin.slice(0, 3)}. The number is the ` +
        'order; give each its own.',
    )
  return Promise.all(names.map((name) => readMigration(directory, name)))
}

async function readMigration(directory: string, name: string): Promise<Migration> {
  const sql = await readText(join(directory, name))
  const lines = sql.match(DATA_LINE) ?? []
  const data = await Promise.all(lines.map((line) => readData(directory, name, line)))
  const is_transactional = sql.split('\n', 1)[0]?.trim() !== NO_TRANSACTION
  const statements_count = statementsOf(sql).length
  if (!is_transactional && (statements_count !== 1 || data.length > 0))
    throw new FormatError(
      `${name} is marked "${NO_TRANSACTION}" but contains ${statements_count} statements and ` +
        `${data.length} data files; ` +
        'it may contain one statement and no data, because a part of it could not be undone.',
    )
  const hash = createHash('sha256').update(sql)
  for (const { file, csv } of data) hash.update(`\0${file}\0${csv}`)
  const changes = [...changesOf(name, sql), ...data.map(({ schema, table }) => `${schema}.${table}`)]
  return { name, sql, is_transactional, data, changes, sha256: hash.digest('hex') }
}

/** The tables of the lines `-- changes: schema.table`. */
function changesOf(name: string, sql: string): string[] {
  return (sql.match(CHANGES_LINE) ?? []).map((line) => {
    const [, table] = CHANGES.exec(line) ?? []
    if (table !== undefined) return table
    throw new FormatError(`${name}: "${line}" names no table. Write "-- changes: schema.table".`)
  })
}

async function readData(directory: string, name: string, line: string): Promise<MigrationData> {
  const [, base = '', schema = '', table = ''] = DATA.exec(line) ?? []
  if (base === '')
    throw new FormatError(
      `${name}: "${line}" names no data. Write "-- data: file.csv -> schema.table"; the file is in data/.`,
    )
  const file = `data/${base}`
  const csv = await readText(join(directory, file)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause
    throw new FormatError(`${name} loads ${file}, which is not in ${directory}. Put the file back.`)
  })
  const header = csv.split('\n', 1)[0] ?? ''
  if (!COLUMNS.test(header))
    throw new FormatError(
      `${file}: the first line is "${header}"; expected the names of columns, separated by commas.`,
    )
  return { file, schema, table, columns: header.split(','), csv }
}

/** The text of a file without a byte order mark and with LF line ends. */
const readText = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
