import { crc32 } from 'node:zlib'
import type { SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { describe, expect, it } from 'vitest'
import { flipped, PRICES, patched, reasonOf } from '../../testing/flat-files/damage.ts'
import { column, parquetOf, parquetOfCsv } from '../../testing/flat-files/formats.ts'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'

describe('a Parquet file', () => {
  const whole = parquetOfCsv(PRICES)

  it.each([
    [
      'that is cut',
      whole.subarray(0, whole.length - 9),
      /^truncated: prices_daily\/p\.parquet begins as Parquet and does not end as Parquet: the copy is not complete\. Copy it again\.$/,
    ],
    [
      'that is empty',
      Buffer.alloc(0),
      /^truncated: prices_daily\/p\.parquet is not a complete Parquet file: it has 0 bytes\. Copy it again\.$/,
    ],
    [
      'that is CSV',
      Buffer.from(PRICES),
      /^malformed: prices_daily\/p\.parquet should be Parquet by its name, and is not by its first bytes\./,
    ],
    [
      'that is encrypted',
      patched(whole, 'PAR1', 0, 'PARE'),
      /^malformed: prices_daily\/p\.parquet is encrypted\. Write it without encryption\.$/,
    ],
    [
      'that states a footer larger than itself',
      patched(whole, 'PAR1', -4, [255, 255, 255, 1]),
      /p\.parquet states a footer of 33554431 bytes; it has \d+ in all\. It is damaged: copy it again\.$/,
    ],
    [
      'without a column',
      parquetOf([column({ name: 'date', type: 'INT32', converted_type: 'DATE' }, [1])], 'SNAPPY'),
      /p\.parquet has no column close, source_id or ticker; its columns are date\.$/,
    ],
  ])('%s is refused by name', async (_, content, reason) => {
    expect(await reasonOf('p.parquet', content)).toMatch(reason)
  })

  it.each(['SNAPPY', 'ZSTD', 'GZIP', 'UNCOMPRESSED'] as const)(
    'of %s pages with flipped bytes never ends in anything but records or a reason',
    async (codec) => {
      const good = parquetOfCsv(PRICES, codec)
      for (let at = 0; at < good.length; at += 3) {
        const { records, reasons } = await readDelivery({
          'prices_daily/p.parquet': flipped(good, at, at % 8),
        })
        // A flipped bit of a value itself shows only in a checksum: of its page or of a manifest.
        if (reasons.length === 0) expect(records.length).toBe(9)
        else
          expect(reasons).toEqual([
            expect.stringMatching(/^(malformed|truncated): prices_daily\/p\.parquet /),
          ])
      }
    },
  )
})

describe('a page of Parquet with a CRC', () => {
  /**
   * A file of one page of days, closes and ids each, written field by field, with the CRC that `of` makes of
   * the page.
   */
  function checked(of: (bytes: Uint8Array) => number | undefined): Buffer {
    const writer = new ByteWriter()
    writer.appendUint32(0x31524150)
    const days = new Uint8Array(new Int32Array([18_000, 18_001, 18_002]).buffer)
    const numbers = new Uint8Array(new Float64Array([1.5, 0.1, 7]).buffer)
    const texts = Buffer.concat(
      ['x:1', 'x:1', 'x:2'].map((text) => Buffer.from([text.length, 0, 0, 0, ...Buffer.from(text)])),
    )
    const elements: (SchemaElement & { bytes: Uint8Array })[] = [
      { name: 'date', type: 'INT32', converted_type: 'DATE', repetition_type: 'REQUIRED', bytes: days },
      { name: 'close', type: 'DOUBLE', repetition_type: 'REQUIRED', bytes: numbers },
      {
        name: 'source_id',
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        repetition_type: 'REQUIRED',
        bytes: texts,
      },
    ]
    const columns = elements.map(({ name, type = 'INT32', bytes }) => {
      const offset = writer.offset
      const levels = {
        encoding: 'PLAIN',
        definition_level_encoding: 'RLE',
        repetition_level_encoding: 'RLE',
      } as const
      const crc = of(bytes)
      writePageHeader(writer, {
        type: 'DATA_PAGE',
        uncompressed_page_size: bytes.length,
        compressed_page_size: bytes.length,
        ...(crc === undefined ? {} : { crc }),
        data_page_header: { num_values: 3, ...levels },
      })
      writer.appendBytes(bytes)
      const size = BigInt(writer.offset - offset)
      const sizes = {
        num_values: 3n,
        total_uncompressed_size: size,
        total_compressed_size: size,
        data_page_offset: BigInt(offset),
      }
      return {
        file_offset: BigInt(offset),
        meta_data: {
          type,
          encodings: ['PLAIN' as const],
          path_in_schema: [name],
          codec: 'UNCOMPRESSED' as const,
          ...sizes,
        },
      }
    })
    writeMetadata(writer, {
      version: 1,
      schema: [
        { name: 'root', num_children: 3 },
        ...elements.map(({ bytes: _bytes, ...element }) => element),
      ],
      num_rows: 3n,
      row_groups: [{ columns, total_byte_size: BigInt(writer.offset), num_rows: 3n }],
      metadata_length: 0,
    })
    writer.appendUint32(0x31524150)
    return Buffer.from(writer.getBuffer())
  }

  it.each([
    ['that is right', (bytes: Uint8Array) => crc32(bytes) | 0],
    ['of none', () => undefined],
  ])('%s is read', async (_, of) => {
    const { reasons, records } = await readDelivery({ 'prices_daily/p.parquet': checked(of) })
    expect(reasons).toEqual([])
    expect(records.map(({ record }) => record)).toEqual([
      { source_id: 'x:1', date: '2019-04-14', close: '1.5' },
      { source_id: 'x:1', date: '2019-04-15', close: '0.1' },
      { source_id: 'x:2', date: '2019-04-16', close: '7' },
    ])
  })

  it('that is another is refused by its column', async () => {
    expect(
      await reasonOf(
        'p.parquet',
        checked((bytes) => crc32(bytes) ^ 1),
      ),
    ).toBe(
      'malformed: prices_daily/p.parquet cannot be read as Parquet: a page of the column source_id ' +
        'does not have its CRC. It is damaged, or uses a feature that is not supported: copy it ' +
        'again, or write it with other options.',
    )
  })
})
