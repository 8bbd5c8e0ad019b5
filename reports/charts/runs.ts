import * as Plot from '@observablehq/plot'
import type { RunFigures } from '../../helpers/checklist/events.ts'
import { numberText } from '../html.ts'
import { chartOf } from './plot.ts'

/** What is drawn over the runs: the figure and its words. */
const DRAWN = [
  ['bars', 'Daily bars'],
  ['facts', 'Reported facts'],
  ['database_bytes', 'Size of the database'],
  ['findings', 'Findings'],
  ['duration_ms', 'Duration of the run'],
] as const

/** Figures of the runs, oldest first: one chart a figure. Empty with fewer than two runs that have it. */
export function runsChart(runs: readonly RunFigures[]): string {
  const charts = DRAWN.flatMap(([name, words]) => {
    const points = runs.flatMap((run, index) => {
      const value = run[name]
      return typeof value === 'number'
        ? [{ index, value, title: `${run['run_id']}: ${numberText(value, name)}` }]
        : []
    })
    if (points.length < 2) return []
    const chart = chartOf(`${words}, over the runs`, {
      width: 500,
      height: 150,
      marginLeft: 110,
      marginRight: 12,
      x: { domain: [0, Math.max(1, runs.length - 1)], ticks: [], label: null },
      y: {
        zero: true,
        grid: true,
        ticks: 4,
        label: null,
        tickFormat: (value: number) => numberText(value, name),
      },
      marks: [
        Plot.lineY(points, { x: 'index', y: 'value', stroke: 'var(--full)' }),
        Plot.dot(points, { x: 'index', y: 'value', fill: 'var(--full)', r: 4, title: 'title' }),
      ],
    })
    return [`<div><h4>${words}</h4>${chart}</div>`]
  })
  if (charts.length === 0) return '<p class="soft">No earlier run recorded figures to compare with.</p>'
  return `<div class="small-charts">${charts.join('')}</div>
<p class="soft">From the oldest run on the left to this run on the right; ${runs.length} runs.</p>`
}
