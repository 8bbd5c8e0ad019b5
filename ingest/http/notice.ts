import { isArray, isObject, parseJson, type TextJson } from './json.ts'

/** A pattern for names of fields, in any case, by the patterns of the names. */
function anyOf(names: readonly string[]): RegExp {
  return new RegExp(`^(${names.join('|')})$`, 'i')
}

/** Names under which providers put what they have to say when they do not answer. */
const SAYING = anyOf([
  'err',
  'error',
  'error[ _-]?(message|description|code|type)',
  'errors',
  'messages?',
  'msg',
  'details?',
  'note',
  'info',
  'information',
  'warnings?',
  'reason',
  'fault',
  'exception',
  'quandl_error',
])
/** Names that stand beside it and are no data. */
const BESIDE = anyOf([
  'status',
  'status[ _-]?code',
  'code',
  'success',
  'ok',
  'found',
  'title',
  'type',
  'instance',
  'path',
  'url',
  'help',
  'doc(s|umentation)?(_url)?',
  'symbol',
  'ticker',
  'adjusted',
  'time(stamp)?',
  'request[ _-]?id',
  '(query|results)?[ _-]?count',
  'next[ _-]?(page[ _-]?token|url)',
])

/** What an error says of itself when it is an object. */
const OF_ERROR = /^(code|message|msg|description|details?|info|type|reason|error|title|status|name|id)$/i

/**
 * The text of a body that says something in place of data, whatever its status: `{"detail": "Error: …"}`,
 * `[{"warning": "…"}]`, a bare sentence. Undefined when the body holds data: then its words are those of
 * companies and say nothing about us. A JSON notice comes back without escapes in its words and without space
 * between its tokens.
 */
export function noticeOf(head: string): string | undefined {
  const text = head.replace(/^\uFEFF/, '').trim()
  if (text === '') return undefined
  const json = jsonOf(text)
  if (json !== undefined) return isNotice(json) ? JSON.stringify(json) : undefined
  // Cut or broken JSON is judged by its form; a table is data.
  return /^[{[]/.test(text) || isTable(text) ? undefined : text
}

function jsonOf(text: string): TextJson | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function isNotice(json: TextJson): boolean {
  if (typeof json === 'string') return /\s/.test(json)
  if (isArray(json)) return json.length > 0 && json.every((each) => isObject(each) && isNotice(each))
  if (!isObject(json)) return false
  const fields = Object.entries(json).filter(([, value]) => !isBlank(value))
  const [first] = fields
  // {"chart": {"result": null, "error": {…}}}: one field, and it wraps a notice.
  if (fields.length === 1 && first !== undefined && isObject(first[1]) && !SAYING.test(first[0]))
    return isNotice(first[1])
  return (
    fields.some(([name, value]) => isSaying(name, value) || isBadStatus(name, value)) &&
    fields.every(
      ([name, value]) => isSaying(name, value) || BESIDE.test(name) || (SAYING.test(name) && isFlag(value)),
    )
  )
}

/**
 * The name alone is not enough: INFO, NOTE and ERR are tickers, and what stands behind a ticker is no
 * sentence.
 */
const isSaying = (name: string, value: TextJson): boolean => SAYING.test(name) && isSaid(value)
function isSaid(value: TextJson): boolean {
  // Numbers are text here: a sentence has letters.
  if (typeof value === 'string') return /\p{L}/u.test(value)
  if (isArray(value))
    return value.every((each) => typeof each === 'string' || (isObject(each) && isNotice(each)))
  if (!isObject(value)) return false
  const fields = Object.entries(value)
  // {"code": "…", "message": "…"}, or the faults of a question by its fields.
  return (
    fields.every(([name, each]) => OF_ERROR.test(name) && typeof each !== 'object') ||
    fields.every(([, each]) => isArray(each) && each.length > 0 && isSaid(each))
  )
}
/** `{"error": true, "message": "…"}`, `{"error": 429, …}`. */
const isFlag = (value: TextJson): boolean =>
  typeof value === 'boolean' || (typeof value === 'string' && /^\d+$/.test(value))
const isBadStatus = (name: string, value: TextJson): boolean =>
  /^status$/i.test(name) && typeof value === 'string' && /error|not_|fail|denied/i.test(value)
const isBlank = (value: TextJson): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0)

/** Two lines that are cut into equally many cells. */
function isTable(text: string): boolean {
  // What is in quotes is one cell, whatever is in it.
  const [header = '', row] = text
    .replace(/"[^"]*"/g, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
  if (row === undefined) return false
  return ['|', ';', '\t', ','].some(
    (mark) => header.includes(mark) && header.split(mark).length === row.split(mark).length,
  )
}
