import { malformed } from './faults.ts'
import { LIMITS } from './limits.ts'

/** One line of a file, or several when a quoted field holds line breaks. */
export interface RawRecord {
  /** Line on which it starts, or row of a Parquet file, from 1. */
  readonly line: number
  /**
   * Undefined when the line is not a record; `text` is then the line itself. Only Parquet has nulls.
   */
  readonly fields: readonly (string | null)[] | undefined
  readonly text: string
}

/** Lines that one quoted field may run over before its opening quote is taken for a stray one. */
const LINES_A_RECORD_MAX = 16

/**
 * Splits text into records by RFC 4180: a comma or another delimiter, double quotes, CRLF or LF, blank lines
 * skipped. A line whose quotes do not close is one bad record, not the end of the file: the next line is
 * tried by itself.
 */
export class RecordSplitter {
  readonly #delimiter: string
  #rest = ''
  #line = 0

  constructor(delimiter = ',') {
    this.#delimiter = delimiter
  }

  /** The records that `text` completes. With `is_last` the rest of the file counts as a line. */
  take(text: string, is_last = false): RawRecord[] {
    const records: RawRecord[] = []
    const lines = (this.#rest + text).split('\n')
    this.#rest = is_last ? '' : (lines.pop() ?? '')
    if (!lines.some(hasQuote)) return this.#takePlain(lines)
    for (let at = 0; at < lines.length; at += 1) {
      const [record, count] = recordAt(lines, at, this.#delimiter)
      if (record === undefined && !is_last && at + LINES_A_RECORD_MAX > lines.length) {
        // Its closing quote may be in the next piece of text.
        this.#rest = [...lines.slice(at), this.#rest].join('\n')
        return records
      }
      const line = this.#line + 1
      this.#line += count
      at += count - 1
      if (record === undefined) records.push({ line, fields: undefined, text: lines[at] ?? '' })
      else if (record.length > 1 || record[0] !== '') records.push({ line, fields: record, text: '' })
    }
    return records
  }

  /** Lines without quotes: each is a record. */
  #takePlain(lines: readonly string[]): RawRecord[] {
    const records: RawRecord[] = []
    for (const text of lines) {
      this.#line += 1
      const plain = withoutReturn(text)
      if (plain !== '') records.push({ line: this.#line, fields: plain.split(this.#delimiter), text: '' })
    }
    return records
  }

  /** @throws SourceError when what is still without an end is longer than any record. */
  refuseEndless(name: string): void {
    if (this.#rest.length <= LIMITS.record_characters_max) return
    throw malformed(
      `${name} has no line break within ${LIMITS.record_characters_max} characters after line ` +
        `${this.#line}. ` +
        'It is not CSV.',
    )
  }
}

/** The record that starts at a line, and how many lines it takes; undefined when its quotes do not close. */
function recordAt(
  lines: readonly string[],
  at: number,
  delimiter: string,
): [readonly string[] | undefined, number] {
  let text = lines[at] ?? ''
  if (!hasQuote(text)) return [withoutReturn(text).split(delimiter), 1]
  for (let count = 1; count <= LINES_A_RECORD_MAX; count += 1) {
    const fields = splitQuoted(withoutReturn(text), delimiter)
    if (fields !== undefined) return [fields, count]
    const next = lines[at + count]
    if (next === undefined) break
    text += `\n${next}`
  }
  return [undefined, 1]
}

const hasQuote = (text: string): boolean => text.includes('"')

const withoutReturn = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text)

/**
 * The fields of a record with quotes; undefined when a quoted field does not close, or text follows its
 * closing quote.
 */
function splitQuoted(text: string, delimiter: string): readonly string[] | undefined {
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at)
      fields.push(end === -1 ? text.slice(at) : text.slice(at, end))
      if (end === -1) return fields
      at = end + 1
      continue
    }
    let field = ''
    let from = at + 1
    for (;;) {
      const quote = text.indexOf('"', from)
      if (quote === -1) return undefined
      field += text.slice(from, quote)
      at = quote + 1
      if (text[at] !== '"') break
      field += '"' // A doubled quote means one.
      from = at + 1
    }
    fields.push(field)
    if (at === text.length) return fields
    if (text[at] !== delimiter) return undefined
    at += 1
  }
}
