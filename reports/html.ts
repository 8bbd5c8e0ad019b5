import type { Evidence, EvidenceRow, EvidenceValue, Scalar } from '../helpers/checklist/events.ts'
import { clip } from '../helpers/checklist/text.ts'
import { counted } from '../helpers/core/text.ts'
import { escapeXml } from './junit.ts'

/** Rows of a table of evidence that the page shows; the journal holds them all. */
const ROWS_SHOWN_MAX = 500
/** A longer table, text or list is folded under its name. */
const ROWS_OPEN_MAX = 80
const LIST_OPEN_MAX = 8
const RATIO_DIGITS = 6
const TEXT_CHARACTERS_MAX = 1_200

/** Coordinates of an SVG to a tenth: a finer position is invisible, and costs bytes. */
export const round = (value: number): number => Math.round(value * 10) / 10

/** Text as HTML may hold it, in elements and in double-quoted attributes. */
export const escapeHtml = (text: string): string => escapeXml(text).replaceAll('"', '&quot;')

const isRows = (value: EvidenceValue): value is readonly EvidenceRow[] =>
  Array.isArray(value) && value.length > 0 && value.every((each) => each !== null && typeof each === 'object')

/** Counts get thin separators of thousands; hashes, dates and money are unchanged. */
export function scalarHtml(value: Scalar): string {
  if (value === null) return '<span class="soft">none</span>'
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) >= 10_000)
    return value.toLocaleString('en-US').replaceAll(',', '\u{202f}')
  if (typeof value === 'number' && !Number.isInteger(value))
    return String(Number(value.toPrecision(RATIO_DIGITS)))
  const text = escapeHtml(clip(String(value), TEXT_CHARACTERS_MAX))
  return typeof value === 'string' && /^[0-9a-f]{32,}$/.test(value) ? `<code>${text}</code>` : text
}

/**
 * Scalars as a list of terms; tables, long lists and texts of several lines under their name, folded away
 * unless `is_open`. `picture` may draw a table instead, where it is open.
 */
export function evidenceHtml(evidence: Evidence, is_open = false, picture?: Picture): string {
  const entries = Object.entries(evidence)
  const plain = entries.filter(([, value]) => !isRows(value) && !isLong(value))
  const list = plain
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${valueHtml(value)}</dd></div>`)
    .join('')
  const blocks = entries.map(([name, value]) => {
    if (isRows(value))
      return (is_open ? picture?.(name, value, evidence) : undefined) ?? tableHtml(name, value, is_open)
    return isLong(value) ? longHtml(name, value, is_open) : ''
  })
  return `${list === '' ? '' : `<dl>${list}</dl>`}${blocks.join('')}`
}

/** Draws rows of evidence; undefined for rows of another kind. */
export type Picture = (name: string, rows: readonly EvidenceRow[], evidence: Evidence) => string | undefined

const isLong = (value: EvidenceValue): value is string | readonly Scalar[] =>
  Array.isArray(value)
    ? value.length > LIST_OPEN_MAX && !isRows(value)
    : typeof value === 'string' && value.trim().includes('\n')

/**
 * A list with one entry a line, or a text of several lines unchanged: a command's output is read by its
 * lines.
 */
function longHtml(name: string, value: string | readonly Scalar[], is_open: boolean): string {
  const lines =
    typeof value === 'string'
      ? value.trim().split('\n')
      : value.map((each) => clip(String(each), TEXT_CHARACTERS_MAX))
  const unit = typeof value === 'string' ? 'lines' : 'entries'
  const shown = lines.slice(0, ROWS_SHOWN_MAX)
  const left = lines.length - shown.length
  const rest = left > 0 ? `\n… ${left} more ${unit} are in the journal` : ''
  const text = `<pre>${escapeHtml(shown.join('\n'))}${rest}</pre>`
  return foldedHtml(`${name} · ${lines.length} ${unit}`, text, is_open && lines.length <= ROWS_OPEN_MAX)
}

function valueHtml(value: EvidenceValue): string {
  if (!Array.isArray(value)) return scalarHtml(value as Scalar)
  if (value.length === 0) return '<span class="soft">none</span>'
  return value.map((each) => scalarHtml(each as Scalar)).join(', ')
}

function tableHtml(name: string, rows: readonly EvidenceRow[], is_open: boolean): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const isNumeric = (column: string): boolean => rows.every((row) => typeof (row[column] ?? 0) === 'number')
  const cell = (row: EvidenceRow, column: string): string =>
    `<td${isNumeric(column) ? ' class="num"' : ''}>${scalarHtml(row[column] ?? null)}</td>`
  const head = columns
    .map((column) => `<th${isNumeric(column) ? ' class="num"' : ''}>${escapeHtml(column)}</th>`)
    .join('')
  const shown = rows.slice(0, ROWS_SHOWN_MAX)
  const body = shown.map((row) => `<tr>${columns.map((column) => cell(row, column)).join('')}</tr>`).join('')
  const left = rows.length - shown.length
  const rest = left > 0 ? `<p class="soft">${left} more rows are in the journal.</p>` : ''
  const table = `<div class="wide"><table><tr>${head}</tr>${body}</table></div>${rest}`
  return foldedHtml(
    `${name} · ${counted(rows.length, 'row')}`,
    table,
    is_open && rows.length <= ROWS_OPEN_MAX,
  )
}

const foldedHtml = (name: string, body: string, is_open: boolean): string =>
  `<details${is_open ? ' open' : ''}><summary>${escapeHtml(name)}</summary>${body}</details>`

/** Names and values, one a line. */
export const factsHtml = (facts: Readonly<Record<string, Scalar>>): string =>
  `<dl class="facts">${Object.entries(facts).map(factHtml).join('')}</dl>`

function factHtml([name, value]: [string, Scalar]): string {
  const warning = name === 'git_is_dirty' && value === true ? ' class="warn"' : ''
  return `<div><dt>${escapeHtml(name.replaceAll('_', ' '))}</dt><dd${warning}>${scalarHtml(value)}</dd></div>`
}
