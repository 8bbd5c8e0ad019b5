import * as Plot from '@observablehq/plot'
import { durationText } from '../../helpers/checklist/text.ts'
import type { PhaseView, RunView } from '../../helpers/checklist/view.ts'
import { chartOf, keyHtml } from './plot.ts'

const ROW_HEIGHT = 26
const COLORS = { ticked: 'var(--full)', failed: 'var(--none)' } as const

/** When each phase ran: one bar a phase, with a darker one for each of its boxes. */
export function timingsChart(view: RunView): string {
  const ran = view.phases.filter((phase) => phase.started_at !== null)
  if (ran.length === 0) return '<p class="soft">No phase ran.</p>'
  const start_ms = Date.parse(view.started_at)
  const at = (time: string | null, otherwise: string | null): number =>
    (Date.parse(time ?? otherwise ?? view.started_at) - start_ms) / 1000
  const colorOf = ({ state }: Pick<PhaseView, 'state'>): string =>
    state === 'ticked' || state === 'failed' ? COLORS[state] : 'var(--some)'
  const phases = ran.map((phase) => {
    const from = at(phase.started_at, null)
    const to = Math.max(from, at(phase.ended_at, phase.started_at))
    return { row: phase.title, from, to, color: colorOf(phase), text: durationText((to - from) * 1000) }
  })
  const boxes = ran.flatMap((phase) =>
    phase.boxes.flatMap((box) => {
      if (box.started_at === null || box.ended_at === null) return []
      const from = at(box.started_at, null)
      const to = Math.max(from, at(box.ended_at, null))
      const color = box.state === 'failed' ? 'var(--none)' : 'var(--full)'
      return [{ row: phase.title, from, to, color, title: `${box.claim}: ${durationText(box.duration_ms)}` }]
    }),
  )
  const end = Math.max(1, ...phases.map(({ to }) => to))
  return chartOf(
    'When each phase ran',
    {
      height: 40 + ran.length * ROW_HEIGHT,
      marginLeft: 340,
      marginRight: 90,
      marginTop: 24,
      marginBottom: 4,
      x: {
        axis: 'top',
        domain: [0, end],
        grid: true,
        label: null,
        ticks: 5,
        tickFormat: (seconds: number) => (seconds === 0 ? '0' : durationText(seconds * 1000)),
      },
      y: { type: 'band', domain: ran.map(({ title }) => title), label: null, tickSize: 0, padding: 0.3 },
      marks: [
        Plot.barX(phases, { x1: 'from', x2: 'to', y: 'row', fill: 'color', fillOpacity: 0.3 }),
        Plot.barX(boxes, {
          x1: 'from',
          x2: 'to',
          y: 'row',
          fill: 'color',
          title: 'title',
          insetTop: 5,
          insetBottom: 5,
          insetRight: 0.5,
        }),
        Plot.text(phases, { x: end, y: 'row', text: 'text', textAnchor: 'start', dx: 8 }),
      ],
    },
    keyHtml('full', 'a darker bar is a box'),
  )
}
