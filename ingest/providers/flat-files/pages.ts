import type { Log } from '../../../helpers/core/log.ts'
import type { LocatedRecord, Page } from '../../contract/provider.ts'
import { textOf } from './bytes.ts'
import type { RecordMaker } from './columns.ts'
import { truncated } from './faults.ts'
import { type RawRecord, RecordSplitter } from './lines.ts'
import { openParquet } from './parquet.ts'
import type { Part } from './parts.ts'
import { recordMaker } from './records.ts'
import type { Tickers } from './tickers.ts'

// Few: what outlives a page is copied by the collector of garbage.
const RECORDS_A_PAGE = 250
const PIECE_CHARACTERS = 16 * 1024

/** What reading a table needs besides it. */
export interface Readers {
  readonly tickers: Tickers
  readonly log: Log
  /** True to read the events in rows of prices, and not the prices. */
  readonly is_for_events?: boolean
}

/** Makes the maker of the records, once the header is known; `unreadable` are columns that have no text. */
type MakerOf = (header: readonly string[], unreadable: readonly string[]) => RecordMaker

/** Records that were read, the rows that they come from, and the bytes of the delivery read so far. */
interface Piece {
  readonly records: readonly LocatedRecord[]
  readonly rows: number
  readonly read_bytes: number
}

/**
 * The records of a table as pages; returns how many rows it has.
 *
 * @throws SourceError that names the table.
 */
export async function* pagesOf(
  part: Part,
  archive_sha256: string,
  { tickers, log, is_for_events }: Readers,
): AsyncGenerator<Page, number> {
  let rows = 0
  let paged_bytes = 0
  let records: LocatedRecord[] = []
  const page = (read_bytes: number): Page => {
    const full = { file: part.name, archive_sha256, records, read_bytes: read_bytes - paged_bytes }
    paged_bytes = read_bytes
    records = []
    return full
  }
  const makerOf: MakerOf = (header, unreadable) => {
    const maker = recordMaker(part, header, tickers, is_for_events)
    const columns = [...maker.unknown_columns, ...unreadable]
    if (columns.length > 0 && is_for_events !== true)
      log.info({ file: part.name, columns }, 'unknown columns')
    return maker
  }
  let bytes = 0
  for await (const piece of part.kind === 'parquet'
    ? parquetRecords(part, makerOf)
    : csvRecords(part, archive_sha256, makerOf)) {
    bytes = piece.read_bytes
    rows += piece.rows
    for (const record of piece.records) {
      records.push(record)
      if (records.length >= RECORDS_A_PAGE) yield page(bytes)
    }
  }
  yield page(bytes)
  if (part.listed?.rows !== undefined && part.listed.rows !== rows)
    throw otherRows(part.name, rows, part.listed.rows)
  return rows
}

export const otherRows = (name: string, rows: number, listed: number) =>
  truncated(`${name} has ${rows} records; manifest.json lists ${listed}.`)

/** True when rows of a table of prices hold events, by its header. */
export async function hasEvents(part: Part, archive_sha256: string, readers: Readers): Promise<boolean> {
  const found: boolean[] = []
  const makerOf: MakerOf = (header) => {
    const maker = recordMaker(part, header, readers.tickers, true)
    found.push(maker.has_events)
    return maker
  }
  const pieces =
    part.kind === 'parquet' ? parquetRecords(part, makerOf) : csvRecords(part, archive_sha256, makerOf)
  for await (const _ of pieces) if (found.length > 0) break
  return found[0] ?? false
}

async function* csvRecords(part: Part, archive_sha256: string, makerOf: MakerOf): AsyncGenerator<Piece> {
  const { delimiter, header_rows, skip_footer } = part.mapping
  const splitter = new RecordSplitter(delimiter)
  let maker: RecordMaker | undefined
  let header_rows_left = header_rows
  let held: RawRecord[] = [] // The last lines, as many as may be a footer.
  const take = (raws: readonly RawRecord[]): Pick<Piece, 'records' | 'rows'> => {
    const records: LocatedRecord[] = []
    let rows = 0
    held = [...held, ...raws]
    for (const raw of held.splice(0, Math.max(0, held.length - skip_footer))) {
      maker ??= makerOf(headerOf(raw, header_rows), [])
      if (header_rows_left > 0) {
        header_rows_left -= 1
        continue
      }
      rows += 1
      records.push(...maker.make(raw))
    }
    return { records, rows }
  }
  let bytes = 0
  for await (const { text, read_bytes } of textOf(part, archive_sha256)) {
    bytes = read_bytes
    for (let at = 0; at < text.length; at += PIECE_CHARACTERS) {
      yield { ...take(splitter.take(text.slice(at, at + PIECE_CHARACTERS))), read_bytes }
      splitter.refuseEndless(part.name)
    }
  }
  yield { ...take(splitter.take('', true)), read_bytes: bytes } // The rest of the file is a line.
  if (maker === undefined) throw truncated(`${part.name} is empty: not even a header row. Copy it again.`)
}

/** The names of the columns; without a header row, their positions from 1. */
function headerOf(first: RawRecord, header_rows: number): string[] {
  const names = first.fields?.map((name) => name ?? '') ?? [first.text]
  return header_rows === 0 ? names.map((_, at) => String(at + 1)) : names
}

async function* parquetRecords(part: Part, makerOf: MakerOf): AsyncGenerator<Piece> {
  const table = await openParquet(part)
  try {
    const maker = makerOf(table.columns, table.others)
    let line = 0
    for await (const { rows, read_bytes } of table.rows(maker.places)) {
      const records = rows.flatMap((row) => {
        line += 1
        const fields: (string | null)[] = new Array(table.columns.length).fill(null)
        for (const [at, place] of maker.places.entries()) fields[place] = row[at] ?? null
        return maker.make({ line, fields, text: '' })
      })
      yield { records, rows: rows.length, read_bytes }
    }
  } finally {
    await table.close()
  }
}
