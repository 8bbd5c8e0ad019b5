import type { Log } from '../../../helpers/core/log.ts'
import type { LocatedRecord, Page } from '../../contract/provider.ts'
import { textOf } from './bytes.ts'
import { truncated } from './faults.ts'
import { type RawRecord, RecordSplitter } from './lines.ts'
import { openParquet } from './parquet.ts'
import type { Part } from './parts.ts'
import { type LastHolder, type RecordMaker, recordMaker } from './records.ts'

const RECORDS_A_PAGE = 4_000

/** What reading a table needs besides it. */
export interface Readers {
  readonly lastHolder: LastHolder
  readonly log: Log
}

/** Makes the maker of the records, once the header is known; `unreadable` are columns that have no text. */
type MakerOf = (header: readonly string[], unreadable: readonly string[]) => RecordMaker

/** Records that were read, and the bytes of the delivery that it took so far. */
interface Piece {
  readonly records: LocatedRecord[]
  readonly read_bytes: number
}

/**
 * The records of a table as pages; returns how many there were.
 *
 * @throws SourceError that names the table.
 */
export async function* pagesOf(
  part: Part,
  archive_sha256: string,
  { lastHolder, log }: Readers,
): AsyncGenerator<Page, number> {
  let [rows, paged_bytes] = [0, 0]
  let records: LocatedRecord[] = []
  const page = (read_bytes: number): Page => {
    const full = { file: part.name, archive_sha256, records, read_bytes: read_bytes - paged_bytes }
    rows += records.length
    paged_bytes = read_bytes
    records = []
    return full
  }
  const makerOf: MakerOf = (header, unreadable) => {
    const maker = recordMaker(part, header, lastHolder)
    const columns = [...maker.unknown_columns, ...unreadable]
    if (columns.length > 0) log.info({ file: part.name, columns }, 'unknown columns')
    return maker
  }
  let bytes = 0
  for await (const piece of part.kind === 'parquet'
    ? parquetRecords(part, makerOf)
    : csvRecords(part, archive_sha256, makerOf)) {
    bytes = piece.read_bytes
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

async function* csvRecords(part: Part, archive_sha256: string, makerOf: MakerOf): AsyncGenerator<Piece> {
  const splitter = new RecordSplitter(part.mapping.delimiter)
  let maker: RecordMaker | undefined
  let held: RawRecord[] = [] // Of the last lines, as many as may be a footer.
  const take = (raws: readonly RawRecord[]): LocatedRecord[] => {
    const records: LocatedRecord[] = []
    held = [...held, ...raws]
    for (const raw of held.splice(0, Math.max(0, held.length - part.mapping.skip_footer))) {
      if (maker === undefined) maker = makerOf(raw.fields?.map((name) => name ?? '') ?? [raw.text], [])
      else records.push(maker.make(raw))
    }
    return records
  }
  let bytes = 0
  for await (const { text, read_bytes } of textOf(part, archive_sha256)) {
    bytes = read_bytes
    yield { records: take(splitter.take(text)), read_bytes }
    splitter.refuseEndless(part.name)
  }
  yield { records: take(splitter.take('', true)), read_bytes: bytes } // The rest of the file is a line.
  if (maker === undefined) throw truncated(`${part.name} is empty: not even a header row. Copy it again.`)
}

async function* parquetRecords(part: Part, makerOf: MakerOf): AsyncGenerator<Piece> {
  const table = await openParquet(part)
  try {
    const maker = makerOf(table.columns, table.others)
    let line = 0
    for await (const { rows, read_bytes } of table.rows(maker.places)) {
      const records = rows.map((row) => {
        line += 1
        const fields: (string | null)[] = new Array(table.columns.length).fill(null)
        for (const [at, place] of maker.places.entries()) fields[place] = row[at] ?? null
        return maker.make({ line, fields, text: '' })
      })
      yield { records, read_bytes }
    }
  } finally {
    await table.close()
  }
}
