import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Connection } from '../../helpers/config/connection.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import type { BenchTable } from './market.ts'

const ROWS_A_STATEMENT = 1_000

/**
 * Inserts the rows of a file of `COPY` text with statements of 1,000 rows, in one transaction: what
 * `DataFrame.to_sql(method='multi', chunksize=1000)` of pandas sends.
 */
export const insertMany = (connection: Connection, table: BenchTable, copy: string): Promise<void> =>
  withDatabase(connection, (db) =>
    db.transaction(async (tx) => {
      let rows: (string | null)[][] = []
      const flush = async (): Promise<void> => {
        if (rows.length === 0) return
        const width = rows[0]?.length ?? 0
        const tuples = rows.map(
          (row, at) => `(${row.map((_, column) => `$${at * width + column + 1}`).join(',')})`,
        )
        await tx.rows(`insert into stocks_research.${table} values ${tuples.join(',')}`, rows.flat())
        rows = []
      }
      for await (const line of createInterface({ input: createReadStream(copy) })) {
        rows.push(line.split('\t').map((field) => (field === '\\N' ? null : field)))
        if (rows.length >= ROWS_A_STATEMENT) await flush()
      }
      await flush()
    }),
  )
