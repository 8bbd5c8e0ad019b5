/** What the phases ask of tables, and what it means that one has no rows. */
import { expectThat } from '../helpers/checklist/expectations.ts'
import { counted } from '../helpers/core/text.ts'
import type { Database } from '../helpers/postgres/database.ts'
import { quoteIdentifier } from '../helpers/postgres/sql.ts'
import { type Dataset, type JobName, tablesOf } from '../ingest/contract/job.ts'
import { JOBS, jobOf } from '../ingest/jobs.ts'
import type { ListedJob } from './jobs.ts'
import { query } from './query.ts'

/** The jobs of the required datasets. */
const requiredJobs = (required: readonly Dataset[]): Map<JobName, Dataset> =>
  new Map(
    JOBS.flatMap((job) =>
      job.kind === 'sourced' && required.includes(job.dataset) ? [[job.name, job.dataset] as const] : [],
    ),
  )

/**
 * What a person must do about required datasets without rows, a sentence each. `found` are the jobs of the
 * source, each with the reason of a job without rows where one is known.
 */
export function missingRequired(
  found: readonly { readonly job: JobName; readonly rows: number; readonly reason?: string | undefined }[],
  required: readonly Dataset[],
): string[] {
  const jobs = requiredJobs(required)
  return found.flatMap(({ job, rows, reason }) => {
    const dataset = jobs.get(job)
    if (dataset === undefined || rows > 0) return []
    const why = reason === undefined ? '' : `: ${reason.replace(/\.$/, '')}`
    return [
      `the required dataset "${dataset}" has no rows${why}. Add it to the source, ` +
        'or remove it from required_datasets in bootstrap.json',
    ]
  })
}

/** Rows of all tables that a job fills. */
export async function rowsOfJob(db: Database, job: JobName): Promise<number> {
  let rows = 0
  for (const table of tablesOf(jobOf(job))) rows += await rowsIn(db, table)
  return rows
}

/** Rows of a table or view in schema stocks_research. */
export async function rowsIn(db: Database, table: string): Promise<number> {
  const { rows } = await db.one<{ rows: number }>(
    `select count(*)::int as rows from stocks_research.${quoteIdentifier(table)}`,
  )
  return rows
}

/**
 * Why a job whose work items all ended within the thresholds left no rows: the source has none, or there is
 * nothing to derive from. Everything else is a failure, and so is a dataset that is required.
 */
export async function whyWithoutRows(
  db: Database,
  run_id: string,
  { job, derived_from }: Pick<ListedJob, 'job' | 'derived_from'>,
  required: readonly Dataset[],
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
  const reason =
    first === undefined
      ? undefined
      : `${first.reason.replace(/\.$/, '')} (${counted(first.items, 'work item')})`
  const [missing = ''] = missingRequired([{ job, rows: 0, reason }], required)
  expectThat(missing === '', missing)
  return reason === undefined ? `${job} had no work items` : `no ${job}: ${reason}`
}
