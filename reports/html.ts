import type { Evidence, EvidenceRow, EvidenceValue, Scalar } from '../helpers/checklist/events.ts'
import { clip } from '../helpers/checklist/terminal.ts'
import { escapeXml } from './junit.ts'

/** Rows of a table of evidence that the page shows; the journal holds them all. */
const ROWS_SHOWN_MAX = 500
const TEXT_CHARACTERS_MAX = 1_200

/** Text as HTML may hold it, in elements and in double-quoted attributes. */
export const escapeHtml = (text: string): string => escapeXml(text).replaceAll('"', '&quot;')

const isRows = (value: EvidenceValue): value is readonly EvidenceRow[] =>
  Array.isArray(value) && value.length > 0 && value.every((each) => each !== null && typeof each === 'object')

/** Counts get thin separators of thousands; hashes, dates and money stay as they are. */
export function scalarHtml(value: Scalar): string {
  if (value === null) return '<span class="soft">none</span>'
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) >= 10_000)
    return value.toLocaleString('en-US').replaceAll(',', '\u{202f}')
  const text = escapeHtml(clip(String(value), TEXT_CHARACTERS_MAX))
  return typeof value === 'string' && /^[0-9a-f]{32,}$/.test(value) ? `<code>${text}</code>` : text
}

/** Scalars as a list of terms, tables folded away under their name. */
export function evidenceHtml(evidence: Evidence, is_open = false): string {
  const plain = Object.entries(evidence).filter(([, value]) => !isRows(value))
  const tables = Object.entries(evidence).filter((entry): entry is [string, readonly EvidenceRow[]] => isRows(entry[1]))
  const list = plain.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${valueHtml(value)}</dd></div>`).join('')
  return `${list === '' ? '' : `<dl>${list}</dl>`}${tables.map(([name, rows]) => tableHtml(name, rows, is_open)).join('')}`
}

const valueHtml = (value: EvidenceValue): string =>
  Array.isArray(value)
    ? value.length === 0
      ? '<span class="soft">none</span>'
      : value.map((each) => scalarHtml(each as Scalar)).join(', ')
    : scalarHtml(value as Scalar)

function tableHtml(name: string, rows: readonly EvidenceRow[], is_open: boolean): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const isNumeric = (column: string): boolean => rows.every((row) => typeof (row[column] ?? 0) === 'number')
  const cell = (row: EvidenceRow, column: string): string =>
    `<td${isNumeric(column) ? ' class="num"' : ''}>${scalarHtml(row[column] ?? null)}</td>`
  const head = columns.map((column) => `<th${isNumeric(column) ? ' class="num"' : ''}>${escapeHtml(column)}</th>`).join('')
  const shown = rows.slice(0, ROWS_SHOWN_MAX)
  const body = shown.map((row) => `<tr>${columns.map((column) => cell(row, column)).join('')}</tr>`).join('')
  const rest = rows.length > shown.length ? `<p class="soft">${rows.length - shown.length} more rows stand in the journal.</p>` : ''
  return `<details${is_open ? ' open' : ''}><summary>${escapeHtml(name)} · ${rows.length} rows</summary><div class="wide"><table><tr>${head}</tr>${body}</table></div>${rest}</details>`
}

/** Names and values, one a line. */
export const factsHtml = (facts: Readonly<Record<string, Scalar>>): string =>
  `<table class="facts">${Object.entries(facts)
    .map(([name, value]) => `<tr><th>${escapeHtml(name.replaceAll('_', ' '))}</th><td>${scalarHtml(value)}</td></tr>`)
    .join('')}</table>`
