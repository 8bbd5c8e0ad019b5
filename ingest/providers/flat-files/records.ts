import type { LocatedRecord } from '../../pipeline/provider.ts'
import { SourceError } from '../../pipeline/provider.ts'
import type { DropFile } from './files.ts'
import { NAMES, NULL_TOKENS } from './layout.ts'
import type { RawRecord } from './lines.ts'

/** Makes records of the lines of one file, by the names of its header. */
export interface RecordMaker {
  make(raw: RawRecord): LocatedRecord
  /** Columns that nobody knows; they were not read, or became part of `detail`. */
  readonly unknown_columns: readonly string[]
}

/** @throws SourceError when the header lacks a column, or says one twice. */
export function recordMaker(file: DropFile, header: readonly string[]): RecordMaker {
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
  return { make, unknown_columns: unknown.map(({ field }) => field) }
}

function fieldOf(field: string, text: string | undefined): string | null {
  if (text === undefined) return null
  const value = text.trim()
  if (value === '') return null
  return NULL_TOKENS.has(value) && !NAMES.has(field) ? null : value
}

/** The filer that a file of fundamentals is named for, ten digits: it then holds nothing of anybody else. */
export const scopeOf = ({ name, folder }: DropFile): string | undefined =>
  folder.name === 'fundamentals' ? /(?:^|\/)CIK(\d{10})\.[^/]*$/.exec(name)?.[1] : undefined

/** Columns that stand in the path, as in `year=2020/part-0.csv`. */
function partitionsOf({ name, folder }: DropFile): Record<string, string> {
  const pairs = name.split('/').flatMap((part) => {
    const [, column, value] = /^([a-z_]+)=(.+)$/i.exec(part) ?? []
    const field = Object.entries(folder.fields).find(([, aliases]) => column !== undefined && aliases.includes(column.toLowerCase()))?.[0]
    return field === undefined || value === undefined ? [] : [[field, decodeURIComponent(value)] as const]
  })
  return Object.fromEntries(pairs)
}

const malformed = (message: string): SourceError => new SourceError(message, { error_class: 'malformed' })
