import * as Plot from '@observablehq/plot'
import type { EvidenceRow } from '../../helpers/checklist/events.ts'
import { chartOf } from './plot.ts'

const WIDTH = 500
const JOB_WORDS: Readonly<Record<string, string>> = {
  'prices-daily': 'Daily bars',
  'corporate-actions': 'Corporate actions',
  'fundamentals-raw': 'Reported facts, by end of period',
  'fundamentals-derived': 'Derived quarters, by end of period',
}

/** Rows of each job by year: one chart a job, each on a scale of its own. */
export function rowsChart(rows: readonly EvidenceRow[]): string {
  const by_job = Map.groupBy(rows, ({ job }) => String(job))
  const jobs = [...Object.keys(JOB_WORDS), ...by_job.keys()].filter((job, at, all) => all.indexOf(job) === at)
  const charts = jobs.flatMap((job) => {
    const years = by_job.get(job)
    if (years === undefined) return []
    const words = JOB_WORDS[job] ?? job
    const chart = chartOf(`${words}, rows by year`, {
      width: WIDTH,
      height: 170,
      marginLeft: 64,
      marginRight: 4,
      x: { type: 'band', label: null, tickFormat: labelOf(years.length) },
      y: { grid: true, ticks: 4, label: null },
      marks: [Plot.barY(years, { x: 'year', y: 'rows', fill: 'var(--full)', fillOpacity: 0.7 })],
    })
    return [`<div><h4>${words}</h4>${chart}</div>`]
  })
  return `<div class="small-charts">${charts.join('')}</div>`
}

/** Every label when there is room for it, else those of every fifth year. */
const labelOf =
  (count: number) =>
  (year: number): string =>
    count <= 10 || year % 5 === 0 ? String(year) : ''

/** Findings by check. */
export function findingsChart(rows: readonly EvidenceRow[]): string {
  return chartOf('Findings by check', {
    height: 34 + rows.length * 24,
    marginLeft: 230,
    marginRight: 60,
    marginTop: 4,
    x: { label: null, grid: true, ticks: 6 },
    y: { type: 'band', domain: rows.map(({ name }) => name), label: null, tickSize: 0 },
    marks: [
      Plot.barX(rows, { x: 'violations_count', y: 'name', fill: 'var(--some)' }),
      Plot.text(rows, {
        x: 'violations_count',
        y: 'name',
        text: 'violations_count',
        textAnchor: 'start',
        dx: 6,
      }),
    ],
  })
}
