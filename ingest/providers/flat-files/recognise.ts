import { plainName } from './adjusted.ts'
import { hashFile, textOf } from './bytes.ts'
import { RecordSplitter } from './lines.ts'
import { openParquet } from './parquet.ts'
import type { Part } from './parts.ts'
import { PROFILES } from './profiles.ts'
import { type AdoptedMapping, type Features, RULES, type Shape } from './shapes.ts'

/** The first rows of a table, its delimiter, and its name. */
export interface Peek {
  readonly name: string
  readonly delimiter: ',' | ';' | '\t' | '|'
  readonly rows: readonly (readonly string[])[]
}

const ROWS_PEEKED = 4

/** The form of a table; undefined where it is none that is known. */
export function recognise({ name, rows, delimiter }: Peek): Shape | undefined {
  const [header = [], record = []] = rows
  const first = header.map((text) => text.trim())
  const plain = first.map(plainName)
  const features: Features = {
    has: (...wanted) => wanted.every((each) => plain.includes(each)),
    first,
    textOf: (column) => record[plain.indexOf(column)]?.trim() ?? '',
    name: name.split('/').at(-1) ?? name,
  }
  const rule = RULES.find(({ fits }) => fits(features))
  if (rule === undefined) return undefined
  const { vendor, prices, why, adds } = rule
  const mapping = {
    ...rule.mapping,
    ...adds?.(features),
    ...(delimiter === ',' ? {} : { delimiter }),
  }
  const named = byTickerColumn(mapping, features, rows.slice(1))
  return {
    vendor: named.file_name_is === 'ticker' ? vendor : (rule.of_many ?? vendor),
    prices,
    why,
    mapping: named,
  }
}

/** Columns that hold tickers in tables of many, beside `ticker` and `symbol`. */
const TICKER_COLUMNS = [
  'tic',
  'actsymbol',
  'stocksymbol',
  'tickersymbol',
  'stock',
  'code',
  'name',
  'instrument',
]
const TICKER = /^[A-Z]{1,5}([.-][A-Z]{1,3})?$/

/** Where a column has the tickers, the names of the files are not taken for them. */
function byTickerColumn(
  mapping: AdoptedMapping,
  { has, first }: Features,
  records: readonly (readonly string[])[],
): AdoptedMapping {
  if (has('ticker') || has('symbol')) return withoutName(mapping)
  const isOfTickers = (at: number): boolean =>
    records.length > 0 &&
    records.every((fields) => fields.length !== first.length || TICKER.test(fields[at] ?? ''))
  const at = first.findIndex((name, at) => TICKER_COLUMNS.includes(plainName(name)) && isOfTickers(at))
  const column = first[at]
  if (column === undefined) return mapping
  const { columns, ...rest } = withoutName(mapping)
  return { ...rest, columns: { ...columns, ticker: column } }
}

/** The mapping, with its profile written out, without the names of files. */
function withoutName(mapping: AdoptedMapping): AdoptedMapping {
  const { profile, ...given } = mapping
  const of_profile = profile === undefined ? undefined : PROFILES[profile]?.mapping
  if (given.file_name_is === undefined && of_profile?.file_name_is === undefined) return mapping
  const { file_name_is: _, ...rest } = { ...of_profile, ...given }
  return rest
}

/** Reads the first rows of a table. */
export async function peekAt(part: Part): Promise<Peek> {
  if (part.kind === 'parquet') {
    const table = await openParquet(part)
    await table.close()
    return { name: part.name, delimiter: ',', rows: [table.columns] }
  }
  let start = ''
  for await (const { text } of textOf(part, await hashFile(part.file))) {
    start += text
    if (start.split('\n').length > ROWS_PEEKED) break
  }
  const [line = ''] = start.split('\n')
  const counted = ([',', ';', '\t', '|'] as const).map((each) => ({ each, count: line.split(each).length }))
  const delimiter = counted.toSorted((a, b) => b.count - a.count)[0]?.each ?? ','
  const rows = new RecordSplitter(delimiter).take(`${start}\n`).slice(0, ROWS_PEEKED)
  return {
    name: part.name,
    delimiter,
    rows: rows.map(({ fields }) => (fields ?? []).map((each) => each ?? '')),
  }
}
