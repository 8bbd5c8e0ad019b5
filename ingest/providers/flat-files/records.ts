import { decimal } from '../../contract/fields.ts'
import type { LocatedRecord } from '../../contract/provider.ts'
import { malformed } from './faults.ts'
import { type FieldText, fieldText } from './field-texts.ts'
import type { RawRecord } from './lines.ts'
import { type Mapping, PLAIN } from './mapping.ts'
import type { Part } from './parts.ts'

/** Makes records of the lines of one file, by the names of its header. */
export interface RecordMaker {
  make(raw: RawRecord): LocatedRecord
  /** Places in the header of the columns that it reads. */
  readonly places: readonly number[]
  /** Columns that nobody knows; they were not read, or became part of `detail`. */
  readonly unknown_columns: readonly string[]
}

/**
 * The source_id of the security that held a ticker last; null when several did, undefined when none of those
 * asked for.
 */
export type LastHolder = (ticker: string) => string | null | undefined

type Fields = Record<string, string | null>
type Named = Pick<Part, 'name' | 'folder' | 'mapping'>

/** @throws SourceError when the header lacks a column, or says one twice, or its prices are not as traded. */
export function recordMaker(file: Named, header: readonly string[], lastHolder: LastHolder): RecordMaker {
  const { folder, mapping } = file
  const names = header.map((name) => name.trim().toLowerCase())
  if (header.some((name) => name.includes('\r')))
    throw malformed(`${file.name} has lines that end in a carriage return alone. Save it with line feeds.`)
  const twice = new Set(names.filter((name, at) => names.indexOf(name) !== at))
  if (twice.size > 0)
    throw malformed(`${file.name} has the column ${shortened([...twice].join(', '))} twice.`)
  refuseAdjusted(file, names)

  const columns: { readonly at: number; readonly field: string; readonly text: FieldText }[] = []
  const known = new Set([...(folder.ignored ?? []), mapping.raw_close?.toLowerCase()])
  for (const [field, aliases] of Object.entries(folder.fields)) {
    const column = aliases[0] ?? field
    const mapped = mapping.columns[column]
    const wanted = mapped === undefined ? aliases : [mapped.trim().toLowerCase()]
    const at = names.findIndex((name) => wanted.includes(name))
    if (at !== -1) columns.push({ at, field, text: fieldText(field, column, mapping) })
    else if (mapped !== undefined)
      throw malformed(
        `${file.name} has no column ${mapped}, which mapping.json says is its ${column}; ${columnsText(names)}`,
      )
    for (const name of wanted) known.add(name)
  }
  const unknown = names
    .map((name, at) => ({ at, field: name }))
    .filter(({ field }) => field !== '' && !known.has(field))
  if (folder.keeps_unknown === true)
    columns.push(...unknown.map(({ at, field }) => ({ at, field, text: fieldText(field, field, PLAIN) })))

  const given = givenOf(file)
  const has = new Set([...columns.map(({ field }) => field), ...Object.keys(given)])
  const missing = folder.required
    .filter((field) => !has.has(field))
    .map((field) => folder.fields[field]?.[0] ?? field)
  if (folder.one_of !== undefined && !folder.one_of.some((field) => has.has(field)))
    missing.push(folder.one_of.join(' or '))
  if (missing.length > 0)
    throw malformed(`${file.name} has no column ${missing.join(', ')}; ${columnsText(names)}`)

  const scope = scopeOf(file)
  const raw_at = mapping.raw_close === undefined ? -1 : names.indexOf(mapping.raw_close.toLowerCase())
  const rawText = fieldText('close', 'close', mapping)
  const make = ({ line, fields, text }: RawRecord): LocatedRecord => {
    if (fields === undefined)
      return { record: { text: text.slice(0, 500) }, line, malformed: 'a quoted field does not close' }
    const record: Fields = { ...given }
    for (const column of columns) record[column.field] = column.text(fields[column.at])
    folder.complete?.(record)
    if (raw_at !== -1) takeRaw(record, rawText(fields[raw_at]))
    if (fields.length !== names.length) {
      return { record, line, malformed: `it has ${fields.length} fields, the header ${names.length}` }
    }
    if (scope !== undefined && record['cik']?.padStart(10, '0') !== scope) {
      return {
        record,
        line,
        malformed: `its cik is "${record['cik'] ?? ''}", and the file is named for ${scope}`,
      }
    }
    const fault = mapping.ticker_is === 'last' ? nameLastHolder(record, lastHolder) : undefined
    return fault === undefined ? { record, line } : { record, line, malformed: fault }
  }
  const places = [...new Set([...columns.map(({ at }) => at), ...(raw_at === -1 ? [] : [raw_at])])]
  return { make, places, unknown_columns: unknown.map(({ field }) => field) }
}

const COLUMNS_TEXT_MAX = 400

const shortened = (text: string): string =>
  text.length > COLUMNS_TEXT_MAX ? `${text.slice(0, COLUMNS_TEXT_MAX)}…` : text

/** What a header has, and what to do when it looks like one of another delimiter. */
function columnsText(names: readonly string[]): string {
  const text = `its columns are ${shortened(names.join(', '))}.`
  const delimiter = names.length === 1 ? [';', '\t', '|'].find((each) => names[0]?.includes(each)) : undefined
  return delimiter === undefined
    ? text
    : `${text} Say its delimiter ${JSON.stringify(delimiter)} in mapping.json.`
}

/** Prices that are adjusted already would be adjusted twice. */
function refuseAdjusted({ name, folder, mapping }: Named, names: readonly string[]): void {
  if (folder.name !== 'prices_daily') return
  const { adjusted, raw_close, profile } = mapping
  if (raw_close !== undefined && !names.includes(raw_close.toLowerCase()))
    throw malformed(`${name} has no column ${raw_close} of closes as traded; ${columnsText(names)}`)
  if (adjusted !== 'raw' && raw_close === undefined) {
    const by = profile === undefined ? 'mapping.json' : `its profile ${profile}`
    const what = adjusted === 'split' ? 'splits' : 'splits and dividends'
    throw malformed(
      `${name} is refused: its prices are adjusted for ${what}, by ${by}, and what was traded does not follow from them. ` +
        'Export unadjusted prices, or say raw_close where a column has closes as traded.',
    )
  }
  if (names.includes('closeunadj') && raw_close === undefined)
    throw malformed(
      `${name} has a column closeunadj: its other prices are adjusted for splits. Give prices_daily the profile sharadar in mapping.json.`,
    )
  if (names.includes('adj close') && mapping === PLAIN)
    throw malformed(
      `${name} has a column "Adj Close", as downloads have whose other prices are adjusted for splits. ` +
        'Say {"adjusted": "raw"} for prices_daily in mapping.json if they are as traded; else leave it out.',
    )
}

/**
 * Takes the close as traded. Where it equals the adjusted one nothing was adjusted yet; elsewhere the other
 * prices of the day are not known.
 */
function takeRaw(record: Fields, raw: string | null): void {
  const { close } = record
  const isSame =
    raw !== null &&
    close !== null &&
    close !== undefined &&
    decimal(raw) !== undefined &&
    decimal(raw) === decimal(close)
  record['close'] = raw
  if (isSame) return
  for (const field of ['open', 'high', 'low', 'volume']) if (field in record) record[field] = null
}

/**
 * Gives a record the source_id of the security that held its ticker last; returns what is wrong when that is
 * not one.
 */
function nameLastHolder(record: Fields, lastHolder: LastHolder): string | undefined {
  const ticker = record['ticker'] ?? null
  if ((record['source_id'] ?? null) !== null || ticker === null) return undefined
  const holder = lastHolder(ticker)
  if (holder === null)
    return `several securities of the universe held the ticker "${ticker}" last; say source_id instead`
  if (holder === undefined) {
    // Of no security that is asked for; and whoever had the ticker on the day is somebody else.
    record['source_id'] = `nobody: ${ticker}`
    record['ticker'] = null
  } else record['source_id'] = holder
  return undefined
}

/** The filer that a file of fundamentals is named for, ten digits: it then holds nothing of anybody else. */
export const scopeOf = ({ name, folder }: Pick<Part, 'name' | 'folder'>): string | undefined =>
  folder.name === 'fundamentals' ? /(?:^|\/)CIK(\d{10})\.[^/]*$/.exec(name)?.[1] : undefined

const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__'

/** Fields that stand in the path, as in `year=2020/part-0.csv`, or that are the name of the file. */
function givenOf({ name, folder, mapping }: Named): Fields {
  const given: Fields = {}
  const parts = name.split('/')
  for (const part of parts.slice(0, -1)) {
    const [, column, value] = /^([a-z_]+)=(.+)$/i.exec(part) ?? []
    const entry = Object.entries(folder.fields).find(
      ([, aliases]) => column !== undefined && aliases.includes(column.toLowerCase()),
    )
    if (entry !== undefined && value !== undefined) given[entry[0]] = textOf(value, entry, mapping)
  }
  const { file_name_is } = mapping
  if (file_name_is !== undefined) {
    const stem = (parts.at(-1) ?? '').replace(/(\.csv)?(\.(gz|zstd?|parquet|pq))?$/i, '')
    given[file_name_is] = fieldText(file_name_is, file_name_is, mapping)(stem)
  }
  return given
}

function textOf(
  value: string,
  [field, aliases]: readonly [string, readonly string[]],
  mapping: Mapping,
): string | null {
  if (value === HIVE_NULL) return null
  let text = value
  try {
    text = decodeURIComponent(value)
  } catch {
    // A folder that nobody encoded, e.g. `ticker=100%`, is what it says.
  }
  return fieldText(field, aliases[0] ?? field, mapping)(text)
}
