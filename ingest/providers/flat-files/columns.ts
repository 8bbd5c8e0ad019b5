import type { LocatedRecord } from '../../contract/provider.ts'
import { plainName, refuseAdjusted } from './adjusted.ts'
import { malformed } from './faults.ts'
import { type FieldText, fieldText } from './field-texts.ts'
import { stemOfPath } from './file-names.ts'
import type { RawRecord } from './lines.ts'
import { type Mapping, PLAIN } from './mapping.ts'
import type { Part } from './parts.ts'

export type Fields = Record<string, string | null>
export type Named = Pick<Part, 'name' | 'folder' | 'mapping'>

/** A column of a file that is read: its place in the header, our field, and how its text becomes ours. */
export interface Column {
  readonly at: number
  readonly field: string
  readonly text: FieldText
}

/** The columns of one file, by its header and the mapping of its folder. */
export interface Columns {
  readonly count: number
  readonly columns: readonly Column[]
  /** Events beside prices: dividend, split, capital_gain. */
  readonly events: readonly Column[]
  /** The column of closes as traded, where the others are adjusted. */
  readonly raw_close: Column | undefined
  /** Fields that the path or the name of the file states. */
  readonly given: Fields
  /** Columns that are not known; they are not read, or become part of `detail`. */
  readonly unknown: readonly string[]
}

/** Makes records from the lines of one file, by the names in its header. */
export interface RecordMaker {
  /** One record, none (a day without a trade), or the events that a row of prices holds. */
  make(raw: RawRecord): readonly LocatedRecord[]
  /** Places in the header of the columns that are read. */
  readonly places: readonly number[]
  /** Columns that are not known: they are not read, or become part of `detail`. */
  readonly unknown_columns: readonly string[]
  /** True where rows of prices hold events. */
  readonly has_events: boolean
}

/**
 * Finds the columns of a file.
 *
 * @throws SourceError when the header lacks a column or has one twice, or the prices may be adjusted.
 */
export function columnsOf(file: Named, header: readonly string[]): Columns {
  const { name, folder, mapping } = file
  const names = header.map((each) => each.trim().toLowerCase())
  if (header.some((each) => each.includes('\r')))
    throw malformed(`${name} has lines that end in a carriage return alone. Save it with line feeds.`)
  refuseData(file, header, names)
  refuseAdjusted(file, header)
  const twice = new Set(names.filter((each, at) => each !== '' && names.indexOf(each) !== at))
  if (twice.size > 0) throw malformed(`${name} has the column ${shortened([...twice].join(', '))} twice.`)

  const place = (column: string, aliases: readonly string[]): number => {
    const mapped = mapping.columns[column]
    if (mapped === undefined) return names.indexOf(aliases.find((each) => names.includes(each)) ?? '\n')
    const at =
      typeof mapped === 'number'
        ? Number(mapped <= names.length) * mapped - 1
        : names.indexOf(mapped.trim().toLowerCase())
    if (at === -1)
      throw malformed(
        `${name} has no column ${mapped}, which mapping.json names as its ${column}; ${columnsText(names)}`,
      )
    return at
  }
  const columns: Column[] = []
  const read = new Set<number>()
  for (const [field, aliases] of Object.entries(folder.fields)) {
    const column = aliases[0] ?? field
    const at = place(column, aliases)
    if (at === -1) continue
    columns.push({ at, field, text: fieldText(field, column, mapping) })
    read.add(at)
  }
  const events: Column[] = []
  const plain = header.map(plainName)
  for (const [field, aliases] of Object.entries(folder.events ?? {})) {
    const mapped = mapping.columns[field] === undefined ? -1 : place(field, [])
    const at = mapped === -1 ? plain.findIndex((each) => aliases.includes(each)) : mapped
    if (at === -1 || read.has(at)) continue
    events.push({ at, field, text: fieldText('cash_amount', field, mapping) })
    read.add(at)
  }
  const raw_at = mapping.raw_close === undefined ? -1 : names.indexOf(mapping.raw_close.toLowerCase())
  if (raw_at !== -1) read.add(raw_at)
  const unknown = names
    .map((field, at) => ({ at, field }))
    .filter(({ field, at }) => field !== '' && !read.has(at) && !(folder.ignored ?? []).includes(field))
  if (folder.keeps_unknown === true && mapping.header_rows > 0)
    columns.push(...unknown.map(({ at, field }) => ({ at, field, text: fieldText(field, field, PLAIN) })))

  const given = givenOf(file)
  refuseMissing(file, new Set([...columns.map(({ field }) => field), ...Object.keys(given)]), names)
  return {
    count: names.length,
    columns,
    events,
    raw_close:
      raw_at === -1 ? undefined : { at: raw_at, field: 'close', text: fieldText('close', 'close', mapping) },
    given,
    unknown: mapping.header_rows === 0 ? [] : unknown.map(({ field }) => field),
  }
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
    : `${text} State its delimiter ${JSON.stringify(delimiter)} in mapping.json.`
}

function refuseMissing({ name, folder }: Named, has: ReadonlySet<string>, names: readonly string[]): void {
  const missing = folder.required
    .filter((field) => !has.has(field))
    .map((field) => folder.fields[field]?.[0] ?? field)
  if (folder.one_of !== undefined && !folder.one_of.some((field) => has.has(field)))
    missing.push(folder.one_of.join(' or '))
  if (missing.length > 0)
    throw malformed(`${name} has no column ${missing.join(', ')}; ${columnsText(names)}`)
}

const NUMBER_OR_DAY = /^[$-]?\d[\d.,:/ -]*$/

/** A first row of numbers and days is a record: its columns can only be named by their positions. */
function refuseData(
  { name, folder, mapping }: Named,
  header: readonly string[],
  names: readonly string[],
): void {
  if (mapping.header_rows === 0 || header.length < 2) return
  const known = new Set(Object.values(folder.fields).flat())
  if (names.some((each) => known.has(each))) return
  const data = names.filter((each) => NUMBER_OR_DAY.test(each))
  if (data.length * 2 <= names.length) return
  throw malformed(
    `${name} has no header row: its first row is ${shortened(header.join(','))}. ` +
      'Name its columns by position in mapping.json, e.g. {"header_rows": 0, "columns": {"date": 1, ' +
      '"close": 5}}.',
  )
}

const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__'

/** Fields that the path states, as in `year=2020/part-0.csv`, or the name of the file. */
function givenOf({ name, folder, mapping }: Named): Fields {
  const given: Fields = {}
  const parts = name.split('/')
  for (const part of parts.slice(0, -1)) {
    const [, column, value] = /^([a-z_]+)=(.+)$/i.exec(part) ?? []
    const entry = Object.entries(folder.fields).find(
      ([, aliases]) => column !== undefined && aliases.includes(column.toLowerCase()),
    )
    if (entry !== undefined && value !== undefined) given[entry[0]] = partitionText(value, entry, mapping)
  }
  const { file_name_is } = mapping
  if (file_name_is !== undefined) {
    given[file_name_is] = fieldText(file_name_is, file_name_is, mapping)(stemOfPath(name))
  }
  return given
}

function partitionText(
  value: string,
  [field, aliases]: readonly [string, readonly string[]],
  mapping: Mapping,
): string | null {
  if (value === HIVE_NULL) return null
  let text = value
  try {
    text = decodeURIComponent(value)
  } catch {
    // A percent sign that encodes nothing is part of the value.
  }
  return fieldText(field, aliases[0] ?? field, mapping)(text)
}
