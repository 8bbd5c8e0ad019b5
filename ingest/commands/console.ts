import { redact } from '../../helpers/core/redact.ts'
import { counted, plainText } from '../../helpers/core/text.ts'
import type { JobReport } from '../contract/job.ts'
import type { Progress } from '../pipeline/context.ts'
import type { RunReport } from '../pipeline/report.ts'
import { gapLines } from '../pipeline/report.ts'

/** Where a person reads: standard error, so that standard output stays the summary. */
export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const REDRAW_MS = 100
const COLUMNS_DEFAULT = 100

/** One line of progress that redraws itself on a terminal; elsewhere one plain line for each job. */
export function progressLine(screen: Screen, now: () => number = () => performance.now()) {
  let job = ''
  let started_ms = now()
  let drawn_ms = 0
  let is_drawn = false
  const clear = (): void => {
    if (is_drawn) screen.write('\r\u001b[K')
    is_drawn = false
  }
  return {
    show(progress: Progress): void {
      const at = now()
      if (progress.job !== job) [job, started_ms] = [progress.job, at]
      if (screen.isTTY !== true || at - drawn_ms < REDRAW_MS) return
      drawn_ms = at
      const text = redact(plainText(progressText(progress, at - started_ms)))
      screen.write(`\r\u001b[K${text.slice(0, (screen.columns ?? COLUMNS_DEFAULT) - 1)}`)
      is_drawn = true
    },
    done(report: JobReport): void {
      clear()
      screen.write(`${redact(plainText(jobText(report)))}\n`)
    },
    clear,
  }
}

/** Count, rate and time left, as far as they are known. */
export function progressText(progress: Progress, elapsed_ms: number): string {
  const { job, step, items_done, items_total, rows_read, read_bytes, estimated_bytes } = progress
  const seconds = Math.max(elapsed_ms / 1_000, 0.001)
  let ratio = items_total === 0 ? 0 : items_done / items_total
  if (step === 'read' && estimated_bytes > 0) ratio = Math.min(read_bytes / estimated_bytes, 1)
  const left =
    ratio > 0.02 && ratio < 1 ? ` · about ${duration((elapsed_ms * (1 - ratio)) / ratio)} left` : ''
  return (
    `${job} · ${step} · ${count(items_done)} of ${count(items_total)} items · ${count(rows_read)} rows · ` +
    `${count(Math.round(rows_read / seconds))} rows/s${left}`
  )
}

const jobText = (report: JobReport): string =>
  `${report.job}: ${count(report.rows_read)} read, ${count(report.rows_inserted)} inserted, ` +
  `${count(report.rows_updated)} updated, ${count(report.rows_deleted)} deleted; ` +
  `${itemsText(report.items)}${unchangedText(report)}; ${duration(report.duration_ms)}`

const itemsText = (items: JobReport['items']): string =>
  Object.entries(items)
    .filter(([, number]) => number > 0)
    .map(([status, number]) => `${count(number)} ${status}`)
    .join(', ') || 'no item'

function unchangedText(report: JobReport): string {
  const { items_unchanged, unchanged_since, unchanged_rejected_count = 0 } = report
  if (report.all_requested_because !== undefined)
    return ` (every filer was requested: ${report.all_requested_because})`
  if (report.not_requested !== undefined) return notRequestedText(report.items, report.not_requested)
  if (items_unchanged === 0) return ''
  const why = unchanged_since === undefined ? 'inputs unchanged' : `unchanged since run ${unchanged_since}`
  const rejected =
    unchanged_rejected_count === 0 ? '' : `, which rejected ${counted(unchanged_rejected_count, 'record')}`
  return ` (${count(items_unchanged)} skipped: ${why}${rejected})`
}

function notRequestedText(
  items: JobReport['items'],
  { items_count, since_run_id, through_date }: NonNullable<JobReport['not_requested']>,
): string {
  const all = Object.values(items).reduce((sum, number) => sum + number, 0)
  return (
    ` (${counted(all - items_count, 'filer')} requested; ${count(items_count)} filed nothing until ` +
    `${through_date}, since run ${since_run_id} or a later one requested them)`
  )
}

/**
 * The end of a run as a person reads it: a table of jobs, every failed, deferred and missing item by name,
 * and the state.
 */
export function summaryText({ run_id, state, state_reason, jobs, duration_ms }: RunReport): string {
  const columns = [
    'read',
    'skipped',
    'rejected',
    'withheld',
    'staged',
    'inserted',
    'updated',
    'unchanged',
    'deleted',
  ] as const
  const table = [
    ['job', ...columns, 'items'],
    ...jobs.map((job) => [
      job.job,
      ...columns.map((column) => count(job[`rows_${column}`])),
      `${itemsText(job.items)}${unchangedText(job)}`,
    ]),
  ]
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? []
  const aligned = table.map((row) =>
    row
      .map((cell, at) =>
        at === 0 || at === row.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  const gaps_count = jobs.reduce((sum, { gaps }) => sum + gaps.length, 0)
  const gaps = jobs.flatMap(({ job, gaps }) => gapLines(job, gaps))
  return [
    '',
    ...aligned,
    ...(gaps.length === 0 ? [] : ['', `Items with no data (${count(gaps_count)}):`, ...gaps]),
    ...jobs.flatMap(({ job, rows_withdrawn }) =>
      rows_withdrawn === 0
        ? []
        : [
            '',
            `${counted(rows_withdrawn, 'row')} of ${job}: no longer in the source. Kept, and recorded ` +
              'in ingestion.withdrawals.',
          ],
    ),
    '',
    `Run ${run_id}: ${state}${state_reason === null ? '' : `. ${state_reason}`} (${duration(duration_ms)})`,
    '',
  ]
    .map((line) => redact(line))
    .join('\n')
}

const count = (number: number): string => number.toLocaleString('en-US')

function duration(duration_ms: number): string {
  const seconds = duration_ms / 1_000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
