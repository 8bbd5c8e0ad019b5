import { open } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import {
  type AsyncBuffer,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  type SchemaElement,
} from 'hyparquet'
import { messageOf } from '../../../helpers/core/errors.ts'
import { SourceError } from '../../contract/provider.ts'
import { malformed, truncated } from './faults.ts'
import { LIMITS } from './limits.ts'
import { type Column, pagesOf, type Texts } from './parquet-pages.ts'
import { type TextOf, textOfColumn } from './parquet-values.ts'
import type { Part } from './parts.ts'
import { type Entry, memberStream } from './zip.ts'

/** One row in the order of the columns that were asked for. */
export type TextRow = readonly (string | null)[]

/** An open Parquet file. */
export interface ParquetTable {
  /** Names of the columns whose values are text, numbers, days or times. */
  readonly columns: readonly string[]
  /** Nested columns, and others of which no text can be made. */
  readonly others: readonly string[]
  /** The rows of the columns at these places in `columns`, some at a time. */
  rows(wanted: readonly number[]): AsyncGenerator<{ rows: TextRow[]; read_bytes: number }>
  close(): Promise<void>
}

const MAGIC = 0x31524150 // PAR1
const MAGIC_ENCRYPTED = 0x45524150 // PARE
const ROWS_A_PIECE = 4_000

/**
 * Opens a Parquet file. For each column one chunk of a row group and one decoded page are in memory at a
 * time.
 *
 * @throws SourceError when it is not Parquet, is cut or encrypted, or its footer contradicts itself.
 */
export async function openParquet(part: Part): Promise<ParquetTable> {
  const bytes = await bytesOf(part).catch((error: unknown) => {
    throw faultOf(part, error)
  })
  try {
    const metadata = await metadataOf(part, bytes)
    const leaves = leavesOf(metadata)
    const columns = leaves.filter((leaf): leaf is Column => leaf.text !== undefined)
    const rows = Number(metadata.num_rows)
    const counted = metadata.row_groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0)
    if (rows !== counted)
      throw malformed(
        `${part.name} states ${rows} rows, and its row groups have ${counted}. It is damaged: copy it again.`,
      )
    return {
      columns: columns.map(({ element }) => element.name),
      others: leaves.filter(({ text }) => text === undefined).map(({ path }) => path.join('.')),
      rows: (wanted) =>
        rowsOf(
          part,
          bytes,
          metadata,
          wanted.map((at) => columns[at]).filter((column) => column !== undefined),
        ),
      close: () => bytes.close(),
    }
  } catch (error) {
    await bytes.close()
    throw faultOf(part, error)
  }
}

async function metadataOf({ name }: Part, bytes: Bytes): Promise<FileMetaData> {
  const size = bytes.size
  if (size < 12)
    throw truncated(`${name} is not a complete Parquet file: it has ${size} bytes. Copy it again.`)
  const head = await bytes.read(0, 4)
  const tail = await bytes.read(size - 8, 8)
  const first = head.getUint32(0, true)
  const length = tail.getUint32(0, true)
  const last = tail.getUint32(4, true)
  if (first === MAGIC_ENCRYPTED || last === MAGIC_ENCRYPTED)
    throw malformed(`${name} is encrypted. Write it without encryption.`)
  if (first !== MAGIC)
    throw malformed(
      `${name} should be Parquet by its name, and is not by its first bytes. ` +
        'Rename it to match its content, or convert it.',
    )
  if (last !== MAGIC)
    throw truncated(
      `${name} begins as Parquet and does not end as Parquet: the copy is not complete. Copy it again.`,
    )
  if (length > LIMITS.parquet_footer_bytes_max || length > size - 12)
    throw malformed(
      `${name} states a footer of ${length} bytes; it has ${size} in all. It is damaged: copy it again.`,
    )
  const slice = async (from: number, to = size): Promise<ArrayBuffer> =>
    (await bytes.read(from, to - from)).buffer
  const buffer: AsyncBuffer = { byteLength: size, slice }
  return parquetMetadataAsync(buffer, { initialFetchSize: Math.min(size, length + 8), geoparquet: false })
}

interface Leaf {
  readonly path: readonly string[]
  readonly element: SchemaElement
  readonly text: TextOf | undefined
}

/** The columns of the schema. Nested and repeated ones have no text. */
function leavesOf({ schema }: FileMetaData): Leaf[] {
  const leaves: Leaf[] = []
  const walk = (at: number, path: readonly string[], isRepeated: boolean): number => {
    const element = schema[at]
    if (element === undefined) throw new Error('its schema ends too early')
    if (typeof element.name !== 'string') throw new Error('its schema has a column without a name')
    const here = at === 0 ? [] : [...path, element.name]
    const repeats = isRepeated || element.repetition_type === 'REPEATED'
    const children = element.num_children ?? 0
    if (children === 0 && at > 0)
      leaves.push({
        path: here,
        element,
        text: here.length > 1 || repeats ? undefined : textOfColumn(element),
      })
    let next = at + 1
    for (let child = 0; child < children; child += 1) next = walk(next, here, repeats)
    return next
  }
  if (walk(0, [], false) !== schema.length) throw new Error('its schema has more elements than its tree')
  return leaves
}

async function* rowsOf(part: Part, bytes: Bytes, metadata: FileMetaData, columns: readonly Column[]) {
  let read_bytes = 0
  try {
    for (const group of metadata.row_groups) {
      const rows_count = Number(group.num_rows)
      const cursors: Cursor[] = []
      for (const column of columns) {
        const { meta_data, file_path } =
          group.columns.find((each) => each.meta_data?.path_in_schema[0] === column.path[0]) ?? {}
        if (meta_data === undefined || file_path)
          throw new Error(`the column ${column.element.name} is not in each of its row groups`)
        const view = await chunkOf(bytes, meta_data)
        read_bytes += view.byteLength
        cursors.push(new Cursor(pagesOf(column, meta_data, metadata, view, rows_count)))
      }
      for (let from = 0; from < rows_count; from += ROWS_A_PIECE) {
        const count = Math.min(ROWS_A_PIECE, rows_count - from)
        const taken = cursors.map((cursor) => cursor.take(count))
        yield {
          rows: Array.from({ length: count }, (_, at): TextRow => taken.map((texts) => texts[at] ?? null)),
          read_bytes,
        }
      }
    }
  } catch (error) {
    throw faultOf(part, error)
  }
}

async function chunkOf(source: Bytes, chunk: ColumnMetaData): Promise<DataView> {
  const data = Number(chunk.data_page_offset)
  const dictionary = Number(chunk.dictionary_page_offset ?? 0)
  const from = dictionary > 0 && dictionary < data ? dictionary : data
  const bytes = Number(chunk.total_compressed_size)
  if (!(from >= 4 && bytes >= 0 && from + bytes <= source.size))
    throw new Error(`a column states ${bytes} bytes at ${from}`)
  if (bytes > LIMITS.parquet_column_bytes_max)
    throw new Error(
      `a column has ${bytes} bytes in one row group, more than ${LIMITS.parquet_column_bytes_max}; ` +
        'write smaller row groups',
    )
  return source.read(from, bytes)
}

/** The bytes of a table, read at any place. */
interface Bytes {
  readonly size: number
  read(position: number, length: number): Promise<DataView<ArrayBuffer>>
  close(): Promise<void>
}

/** A file is read where it is; a member of a zip has no places, so it is unpacked into memory. */
async function bytesOf(part: Part): Promise<Bytes> {
  if (part.entry !== undefined) return unpacked(part, part.entry)
  const handle = await open(part.file.path)
  return {
    size: part.file.size_bytes,
    async read(position, length) {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await handle.read(bytes, 0, length, position)
      if (bytesRead !== length) throw new Error(`it ends at byte ${position + bytesRead}`)
      return new DataView(bytes.buffer)
    },
    close: () => handle.close(),
  }
}

async function unpacked(part: Part, entry: Entry): Promise<Bytes> {
  const { name, file } = part
  const max = LIMITS.parquet_member_bytes_max
  if (entry.uncompressedSize > max)
    throw malformed(
      `${name} has ${entry.uncompressedSize} bytes; inside a zip a Parquet file may have ${max}. ` +
        `Unpack ${file.name}.`,
    )
  const content = await buffer(await memberStream(part, entry))
  return {
    size: content.length,
    async read(position, length) {
      const bytes = new Uint8Array(length)
      const copied = content.copy(bytes, 0, position, position + length)
      if (copied !== length) throw new Error(`it ends at byte ${position + copied}`)
      return new DataView(bytes.buffer)
    },
    close: async () => {},
  }
}

/** Takes texts from pages as they come. */
class Cursor {
  readonly #pages: Generator<Texts>
  #page: Texts = []
  #at = 0

  constructor(pages: Generator<Texts>) {
    this.#pages = pages
  }

  take(count: number): Texts {
    const texts: (string | null)[] = []
    while (texts.length < count) {
      if (this.#at === this.#page.length) {
        const { value, done } = this.#pages.next()
        if (done === true) throw new Error('a column has fewer values than its row group has rows')
        this.#page = value
        this.#at = 0
      }
      const upto = Math.min(this.#page.length, this.#at + count - texts.length)
      for (; this.#at < upto; this.#at += 1) texts.push(this.#page[this.#at] ?? null)
    }
    return texts
  }
}

function faultOf({ name }: Part, error: unknown): SourceError {
  if (error instanceof SourceError) return error
  // These come from inside the library, and their text does not help a reader.
  const what =
    error instanceof TypeError || error instanceof RangeError
      ? 'its metadata contradict each other'
      : messageOf(error)
  return malformed(
    `${name} cannot be read as Parquet: ${what}. ` +
      'It is damaged, or uses a feature that is not supported: copy it again, or write it with ' +
      'other options.',
    error,
  )
}
