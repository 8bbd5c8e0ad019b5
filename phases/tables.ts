/** What the phases ask of tables, and what it means that one has no rows. */
import { expectThat } from '../helpers/checklist/expectations.ts'
import type { Database } from '../helpers/postgres/database.ts'
import { quoteIdentifier } from '../helpers/postgres/sql.ts'
import type { ListedJob } from './jobs.ts'
import { query } from './query.ts'

/** Rows of a table or view in schema stocks_research. */
export async function rowsIn(db: Database, table: string): Promise<number> {
  const { rows } = await db.one<{ rows: number }>(
    `select count(*)::int as rows from stocks_research.${quoteIdentifier(table)}`,
  )
  return rows
}

/**
 * Why a job whose work items all ended within the thresholds left no rows: the source has none, or there is
 * nothing to derive from. Everything else is a failure.
 */
export async function whyWithoutRows(
  db: Database,
  run_id: string,
  { job, derived_from }: Pick<ListedJob, 'job' | 'derived_from'>,
): Promise<string> {
  if (derived_from !== undefined) {
    const rows = await rowsIn(db, derived_from)
    expectThat(rows === 0, `${job} derived nothing, although ${derived_from} has ${rows} rows`)
    return `${derived_from} has no rows to derive from`
  }
  const { ok } = await db.one<{ ok: number }>(
    "select count(*)::int as ok from ingestion.items where run_id = $1 and job = $2 and status = 'ok'",
    [run_id, job],
  )
  expectThat(ok === 0, `${ok} work items of ${job} ended as ok, and its table has no rows`)
  const [first] = await db.rows<{ reason: string; items: number }>(query('reason_without_rows'), [
    run_id,
    job,
  ])
  return first === undefined
    ? `${job} had no work items`
    : `no ${job}: ${first.reason} (${first.items} work items)`
}
