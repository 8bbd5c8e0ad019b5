import type { Evidence, EvidenceRow, EvidenceValue, Scalar } from '../helpers/checklist/events.ts'
import { clip, durationText } from '../helpers/checklist/text.ts'
import { counted, sizeText, thousands, timeText } from '../helpers/core/text.ts'
import { escapeXml } from './junit.ts'

/** Rows of a table of evidence that the page shows; the journal holds them all. */
const ROWS_SHOWN_MAX = 500
/** A longer table, text or list is folded under its name. */
const ROWS_OPEN_MAX = 80
const LIST_OPEN_MAX = 8
const RATIO_DIGITS = 6
const TEXT_CHARACTERS_MAX = 1_200
const CELL_CHARACTERS_MAX = 300

/** Text as HTML may hold it, in elements and in double-quoted attributes. */
export const escapeHtml = (text: string): string => escapeXml(text).replaceAll('"', '&quot;')

const isRows = (value: EvidenceValue): value is readonly EvidenceRow[] =>
  Array.isArray(value) && value.length > 0 && value.every((each) => each !== null && typeof each === 'object')

const HASH = /^[0-9a-f]{40,}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/** `rows_in_table` is read as "rows in table"; the unit at the end of a name is in its value. */
export const wordsOf = (name: string): string =>
  clip(name, CELL_CHARACTERS_MAX)
    .replace(/_(ms|bytes|ratio)$/, '')
    .replace(/_sha256$/, ' SHA-256')
    .replaceAll('_', ' ')

/**
 * A value as a person reads it, with its unit: the end of its name says which. A hash is cut to eight
 * characters, and opens.
 */
function scalarHtml(value: Scalar, name = ''): string {
  if (value === null) return '<span class="soft">none</span>'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return escapeHtml(numberText(value, name))
  if (HASH.test(value)) return hashHtml(value)
  if (TIME.test(value)) return timeText(value)
  return escapeHtml(clip(value, TEXT_CHARACTERS_MAX))
}

/** Numbers of these names are names themselves, not counts. */
const NUMBERED = /(^|_)(year|pid|oid|port|code|seq|version)$/

export function numberText(value: number, name: string): string {
  if (/(^|_)ms$/.test(name)) return durationText(value)
  if (/(^|_)bytes(_|$)/.test(name)) return sizeText(value)
  if (/(^|_)ratio(_|$)/.test(name)) return `${Number((value * 100).toPrecision(RATIO_DIGITS))} %`
  if (!Number.isInteger(value)) return String(Number(value.toPrecision(RATIO_DIGITS)))
  return NUMBERED.test(name) ? String(value) : thousands(value)
}

/** A hash, cut; without a script, the whole of it opens below. */
export const hashHtml = (hash: string): string =>
  `<details class="hash"><summary><code>${hash.slice(0, 8)}…</code></summary><code>${hash}</code></details>`

/**
 * Scalars as a list of terms; tables, long lists and texts of several lines under their name, folded away
 * unless `is_open`. `picture` may draw a table instead, where it is open.
 */
export function evidenceHtml(evidence: Evidence, is_open = false, picture?: Picture): string {
  const entries = Object.entries(evidence)
  const plain = entries.filter(([, value]) => !isRows(value) && !isLong(value))
  const list = plain
    .map(
      ([name, value]) => `<div><dt>${escapeHtml(wordsOf(name))}</dt><dd>${valueHtml(value, name)}</dd></div>`,
    )
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
  const lines = typeof value === 'string' ? value.trim().split('\n') : value
  const unit = typeof value === 'string' ? 'lines' : 'entries'
  const shown = lines.slice(0, ROWS_SHOWN_MAX).map((each) => clip(String(each), TEXT_CHARACTERS_MAX))
  const left = lines.length - shown.length
  const rest = left > 0 ? `\n… ${left} more ${unit} are in the journal` : ''
  const text = `<pre>${escapeHtml(shown.join('\n'))}${rest}</pre>`
  return foldedHtml(
    `${wordsOf(name)} · ${lines.length} ${unit}`,
    text,
    is_open && lines.length <= ROWS_OPEN_MAX,
  )
}

function valueHtml(value: EvidenceValue, name: string): string {
  if (!Array.isArray(value)) return scalarHtml(value as Scalar, name)
  if (value.length === 0) return '<span class="soft">none</span>'
  return value.map((each) => scalarHtml(each as Scalar)).join(', ')
}

function tableHtml(name: string, rows: readonly EvidenceRow[], is_open: boolean): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const isNumeric = (column: string): boolean => rows.every((row) => typeof (row[column] ?? 0) === 'number')
  const cell = (row: EvidenceRow, column: string): string =>
    `<td${isNumeric(column) ? ' class="num"' : ''}>${cellHtml(row[column] ?? null, column)}</td>`
  const head = columns
    .map((column) => `<th${isNumeric(column) ? ' class="num"' : ''}>${escapeHtml(wordsOf(column))}</th>`)
    .join('')
  const shown = rows.slice(0, ROWS_SHOWN_MAX)
  const body = shown.map((row) => `<tr>${columns.map((column) => cell(row, column)).join('')}</tr>`).join('')
  const left = rows.length - shown.length
  const rest = left > 0 ? `<p class="soft">${left} more rows are in the journal.</p>` : ''
  const table = `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`
  return foldedHtml(
    `${wordsOf(name)} · ${counted(rows.length, 'row')}`,
    `${wideHtml(wordsOf(name), table)}${rest}`,
    is_open && rows.length <= ROWS_OPEN_MAX,
  )
}

/** A cell of a table: long text is cut shorter than outside of it. */
const cellHtml = (value: Scalar, column: string): string =>
  typeof value === 'string' && value.length > CELL_CHARACTERS_MAX
    ? escapeHtml(clip(value, CELL_CHARACTERS_MAX))
    : scalarHtml(value, column)

/** What may be wider than the screen: it scrolls by itself, and the keyboard reaches it. */
export const wideHtml = (label: string, body: string): string =>
  `<div class="wide" role="region" tabindex="0" aria-label="${escapeHtml(label)}">${body}</div>`

const foldedHtml = (name: string, body: string, is_open: boolean): string =>
  `<details${is_open ? ' open' : ''}><summary>${escapeHtml(name)}</summary>${body}</details>`

/** Names and values, one a line. */
export const factsHtml = (facts: Readonly<Record<string, Scalar>>): string =>
  `<dl class="facts">${Object.entries(facts).map(factHtml).join('')}</dl>`

function factHtml([name, value]: [string, Scalar]): string {
  const warning = name === 'git_is_dirty' && value === true ? ' class="warn"' : ''
  return `<div><dt>${escapeHtml(wordsOf(name))}</dt><dd${warning}>${scalarHtml(value, name)}</dd></div>`
}
