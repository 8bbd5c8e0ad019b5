import type { Database } from '../../helpers/postgres/database.ts'
import type { ItemScope } from './items.ts'
import type { Tally } from './tally.ts'

const ROWS_A_STATEMENT = 5_000

/**
 * Writes the rejects of a batch in place of those that an earlier attempt at the same items wrote in this
 * run.
 */
export async function writeRejects(tx: Database, { run_id, job }: ItemScope, tally: Tally): Promise<void> {
  await tx.rows(
    `delete from ingestion.rejects where run_id = $1 and job = $2 and (item = any($3) or (item is null and file = any($4)))`,
    [run_id, job, [...tally.items.keys()], [...tally.files.keys()]],
  )
  for (let at = 0; at < tally.rejects.length; at += ROWS_A_STATEMENT) {
    // Zero bytes are text to JavaScript and none to PostgreSQL.
    const rows = JSON.stringify(tally.rejects.slice(at, at + ROWS_A_STATEMENT)).replaceAll(
      '\\u0000',
      '\\ufffd',
    )
    await tx.rows(
      `insert into ingestion.rejects (run_id, job, item, kind, reason, file, line, record)
       select $1, $2, item, kind, reason, file, line, record
       from jsonb_to_recordset($3::jsonb) as r (item text, kind text, reason text, file text, line bigint, record jsonb)`,
      [run_id, job, rows],
    )
  }
}
