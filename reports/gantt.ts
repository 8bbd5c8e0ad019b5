import { durationText } from '../helpers/checklist/text.ts'
import type { PhaseView, RunView } from '../helpers/checklist/view.ts'
import { escapeHtml, round } from './html.ts'

const WIDTH = 1024
const LABEL_WIDTH = 280
const VALUE_WIDTH = 96
const ROW_HEIGHT = 26
const AXIS_HEIGHT = 24
/** Steps of the axis in seconds; the smallest that gives at most eight. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]
const STEPS_MAX = 8

/** When each phase ran, as a static SVG: one bar a phase, with a darker line for each of its boxes. */
export function ganttOf(view: RunView): string {
  const ran = view.phases.filter((phase) => phase.started_at !== null)
  if (ran.length === 0) return '<p class="soft">No phase ran.</p>'
  const start_ms = Date.parse(view.started_at)
  const end_ms = Math.max(
    start_ms + 1000,
    ...ran.map((phase) => Date.parse(phase.ended_at ?? phase.started_at ?? '')),
  )
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / (end_ms - start_ms)
  const x = (at: string): number => LABEL_WIDTH + (Date.parse(at) - start_ms) * scale
  const height = AXIS_HEIGHT + ran.length * ROW_HEIGHT
  const rows = ran.map((phase, index) => row(phase, AXIS_HEIGHT + index * ROW_HEIGHT, x)).join('')
  const marks = axis(end_ms - start_ms, scale, height)
  const label = 'When each phase ran'
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${marks}${rows}</svg>`
}

function axis(span_ms: number, scale: number, height: number): string {
  const step_s = STEPS_S.find((each) => span_ms / (each * 1000) <= STEPS_MAX) ?? span_ms / 1000
  const marks = Array.from(
    { length: Math.floor(span_ms / (step_s * 1000)) + 1 },
    (_, index) => index * step_s,
  )
  return marks
    .map((seconds) => {
      const at = round(LABEL_WIDTH + seconds * 1000 * scale)
      const line = `<line class="grid" x1="${at}" x2="${at}" y1="${AXIS_HEIGHT - 6}" y2="${height}"/>`
      const text = seconds === 0 ? '0' : shortText(seconds)
      return `${line}<text class="soft" x="${at}" y="12" text-anchor="middle">${text}</text>`
    })
    .join('')
}

function row(phase: PhaseView, y: number, x: (at: string) => number): string {
  const from = phase.started_at ?? ''
  const to = phase.ended_at ?? from
  const kind = phase.state === 'ticked' || phase.state === 'failed' ? phase.state : 'other'
  const width = round(Math.max(2, x(to) - x(from)))
  const place = `x="${round(x(from))}" y="${y + 5}" width="${width}" height="15"`
  const bar = `<rect class="${kind}" fill-opacity="0.35" ${place} rx="2"/>`
  const boxes = phase.boxes.map((box) => {
    if (box.started_at === null || box.ended_at === null) return ''
    const width = round(Math.max(1, x(box.ended_at) - x(box.started_at) - 0.5))
    const kind = box.state === 'failed' ? 'failed' : 'ticked'
    const title = `<title>${escapeHtml(`${box.claim}: ${durationText(box.duration_ms)}`)}</title>`
    const place = `x="${round(x(box.started_at))}" y="${y + 9}" width="${width}" height="7"`
    return `<rect class="${kind}" ${place}>${title}</rect>`
  })
  const duration = durationText(Date.parse(to) - Date.parse(from))
  const name = `<text x="0" y="${y + 17}">${escapeHtml(phase.title)}</text>`
  const took = `<text class="soft" x="${WIDTH}" y="${y + 17}" text-anchor="end">${duration}</text>`
  return `${name}${bar}${boxes.join('')}${took}`
}

function shortText(seconds: number): string {
  if (seconds >= 3600) return `${round(seconds / 3600)} h`
  return seconds >= 60 ? `${round(seconds / 60)} min` : `${round(seconds)} s`
}
