import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Connection } from '../config/connection.ts'
import { VerificationError } from '../core/errors.ts'
import { hashTables, readSnapshot } from '../database/fingerprint.ts'
import { NOWHERE, runClient } from '../postgres/client.ts'
import { type Database, withDatabase } from '../postgres/database.ts'
import { describeServer } from '../postgres/server.ts'
import { partsOf } from './archive.ts'
import type { Backup } from './dump.ts'

export interface Repaired {
  readonly rows_deleted: number
  readonly rows_updated: number
  readonly rows_inserted: number
  /** Of the table as it is now; the manifest's. */
  readonly sha256: string
}

/**
 * Makes one table of `damaged` hold what a backup holds of it: rows that differ are updated, rows that are
 * gone come back, others go. Rows that are equal, and every other table, are left alone. All of it in one
 * transaction; then the table is hashed and compared with the manifest.
 *
 * @param table as the manifest names it. It must be there, with its columns and a key: for a table that is
 *   gone, restore the whole backup.
 * @throws VerificationError when the table is not what was dumped afterwards, ToolError when pg_restore
 *   fails, DatabaseError when a row is refused.
 */
export async function repairTable(
  backup: Backup,
  damaged: Connection,
  table: string,
  signal?: AbortSignal,
): Promise<Repaired> {
  const { archive, manifest } = backup
  const expected = manifest.fingerprint.tables[table]
  if (expected === undefined || expected.key.length === 0) {
    throw new VerificationError(
      `${archive} contains no table ${table} with a key. Restore the complete backup beside the ` +
        'database, and copy from it.',
    )
  }
  const { version } = await describeServer(damaged)
  const counts = await withDatabase(damaged, (db) =>
    db.transaction(async (tx) => {
      const columns = await copyBackup(tx, { archive, version, table, signal })
      return settle(tx, table, columns, expected.key)
    }),
  )
  const found = await withDatabase(damaged, (db) =>
    db.transaction(async (tx) => {
      await readSnapshot(tx)
      return hashTables(tx, { scope: manifest.fingerprint.scope, isWanted: (name) => name === table })
    }),
  )
  const sha256 = found[table]?.sha256 ?? 'none'
  if (sha256 !== expected.sha256) {
    throw new VerificationError(
      `${table} was repaired from ${archive}, and is not what was dumped: ` +
        `SHA-256 is ${sha256} instead of ${expected.sha256}.`,
    )
  }
  return { ...counts, sha256 }
}

interface Source {
  readonly archive: string
  readonly version: string
  readonly table: string
  readonly signal: AbortSignal | undefined
}

/**
 * Reads the rows of the table from the archive into `pg_temp.repaired`. Returns the columns that the archive
 * has, quoted.
 */
async function copyBackup(tx: Database, { archive, version, table, signal }: Source): Promise<string[]> {
  const [schema = '', name = ''] = partsOf(table)
  const script = new PassThrough()
  const args = ['--data-only', `--schema=${schema}`, `--table=${name}`, '-f', '-', archive]
  const reading = runClient('pg_restore', version, args, NOWHERE, { signal, stdout: script })
  reading.catch((error: unknown) => script.destroy(error as Error)) // Whoever reads the script hears of it.
  const { columns, rows } = await copyBlockOf(script, `${archive} contains no rows of ${table}.`)
  await tx.execute(
    `create temporary table repaired on commit drop as select ${columns} from ${table} with no data`,
  )
  await pipeline(
    Readable.from(rows, { objectMode: false }),
    tx.client().query(copyFrom(`copy pg_temp.repaired (${columns}) from stdin`)),
  )
  await reading
  return columns.match(/"(?:[^"]|"")*"|[^,\s]+/g) ?? []
}

const HEADER = /^COPY [^\n]*? \(([^\n]*)\) FROM stdin;\n/m
const END = Buffer.from('\n\\.\n') // No row reads like this: COPY writes a backslash as two.

/** The block of rows in a script of pg_restore: its columns, as they stand there, and its bytes. */
async function copyBlockOf(
  script: Readable,
  missing: string,
): Promise<{ columns: string; rows: AsyncGenerator<Buffer> }> {
  const chunks = script[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    const header = HEADER.exec(rest.toString('latin1'))
    if (header !== null) {
      // So that a block without rows ends too.
      const start = Buffer.concat([Buffer.from('\n'), rest.subarray(header.index + header[0].length)])
      return { columns: Buffer.from(header[1] ?? '', 'latin1').toString('utf8'), rows: rowsOf(start, chunks) }
    }
    const next = await chunks.next()
    if (next.done === true) throw new VerificationError(missing)
    rest = Buffer.concat([rest, next.value])
  }
}

async function* rowsOf(start: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  let rest = start
  let from = 1
  let hasEnded = false
  for (;;) {
    const end = hasEnded ? -1 : rest.indexOf(END)
    if (end !== -1) {
      if (end >= from) yield rest.subarray(from, end + 1)
      hasEnded = true // What follows the block has to be read, or pg_restore would wait for us.
    } else if (!hasEnded && rest.length > from + END.length) {
      const until = rest.length - END.length
      yield rest.subarray(from, until)
      rest = rest.subarray(until)
      from = 0
    }
    const next = await chunks.next()
    if (next.done === true) return
    rest = hasEnded ? next.value : Buffer.concat([rest, next.value])
  }
}

/** Makes the rows of the table equal to those of `pg_temp.repaired`. */
async function settle(
  tx: Database,
  table: string,
  columns: readonly string[],
  key: readonly string[],
): Promise<Omit<Repaired, 'sha256'>> {
  const attributes = await tx.rows<{ name: string; is_required: boolean; is_given: boolean }>(
    `select quote_ident(attname) as name, attnotnull as is_required, attidentity = 'a' as is_given
       from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  )
  const notNull = new Set(attributes.flatMap(({ name, is_required }) => (is_required ? [name] : [])))
  // No statement may set a column that is always generated; a row that differs in it shows in the hash.
  const given = new Set(attributes.flatMap(({ name, is_given }) => (is_given ? [name] : [])))
  // A join knows no hash for a comparison that knows null: such columns follow the others, and a key of
  // nothing else is compared as text.
  const rowOf = (alias: string): string =>
    `row(${key.map((column) => `${alias}.${column}`).join(', ')})::text`
  const same = key.some((column) => notNull.has(column))
    ? key
        .map((column) => `t.${column} ${notNull.has(column) ? '=' : 'is not distinct from'} m.${column}`)
        .join(' and ')
    : `${rowOf('t')} = ${rowOf('m')}`
  const values = columns.filter((column) => !key.includes(column) && !given.has(column))
  const listed = (alias: string): string => values.map((column) => `${alias}.${column}`).join(', ')
  await tx.execute('set local enable_nestloop = off; analyze pg_temp.repaired')
  const counted = async (sql: string): Promise<number> =>
    (
      await tx.one<{ rows: number }>(
        `with changed as (${sql} returning 1) select count(*)::int as rows from changed`,
      )
    ).rows
  return {
    rows_deleted: await counted(
      `delete from ${table} t where not exists (select from pg_temp.repaired m where ${same})`,
    ),
    rows_updated:
      values.length === 0
        ? 0
        : await counted(
            `update ${table} t set ${values.map((column) => `${column} = m.${column}`).join(', ')}
               from pg_temp.repaired m
              where ${same} and (${listed('t')}) is distinct from (${listed('m')})`,
          ),
    rows_inserted: await counted(
      `insert into ${table} (${columns.join(', ')}) overriding system value
       select ${columns.join(', ')} from pg_temp.repaired m
        where not exists (select from ${table} t where ${same})`,
    ),
  }
}
