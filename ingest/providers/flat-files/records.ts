import type { LocatedRecord } from '../../pipeline/provider.ts'
import { malformed } from './faults.ts'
import type { Part } from './files.ts'
import { DAYS, NAMES, NULL_TOKENS } from './layout.ts'
import type { RawRecord } from './lines.ts'

/** Makes records of the lines of one file, by the names of its header. */
export interface RecordMaker {
  make(raw: RawRecord): LocatedRecord
  /** Places in the header of the columns that it reads. */
  readonly places: readonly number[]
  /** Columns that nobody knows; they were not read, or became part of `detail`. */
  readonly unknown_columns: readonly string[]
}

/** @throws SourceError when the header lacks a column, or says one twice. */
export function recordMaker(file: Pick<Part, 'name' | 'folder'>, header: readonly string[]): RecordMaker {
  const { folder } = file
  const names = header.map((name) => name.trim().toLowerCase())
  const twice = names.filter((name, at) => names.indexOf(name) !== at)
  if (twice.length > 0) throw malformed(`${file.name} has the column ${twice.join(', ')} twice.`)

  const columns: { readonly at: number; readonly field: string }[] = []
  const known = new Set(folder.ignored ?? [])
  for (const [field, aliases] of Object.entries(folder.fields)) {
    const at = names.findIndex((name) => aliases.includes(name))
    if (at !== -1) columns.push({ at, field })
    for (const alias of aliases) known.add(alias)
  }
  const unknown = names.map((name, at) => ({ at, field: name })).filter(({ field }) => field !== '' && !known.has(field))
  if (folder.keeps_unknown === true) columns.push(...unknown)

  const partitions = partitionsOf(file)
  const has = new Set([...columns.map(({ field }) => field), ...Object.keys(partitions)])
  const missing = folder.required.filter((field) => !has.has(field)).map((field) => folder.fields[field]?.[0] ?? field)
  if (folder.one_of !== undefined && !folder.one_of.some((field) => has.has(field))) missing.push(folder.one_of.join(' or '))
  if (missing.length > 0) throw malformed(`${file.name} has no column ${missing.join(', ')}; its columns are ${names.join(', ')}.`)

  const scope = scopeOf(file)
  const make = ({ line, fields, text }: RawRecord): LocatedRecord => {
    if (fields === undefined) return { record: { text: text.slice(0, 500) }, line, malformed: 'a quoted field does not close' }
    const record: Record<string, string | null> = { ...partitions }
    for (const { at, field } of columns) record[field] = fieldOf(field, fields[at])
    folder.complete?.(record)
    if (fields.length !== names.length) {
      return { record, line, malformed: `it has ${fields.length} fields, the header ${names.length}` }
    }
    if (scope !== undefined && record['cik']?.padStart(10, '0') !== scope) {
      return { record, line, malformed: `its cik is «${record['cik'] ?? ''}», and the file is named for ${scope}` }
    }
    return { record, line }
  }
  return { make, places: [...new Set(columns.map(({ at }) => at))], unknown_columns: unknown.map(({ field }) => field) }
}

function fieldOf(field: string, text: string | null | undefined): string | null {
  if (text === undefined || text === null) return null
  const value = text.trim()
  if (value === '') return null
  if (NULL_TOKENS.has(value) && !NAMES.has(field)) return null
  return DAYS.has(field) ? (TIMED_DAY.exec(value)?.[1] ?? value) : value
}

/** A day with a time of no zone, as `2020-01-31 00:00:00`: the day that its clock shows. Or with midnight UTC, as `…T00:00:00.000Z`. */
const TIMED_DAY = /^(\d{4}-\d\d-\d\d)[T ](?:\d\d:\d\d(?::\d\d(?:\.\d+)?)?|00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00))$/

/** The filer that a file of fundamentals is named for, ten digits: it then holds nothing of anybody else. */
export const scopeOf = ({ name, folder }: Pick<Part, 'name' | 'folder'>): string | undefined =>
  folder.name === 'fundamentals' ? /(?:^|\/)CIK(\d{10})\.[^/]*$/.exec(name)?.[1] : undefined

/** Columns that stand in the path, as in `year=2020/part-0.csv`. */
function partitionsOf({ name, folder }: Pick<Part, 'name' | 'folder'>): Record<string, string> {
  const pairs = name.split('/').flatMap((part) => {
    const [, column, value] = /^([a-z_]+)=(.+)$/i.exec(part) ?? []
    const field = Object.entries(folder.fields).find(([, aliases]) => column !== undefined && aliases.includes(column.toLowerCase()))?.[0]
    return field === undefined || value === undefined ? [] : [[field, decodeURIComponent(value)] as const]
  })
  return Object.fromEntries(pairs)
}
