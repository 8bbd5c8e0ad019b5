import type { EvidenceRow } from '../helpers/checklist/events.ts'
import { round } from './html.ts'

const WIDTH = 1024
const LEFT = 60
const TOP = 8
const MIDDLE = 88
const BASE = 150
const HEIGHT = 170
const YEAR_WIDTH = 36
const BAND_GAP = 22

/**
 * Whether rows are the sessions of `coverageMonths`: counts of each session of a month, with a blank between.
 */
export const isSessions = (rows: readonly EvidenceRow[]): boolean =>
  rows.every(
    ({ month, listed, bars }) =>
      [month, listed, bars].every((each) => typeof each === 'string') && /^[\d ]+$/.test(`${listed}${bars}`),
  )

/**
 * Rows of each session against the calendar, as a static SVG: securities that were listed, those that have a
 * bar, and below, on a scale of its own, how many are missing.
 */
export function sessionsOf(rows: readonly EvidenceRow[]): string {
  const counts = (name: 'listed' | 'bars'): number[] =>
    rows.flatMap((row) => String(row[name]).split(' ').map(Number))
  const listed = counts('listed')
  const bars = counts('bars')
  const missing = listed.map((count, index) => count - (bars[index] ?? 0))
  const max = Math.max(1, ...listed, ...bars)
  const missing_max = Math.max(0, ...missing)
  const step = (WIDTH - LEFT) / Math.max(1, listed.length)
  const x = (index: number): number => round(LEFT + index * step)
  const y = (count: number): number => round(TOP + (MIDDLE - TOP) * (1 - count / max))
  const strokes = missing.map((count, index) => {
    if (count <= 0) return ''
    const height = Math.max(1, (count / missing_max) * (BASE - MIDDLE - BAND_GAP))
    return `M${round(x(index) + step / 2)} ${BASE}v${-round(height)}`
  })
  const level = (text: string, at: number): string =>
    `<text class="soft" x="${LEFT - 6}" y="${at}" text-anchor="end">${text}</text>`
  const levels = [
    level(thousands(max), TOP + 4),
    level('0', MIDDLE + 4),
    missing_max === 0 ? '' : level(thousands(missing_max), MIDDLE + BAND_GAP + 4),
  ]
  const line = (kind: string, path: string): string => `<path class="line ${kind}" d="${path}"/>`
  const short_count = missing.filter((count) => count > 0).length
  const shortage =
    missing_max === 0
      ? 'No session misses a bar.'
      : `Sessions that miss bars: ${thousands(short_count)}, at most ${thousands(missing_max)} bars each.`
  const label = 'Rows of each session against the calendar'
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">\
${yearsOf(rows, x)}${levels.join('')}${line('soft', stepsOf(listed, x, y))}\
${line('m-full', stepsOf(bars, x, y))}${line('m-none', strokes.join(''))}</svg>
<p class="soft key">${thousands(listed.length)} sessions: listed securities (grey), \
<b class="m-full">those with a bar</b>, and below <b class="m-none">those without</b>. ${shortage}</p>`
}

/** A line of steps: one level a session, drawn where it changes. */
function stepsOf(
  values: readonly number[],
  x: (index: number) => number,
  y: (count: number) => number,
): string {
  const steps = values.map((count, index) => {
    if (index === 0) return `M${x(0)} ${y(count)}`
    return count === values[index - 1] ? '' : `H${x(index)}V${y(count)}`
  })
  return `${steps.join('')}H${x(values.length)}`
}

function yearsOf(rows: readonly EvidenceRow[], x: (index: number) => number): string {
  let sessions = 0
  const marks = rows.map(({ month, listed }) => {
    const at = x(sessions)
    sessions += String(listed).split(' ').length
    if (!String(month).endsWith('-01')) return ''
    const line = `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${BASE}"/>`
    if (at > WIDTH - YEAR_WIDTH) return line
    return `${line}<text class="soft" x="${at + 2}" y="${HEIGHT - 4}">${String(month).slice(0, 4)}</text>`
  })
  return marks.join('')
}

const thousands = (count: number): string => count.toLocaleString('en-US').replaceAll(',', '\u{202f}')
