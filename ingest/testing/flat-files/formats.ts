import { buffer } from 'node:stream/consumers'
import { gzipSync, constants as zlib, zstdCompressSync } from 'node:zlib'
import { ZipArchive } from 'archiver'
import { parse } from 'csv-parse/sync'
import type { SchemaElement } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import { LIMITS } from '../../providers/flat-files/limits.ts'

/** A delivery as `writeDelivery` takes it. */
export type Files = Readonly<Record<string, string | Buffer>>

/** A zip of members, deflated. */
export async function zipOf(members: Files): Promise<Buffer> {
  const archive = new ZipArchive({ zlib: { level: 6 } })
  for (const [name, content] of Object.entries(members)) archive.append(Buffer.from(content), { name })
  const bytes = buffer(archive)
  await archive.finalize()
  return bytes
}

/** Two gzip members, one after the other, as `cat a.gz b.gz` makes them. */
export const gzipOf = (text: string): Buffer => Buffer.concat(halvesOf(text).map((half) => gzipSync(half)))

/** Frames of zstd with checksums and a skippable one between them, as parallel compressors write them. */
export const zstdOf = (text: string): Buffer => {
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = halvesOf(text).map((half) =>
    zstdCompressSync(half, { params: { [zlib.ZSTD_c_checksumFlag]: 1 } }),
  )
  return Buffer.concat([first, Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]), second])
}

function halvesOf(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  const middle = Math.floor(bytes.length / 2)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

export type ParquetCodec = 'UNCOMPRESSED' | 'SNAPPY' | 'GZIP' | 'ZSTD'

/** A Parquet file of these columns, with small pages and row groups. */
export function parquetOf(
  columns: readonly (ColumnSource & { element: SchemaElement })[],
  codec: ParquetCodec,
  rowGroupSize = 3,
): Buffer {
  const compressors = {
    GZIP: (bytes: Uint8Array) => gzipSync(bytes),
    ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes),
  }
  return Buffer.from(
    parquetWriteBuffer({
      columnData: columns.map(({ element: _element, ...column }) => column),
      schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ element }) => element)],
      codec,
      compressors,
      rowGroupSize,
      pageSize: 64,
    }),
  )
}

const DAY = /^\d{4}-\d\d-\d\d$/
const DECIMAL = /^-?\d+(\.\d+)?$/

/**
 * A CSV file as a typed exporter writes it: days as DATE, numbers as DECIMAL, the rest as text, nulls where a
 * field is empty.
 */
export function parquetOfCsv(text: string, codec: ParquetCodec = 'SNAPPY'): Buffer {
  const [header = [], ...rows] = parse(text) as string[][]
  return parquetOf(
    header.map((name, at) => {
      const texts = rows.map((row) => (row[at] === '' ? null : (row[at] ?? null)))
      const known = texts.filter((value) => value !== null)
      if (known.length > 0 && known.every((value) => DAY.test(value)))
        return column({ name, type: 'INT32', converted_type: 'DATE' }, texts.map(daysOf))
      if (known.length > 0 && known.every((value) => DECIMAL.test(value) && !value.startsWith('0000'))) {
        const scale = Math.max(...known.map((value) => value.split('.')[1]?.length ?? 0))
        const element = {
          name,
          type: 'FIXED_LEN_BYTE_ARRAY',
          type_length: 16,
          converted_type: 'DECIMAL',
          scale,
          precision: 38,
        } as const
        return column(
          element,
          texts.map((value) => unscaledOf(value, scale)),
        )
      }
      return column({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8' }, texts)
    }),
    codec,
  )
}

/** A column that may hold nulls. */
export const column = (
  element: SchemaElement,
  data: readonly unknown[],
): ColumnSource & { element: SchemaElement } => ({
  name: element.name,
  data: [...data],
  element: { repetition_type: 'OPTIONAL', ...element },
})

const daysOf = (text: string | null): number | null =>
  text === null ? null : Date.parse(`${text}T00:00:00Z`) / 86_400_000

function unscaledOf(text: string | null, scale: number): bigint | null {
  if (text === null) return null
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}

/** The kinds that every table may have: how one is made of CSV, and its name. */
export const KINDS: Readonly<Record<string, (name: string, text: string) => Promise<Files>>> = {
  gzip: async (name, text) => ({ [`${name}.gz`]: gzipOf(text) }),
  zstd: async (name, text) => ({ [`${name}.zst`]: zstdOf(text) }),
  zip: async (name, text) => {
    const [folder = '', file = ''] = name.split('/')
    const some = text.split('\n').slice(0, 2).join('\n') // What two members say alike is one row.
    return {
      [`${folder}/all.zip`]: await zipOf({
        [`a/${file}`]: text,
        [`b/deep/${file}.gz`]: gzipSync(some),
        'README.txt': 'no table',
      }),
    }
  },
  parquet: async (name, text) => ({ [name.replace('.csv', '.parquet')]: parquetOfCsv(text, 'SNAPPY') }),
  'parquet, zstd': async (name, text) => ({
    [name.replace('.csv', '.zstd.parquet')]: parquetOfCsv(text, 'ZSTD'),
  }),
  'parquet, gzip': async (name, text) => ({ [name.replace('.csv', '.pq')]: parquetOfCsv(text, 'GZIP') }),
}

/** The delivery with every table as another kind. */
export async function asKind(files: Files, kind: keyof typeof KINDS): Promise<Files> {
  const made = await Promise.all(
    Object.entries(files).map(async ([name, content]) =>
      name.includes('/') && typeof content === 'string' ? KINDS[kind]?.(name, content) : { [name]: content },
    ),
  )
  return Object.assign({}, ...made)
}

/** Bytes that a bomb expands to: beyond what is free. */
export const BOMB_BYTES = LIMITS.expanded_bytes_free + 4 * 1024 * 1024
