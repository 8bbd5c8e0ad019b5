import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { flipped, PRICES, patched, reasonOf } from '../../testing/flat-files/damage.ts'
import { parquetOfCsv, zipOf } from '../../testing/flat-files/formats.ts'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'

describe('a zip', () => {
  const DIRECTORY = Buffer.from([0x50, 0x4b, 0x01, 0x02])
  const END = Buffer.from([0x50, 0x4b, 0x05, 0x06])

  it.each([
    [
      'that is cut',
      async () => (await zipOf({ 'p.csv': PRICES })).subarray(0, 90),
      /^malformed: prices_daily\/a\.zip cannot be read as a zip: End of central directory/,
    ],
    [
      'whose directory is damaged',
      async () => patched(await zipOf({ 'p.csv': PRICES }), DIRECTORY, 0, 'XX'),
      /a\.zip cannot be read as a zip: invalid central directory/,
    ],
    [
      'that counts too few members',
      async () => patched(await zipOf({ 'p.csv': PRICES, 'q.csv': PRICES }), END, 10, [1, 0]),
      /a\.zip cannot be read as a zip: its directory continues after the 1 members/,
    ],
    [
      'of an encrypted member',
      async () => patched(await zipOf({ 'p.csv': PRICES }), DIRECTORY, 8, [1, 0]),
      /^malformed: prices_daily\/a\.zip\/p\.csv is encrypted\. Unpack prices_daily\/a\.zip, or pack it without a password\.$/,
    ],
    [
      'of an unknown method',
      async () => patched(await zipOf({ 'p.csv': PRICES }), DIRECTORY, 10, [14, 0]),
      /a\.zip\/p\.csv is packed by method 14; stored \(0\) and deflated \(8\) can be read/,
    ],
    [
      'whose member leads out of it',
      async () => patched(await zipOf({ 'xx/p.csv': PRICES }), 'xx/p.csv', 0, '../'),
      /a\.zip cannot be read as a zip: invalid relative path: \.\.\/p\.csv/,
    ],
    [
      'whose member has an absolute name',
      async () => patched(await zipOf({ 'xx/p.csv': PRICES }), 'xx/p.csv', 0, '/'),
      /a\.zip cannot be read as a zip: absolute path: \/x\/p\.csv/,
    ],
    [
      'of a link',
      async () => patched(await zipOf({ 'p.csv': PRICES }), DIRECTORY, 38, [0, 0, 0xff, 0xa1]),
      /a\.zip\/p\.csv is a link, not a file/,
    ],
    [
      'whose member does not have its CRC',
      async () => patched(await zipOf({ 'p.csv': PRICES }), DIRECTORY, 16, [1, 2, 3, 4]),
      /a\.zip\/p\.csv does not have the CRC that its zip states\. prices_daily\/a\.zip is damaged: copy it again\.$/,
    ],
    [
      'whose member has another length',
      async () => patched(await zipOf({ 'p.csv': PRICES }), DIRECTORY, 24, [9, 0]),
      /a\.zip\/p\.csv cannot be read: too many bytes in the stream/,
    ],
    [
      'of a Parquet file that is cut',
      async () => zipOf({ 'p.parquet': parquetOfCsv(PRICES).subarray(0, -9) }),
      /a\.zip\/p\.parquet begins as Parquet and does not end as Parquet: the copy is not complete\. Copy it again\.$/,
    ],
    [
      'of a zip',
      async () => zipOf({ 'p.zip': await zipOf({ 'p.csv': PRICES }) }),
      /a\.zip\/p\.zip is of a kind that cannot be read inside a zip/,
    ],
    ['of nothing', async () => zipOf({ 'README.txt': 'x' }), /a\.zip is a zip without a table in it/],
    [
      'of an empty member',
      async () => zipOf({ 'p.csv': '' }),
      /^truncated: prices_daily\/a\.zip\/p\.csv is empty: not even a header row/,
    ],
    [
      'of a cut gzip member',
      async () => zipOf({ 'p.csv.gz': gzipSync(PRICES).subarray(0, 40) }),
      /^truncated: prices_daily\/a\.zip\/p\.csv\.gz ends in the middle of its gzip data/,
    ],
  ])('%s is refused by name', async (_, make, reason) => {
    expect(await reasonOf('a.zip', await make())).toMatch(reason)
  })

  it('with a flipped byte is refused, or gives the same records', async () => {
    const whole = await zipOf({ 'p.csv': PRICES, 'q.csv': 'source_id,date,close\nx:2,2020-01-02,7\n' })
    const { records } = await readDelivery({ 'prices_daily/a.zip': whole })
    expect(records.length).toBe(10)
    for (let at = 0; at < whole.length; at += 1) {
      const read = await readDelivery({ 'prices_daily/a.zip': flipped(whole, at) })
      if (read.reasons.length === 0) expect({ at, records: read.records }).toEqual({ at, records })
    }
  })
})
