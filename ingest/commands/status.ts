import { join } from 'node:path'
import { counted } from '../../helpers/core/text.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import type { ItemGap } from '../contract/job.ts'
import { IS_INGESTION_LOCK } from '../pipeline/lock.ts'
import { gapLines } from '../pipeline/report.ts'
import { DIED } from '../pipeline/runs.ts'
import type { ValidationReport } from '../validation/validate.ts'

const SQL = join(import.meta.dirname, 'sql')

interface RunLine {
  readonly run_id: string
  readonly state: string
  readonly started_at: string
  readonly start_date: string
  readonly end_date: string
  readonly source: string
  readonly reason: string
  readonly [column: string]: unknown
}

/**
 * The newest runs, and the work items of the newest one by job and status. Lines are wrapped at `columns`,
 * the width of a terminal; without it, one line a run.
 */
export async function statusText(db: Database, columns?: number): Promise<string> {
  const runs = await db.rows<RunLine>(
    queryFile(SQL, 'newest-runs', { is_ingestion_lock: IS_INGESTION_LOCK }),
    [RUNS_MAX, DIED],
  )
  const [newest] = runs
  if (newest === undefined) return 'No run yet.\n'
  const items = await db.rows<{ line: string }>(queryFile(SQL, 'items-by-job'), [newest.run_id])
  const gaps = await db.rows<ItemGap & { job: string } & Record<string, unknown>>(
    queryFile(SQL, 'items-without-data'),
    [newest.run_id],
  )
  const lines = [...Map.groupBy(gaps, ({ job }) => job)].flatMap(([job, group]) => gapLines(job, group))
  return [
    ...runs.map(runLine),
    '',
    `Items of ${newest.run_id}:`,
    ...items.map(({ line }) => line),
    ...(lines.length === 0 ? [] : ['', 'Items with no data:', ...lines]),
    '',
  ]
    .flatMap((line) => wrapped(line, columns))
    .join('\n')
}

const RUNS_MAX = 5

const runLine = ({ run_id, state, started_at, start_date, end_date, source, reason }: RunLine): string =>
  [run_id, state.padEnd(18), `${started_at} UTC`, `${start_date} to ${end_date}`, source, reason]
    .join('  ')
    .trimEnd()

const INDENT = '      '

/** A line as lines of at most `columns` characters, cut at spaces; a longer word keeps its line. */
export function wrapped(line: string, columns: number | undefined): string[] {
  if (columns === undefined || line.length <= columns) return [line]
  const before = line.lastIndexOf(' ', columns)
  const cut = line.slice(0, Math.max(before, 0)).trim() === '' ? line.indexOf(' ', columns) : before
  if (cut < 0) return [line]
  return [line.slice(0, cut).trimEnd(), ...wrapped(`${INDENT}${line.slice(cut).trimStart()}`, columns)]
}

/** The outcome of a validation as a person reads it: each claim that does not hold, and the counts. */
export function validationText({ checks, hard_count, soft_count, accepted_count }: ValidationReport): string {
  const broken = checks.filter(
    ({ violations_count, accepted_count: accepted }) => violations_count > accepted,
  )
  return [
    ...broken.map(
      ({ severity, name, claim, violations_count, accepted_count: accepted }) =>
        `${severity}  ${name}: ${counted(violations_count - accepted, 'violation')} of "${claim}", in ` +
        'ingestion.findings',
    ),
    `${checks.length} checks: ${hard_count} hard and ${soft_count} soft violations, ${accepted_count} ` +
      'accepted in writing.',
    '',
  ].join('\n')
}
