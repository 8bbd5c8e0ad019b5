import { brotliDecompressSync, crc32, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { ColumnMetaData, Compressors, FileMetaData, SchemaElement } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { convert, convertWithDictionary, DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { getSchemaPath } from 'hyparquet/src/schema.js'
import { LIMITS } from './limits.ts'
import type { TextOf } from './parquet-values.ts'

/** Texts of one page of a column, row by row; null where there is no value. */
export type Texts = readonly (string | null)[]

/** A column that is not nested, and how its values read as text. */
export interface Column {
  readonly path: readonly string[]
  readonly element: SchemaElement
  readonly text: TextOf
}

const bounded = { maxOutputLength: LIMITS.parquet_page_bytes_max }
const COMPRESSORS: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes, bounded),
  ZSTD: (bytes) => zstdDecompressSync(bytes, bounded),
  BROTLI: (bytes) => brotliDecompressSync(bytes, bounded),
}

type Decoder = Parameters<typeof readDataPageV2>[2]
type Header = ReturnType<typeof parquetHeader>
type Values = Parameters<typeof convertWithDictionary>[0]

/**
 * The pages of a column chunk, decoded one at a time.
 *
 * The values in a page header are checked before they are used: sizes and counts against LIMITS and the
 * chunk, the CRC where there is one, runs against the count, references against the dictionary, and the
 * number of values against the rows of the row group.
 *
 * This is why the reader uses parts of hyparquet and not its public interface. Measured on hyparquet 1.31.5,
 * `parquetReadObjects` gives exact values when the logical types are removed from the metadata first, but it
 * trusts the pages: of a file of 400 rows, one flipped bit in a page header (byte 52) kept it busy for more
 * than 20 seconds until it was killed. With the checks here every flipped bit gives records or an error at
 * once (damaged-parquet.acceptance.test.ts).
 *
 * @throws Error that names the column.
 */
export function* pagesOf(
  column: Column,
  chunk: ColumnMetaData,
  { schema }: FileMetaData,
  view: DataView,
  rows: number,
): Generator<Texts> {
  const { name } = column.element
  const decoder = decoderOf(column, chunk, schema)
  const reader = { view, offset: 0 }
  let dictionary: string[] | undefined
  let seen = 0
  while (seen < rows) {
    if (reader.offset >= view.byteLength)
      throw new Error(`the column ${name} has ${seen} values in a row group of ${rows}`)
    const header = parquetHeader(reader)
    const { compressed_page_size: size } = header
    const values =
      (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values ??
      0
    checkSizes(name, header, values, view.byteLength - reader.offset)
    const bytes = new Uint8Array(view.buffer, view.byteOffset + reader.offset, size)
    reader.offset += size
    if (header.crc !== undefined && crc32(bytes) !== header.crc >>> 0)
      throw new Error(`a page of the column ${name} does not have its CRC`)
    if (header.dictionary_page_header !== undefined) {
      const page = decompressPage(bytes, header.uncompressed_page_size, decoder.codec, decoder.compressors)
      const plain = readPlain(
        { view: viewOf(page), offset: 0 },
        decoder.type,
        values,
        column.element.type_length,
      )
      dictionary = Array.from(convert(plain, decoder), (value) => column.text(value))
    } else if (values > 0) {
      if (seen + values > rows)
        throw new Error(`the column ${name} has more values than the ${rows} rows of its row group`)
      yield textsOf(column, decoder, header, bytes, dictionary)
      seen += values
    }
  }
}

function decoderOf(
  { element, path }: Column,
  { type, codec }: ColumnMetaData,
  schema: SchemaElement[],
): Decoder {
  if (type !== element.type)
    throw new Error(`the column ${element.name} is ${type} in a row group and ${element.type} in the schema`)
  // Without a logical type the library returns values as they are stored.
  const { converted_type: _converted, logical_type: _logical, ...stored } = element
  const schemaPath = getSchemaPath(schema, [...path]).map((tree) =>
    tree.element === element ? { ...tree, element: stored } : tree,
  )
  const parsers = { ...DEFAULT_PARSERS, timestampFromNanoseconds: (nanos: bigint) => nanos as never }
  return {
    pathInSchema: [...path],
    type,
    element: stored,
    schemaPath,
    codec,
    parsers,
    compressors: COMPRESSORS,
    utf8: false,
  }
}

function checkSizes(
  name: string,
  { compressed_page_size: size, uncompressed_page_size: full }: Header,
  values: number,
  left: number,
): void {
  if (!(size >= 0 && size <= left)) throw new Error(`a page of the column ${name} goes beyond its end`)
  const isSane =
    full >= 0 &&
    full <= LIMITS.parquet_page_bytes_max &&
    values >= 0 &&
    values <= LIMITS.parquet_page_values_max
  if (!isSane) throw new Error(`a page of the column ${name} states ${values} values in ${full} bytes`)
}

function textsOf(
  column: Column,
  stored: Decoder,
  header: Header,
  bytes: Uint8Array,
  dictionary: string[] | undefined,
): Texts {
  const { element } = column
  const { name } = element
  const v1 = header.data_page_header
  const v2 = header.data_page_header_v2
  const isNullable = element.repetition_type !== 'REQUIRED'
  const count = (v1 ?? v2)?.num_values ?? 0
  const encoding = (v1 ?? v2)?.encoding ?? 'PLAIN'
  // The library reads the first of 32-bit deltas modulo 2^32 by halves: as 64-bit ones they are exact,
  // whatever their writer took them for.
  const isDelta32 = encoding === 'DELTA_BINARY_PACKED' && element.type === 'INT32'
  const decoder: Decoder = isDelta32 ? { ...stored, type: 'INT64' } : stored
  const text: TextOf = isDelta32
    ? (value) => column.text(Number(BigInt.asIntN(32, value as bigint)))
    : column.text
  let page: { definitionLevels: number[] | undefined; dataPage: Values }
  if (v1 !== undefined) {
    const plain = decompressPage(bytes, header.uncompressed_page_size, decoder.codec, decoder.compressors)
    const from = isNullable ? checkLevels(viewOf(plain), count) : 0
    checkValues(viewOf(plain), from, encoding, count, element.type === 'BOOLEAN')
    page = readDataPage(plain, v1, decoder)
  } else if (v2 !== undefined) {
    const levels = v2.definition_levels_byte_length + v2.repetition_levels_byte_length
    if (!(levels >= 0 && levels <= bytes.length) || v2.repetition_levels_byte_length !== 0)
      throw new Error(`a page of the column ${name} has levels of ${levels} bytes`)
    const body = bytes.subarray(levels)
    const isPacked = v2.is_compressed !== false && body.length > 0
    const plain = isPacked
      ? decompressPage(body, header.uncompressed_page_size - levels, decoder.codec, decoder.compressors)
      : body
    if (isNullable) checkRuns(viewOf(bytes), 0, levels, 1, count)
    checkValues(viewOf(plain), 0, encoding, count, element.type === 'BOOLEAN')
    const whole = Buffer.concat([bytes.subarray(0, levels), plain])
    page = readDataPageV2(whole, { ...header, data_page_header_v2: { ...v2, is_compressed: false } }, decoder)
  } else throw new Error(`a page of the column ${name} is of the type ${header.type}`)

  const isCoded = encoding.endsWith('_DICTIONARY')
  if (isCoded && dictionary === undefined)
    throw new Error(`the column ${name} refers to a dictionary that it does not have`)
  const values = convertWithDictionary(page.dataPage, isCoded ? dictionary : undefined, encoding, decoder)
  const levels = page.definitionLevels ?? []
  const texts: (string | null)[] = new Array(count)
  let next = 0
  for (let at = 0; at < count; at += 1) {
    if (levels.length > 0 && levels[at] !== 1) {
      texts[at] = null
      continue
    }
    const value: unknown = values[next]
    next += 1
    // The library gives `undefined` where a page ends before its values, or refers to what its dictionary
    // does not have.
    if (value === undefined) throw new Error(`a page of the column ${name} has fewer values than it states`)
    texts[at] = isCoded ? (value as string) : text(value)
  }
  if (next !== values.length)
    throw new Error(`a page of the column ${name} has ${values.length} values, and its levels state ${next}`)
  return texts
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Checks the definition levels before the values, length first; returns the place where the values start.
 */
function checkLevels(view: DataView, count: number): number {
  const bytes = view.getUint32(0, true)
  checkRuns(view, 4, bytes, 1, count)
  return 4 + bytes
}

function checkValues(
  view: DataView,
  from: number,
  encoding: string,
  count: number,
  isBoolean: boolean,
): void {
  if (from > view.byteLength) throw new Error('its levels go beyond its end')
  if (encoding === 'RLE' && isBoolean) checkRuns(view, from + 4, view.getUint32(from, true), 1, count)
  if (encoding.endsWith('_DICTIONARY') && from < view.byteLength)
    checkRuns(view, from + 1, view.byteLength - from - 1, view.getUint8(from), count)
}

/**
 * Checks the runs of the RLE and bit-packing hybrid (Parquet, Encodings.md). A run is as long as it states: a
 * flipped bit could demand a billion values.
 */
function checkRuns(view: DataView, from: number, bytes: number, width: number, count: number): void {
  const end = from + bytes
  if (width > 32 || end > view.byteLength) throw new Error('its runs go beyond its end')
  let at = from
  let values = 0
  while (at < end && values < count) {
    let run = 0
    let shift = 0
    for (;;) {
      const byte = view.getUint8(at)
      at += 1
      run += (byte & 0x7f) * 2 ** shift
      shift += 7
      if ((byte & 0x80) === 0) break
    }
    const isPacked = run % 2 === 1
    const length = Math.floor(run / 2)
    // Packed groups may go on beyond the last value, as far as they have bytes.
    if (isPacked && length * width > end - at + 8 * width) throw new Error('its runs go beyond its end')
    values += isPacked ? length * 8 : length
    at += isPacked ? length * width : Math.ceil(width / 8)
    if (values > count && (!isPacked || width === 0) && values - count >= (isPacked ? 8 : 1))
      throw new Error('its runs state more values than it has')
  }
}
