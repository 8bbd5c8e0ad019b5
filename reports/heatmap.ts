import type { EvidenceRow } from '../helpers/checklist/events.ts'
import { escapeHtml, round, scalarHtml } from './html.ts'

const WIDTH = 1024
const LABEL_WIDTH = 150
const VALUE_WIDTH = 84
const ROW_HEIGHT = 15
const AXIS_HEIGHT = 20
/** Narrower cells show no digit; their title has it. */
const DIGIT_WIDTH_MIN = 9

/** Whether rows are of `coverageMonths`: a string with one character a month. */
export const isHeatmap = (rows: readonly EvidenceRow[]): boolean =>
  rows.every(({ months }) => typeof months === 'string' && /^[-0-9#]+$/.test(months))

/**
 * Symbol × month as a static SVG: full where every listed session has a bar, a digit for tenths, 0 for none,
 * nothing where the security was not listed. Equal months in a row are one bar.
 */
export function heatmapOf(first_month: string, rows: readonly EvidenceRow[]): string {
  const count = Math.max(1, ...rows.map(({ months }) => String(months).length))
  const cell = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / count
  const height = AXIS_HEIGHT + rows.length * ROW_HEIGHT + 2
  const body = rows
    .map((row, index) => rowOf(row, AXIS_HEIGHT + index * ROW_HEIGHT, cell, first_month))
    .join('')
  const label = 'Sessions with a bar, by security and month'
  const missing = `<text class="soft" x="${WIDTH}" y="12" text-anchor="end">missing</text>`
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">\
${yearsOf(first_month, count, cell, height)}${missing}${body}</svg>
<p class="soft key">One cell a month: <b class="m-full">■</b> every listed session has a bar, \
<b class="m-some">9 … 1</b> tenths of them, <b class="m-none">0</b> none, empty: not listed, or the listing \
day is unknown. A security without a row misses no session, or fewer than those shown.</p>`
}

function yearsOf(first_month: string, count: number, cell: number, height: number): string {
  return Array.from({ length: count }, (_, index) => ({ index, month: monthAt(first_month, index) }))
    .filter(({ index, month }) => month.endsWith('-01') || index === 0)
    .map(({ index, month }) => {
      const x = round(LABEL_WIDTH + index * cell)
      const label = month.endsWith('-01')
        ? `<text class="soft" x="${x + 2}" y="12">${month.slice(0, 4)}</text>`
        : ''
      return `<line class="grid" x1="${x}" x2="${x}" y1="4" y2="${height}"/>${label}`
    })
    .join('')
}

function rowOf(
  { source_id, ticker, missing, months }: EvidenceRow,
  y: number,
  cell: number,
  first_month: string,
): string {
  const label = String(ticker ?? source_id ?? '')
  const runs = [...String(months).matchAll(/(.)\1*/g)].filter(([run]) => !run.startsWith('-'))
  const bars = runs.map(({ 0: run, index }) => {
    const level = run[0] ?? '0'
    const from = monthAt(first_month, index)
    const to = monthAt(first_month, index + run.length - 1)
    const x = LABEL_WIDTH + index * cell
    const { kind, covered } = levelOf(level)
    const months_text = from === to ? from : `${from} to ${to}`
    const title = `<title>${escapeHtml(`${label}, ${months_text}: ${covered}`)}</title>`
    const width = round(Math.max(0.5, run.length * cell - 0.7))
    const place = `x="${round(x)}" y="${y}" width="${width}" height="${ROW_HEIGHT - 3}"`
    const rect = `<rect class="${kind}" ${place}>${title}</rect>`
    if (level === '#' || cell < DIGIT_WIDTH_MIN) return rect
    const digits = [...run].map((digit, at) => {
      const middle = round(x + (at + 0.5) * cell)
      return `<text class="digit" x="${middle}" y="${y + 9.5}" text-anchor="middle">${digit}</text>`
    })
    return `${rect}${digits.join('')}`
  })
  const name = label.length > 20 ? `${label.slice(0, 19)}…` : label
  const id = `<title>${escapeHtml(String(source_id ?? ''))}</title>`
  const count = typeof missing === 'number' ? scalarHtml(missing) : ''
  const count_text = `<text class="soft" x="${WIDTH}" y="${y + 10}" text-anchor="end">${count}</text>`
  return `<text x="0" y="${y + 10}">${escapeHtml(name)}${id}</text>${bars.join('')}${count_text}`
}

/** What one character of a row means: `#` is every session, a digit the tenths that have a bar. */
function levelOf(level: string): { kind: string; covered: string } {
  if (level === '#') return { kind: 'm-full', covered: 'every session' }
  if (level === '0') return { kind: 'm-none', covered: 'no session' }
  return { kind: 'm-some', covered: `about ${level}0 % of the sessions` }
}

/** `2020-11` and 3 give `2021-02`. */
function monthAt(first_month: string, index: number): string {
  const [year = 0, month = 1] = first_month.split('-').map(Number)
  const all = year * 12 + month - 1 + index
  return `${Math.floor(all / 12)}-${String((all % 12) + 1).padStart(2, '0')}`
}
