import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { flipped, PRICES, reasonOf } from '../../testing/flat-files/damage.ts'
import { writeDelivery } from '../../testing/flat-files/delivery.ts'
import { BOMB_BYTES, gzipOf, parquetOfCsv, zipOf, zstdOf } from '../../testing/flat-files/formats.ts'
import { readDelivery, readFolder } from '../../testing/flat-files/read-delivery.ts'

describe('a compressed file', () => {
  it.each([
    ['gz', [gzipSync(PRICES.slice(0, 90)), gzipSync(PRICES.slice(90))]],
    [
      'zst',
      [
        zstdCompressSync(PRICES.slice(0, 90)),
        Buffer.from([0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]),
        zstdCompressSync(PRICES.slice(90)),
      ],
    ],
  ])(
    'of several members (.%s) is read completely, and cut anywhere it is an error that names it',
    async (kind, members) => {
      const name = `prices_daily/p.csv.${kind}`
      const whole = Buffer.concat(members)
      expect((await readDelivery({ [name]: whole })).records.length).toBe(9)
      const silent: number[] = []
      for (let bytes = 0; bytes < whole.length; bytes += 1) {
        const { reasons } = await readDelivery({ [name]: whole.subarray(0, bytes) })
        if (reasons.length === 0) silent.push(bytes)
        else
          expect(reasons).toEqual([
            expect.stringMatching(/^truncated: prices_daily\/p\.csv\.\w+ (ends in the middle|is empty)/),
          ])
      }
      // A cut between two members looks like an end; only a manifest shows it.
      expect(silent).toEqual(members.slice(1).map((_, at) => Buffer.concat(members.slice(0, at + 1)).length))
    },
  )

  it.each([
    [
      'p.csv.gz',
      'gzip with zeros behind it',
      Buffer.concat([gzipSync(PRICES), Buffer.alloc(40)]),
      'has 40 bytes after the end of its gzip data. It is damaged: copy it again.',
    ],
    [
      'p.csv.gz',
      'gzip with text behind it',
      Buffer.concat([gzipSync(PRICES), Buffer.from('x:1')]),
      'cannot be read: it is not complete gzip data (incorrect header check). It is damaged, or its ' +
        'name is wrong.',
    ],
    [
      'p.csv.zst',
      'zstd with text behind it',
      Buffer.concat([zstdCompressSync(PRICES), Buffer.from('x:1,2020')]),
      'cannot be read: it is not complete zstd data (what follows a frame is none). It is damaged, ' +
        'or its name is wrong.',
    ],
    [
      'p.csv.zst',
      'plain text',
      PRICES,
      'cannot be read: it is not complete zstd data (it has no magic number of zstd). It is ' +
        'damaged, or its name is wrong.',
    ],
    [
      'p.csv.gz',
      'zstd',
      zstdOf(PRICES),
      'cannot be read: it is not complete gzip data (incorrect header check). It is damaged, or its ' +
        'name is wrong.',
    ],
    [
      'p.csv',
      'gzip',
      gzipOf(PRICES),
      'should be CSV by its name, and is a gzip file by its first bytes. Rename it to match its ' +
        'content, or convert it.',
    ],
    [
      'p.csv',
      'UTF-16',
      Buffer.from(`\uFEFF${PRICES}`, 'utf16le'),
      'should be CSV by its name, and is text in UTF-16, not UTF-8 by its first bytes. Rename it to ' +
        'match its content, or convert it.',
    ],
    [
      'p.csv',
      'Windows-1252',
      Buffer.from('source_id,date,close\nx:é,2020-01-02,1\nx:è,2020-01-02,2\n', 'latin1'),
      'has bytes that are not UTF-8. Save it as UTF-8: otherwise different names could be read as one.',
    ],
    [
      'p.csv',
      'cut in the middle of a letter',
      Buffer.from('source_id,date,close\nx:1,2020-01-02,1é').subarray(0, -1),
      'has bytes that are not UTF-8. Save it as UTF-8: otherwise different names could be read as one.',
    ],
    [
      'p.csv',
      'bytes',
      Buffer.from('a,b\n\0\0\0\0'),
      'should be CSV by its name, and is binary data (it has zero bytes) by its first bytes. Rename ' +
        'it to match its content, or convert it.',
    ],
    [
      'p.csv',
      'one endless line',
      `source_id,date,close\n${'x'.repeat(2_000_000)}`,
      'has no line break within 1048576 characters after line 1. It is not CSV.',
    ],
    [
      'p.csv',
      'a Parquet file',
      parquetOfCsv(PRICES),
      'should be CSV by its name, and is a Parquet file by its first bytes. Rename it to match its ' +
        'content, or convert it.',
    ],
    [
      'p.csv.bz2',
      'of no known kind',
      'BZh9',
      'is of a kind that cannot be read; .csv, .txt and .tsv (also .gz and .zst), .parquet and .zip ' +
        'can. Convert it, or move it out of the delivery.',
    ],
    [
      'p.csv',
      'delimited by semicolons',
      'source_id;date;close\nx:1;2020-01-02;1\n',
      'has no column date, close, source_id or ticker; its columns are source_id;date;close. State ' +
        'its delimiter ";" in mapping.json.',
    ],
    [
      'p.csv',
      'without line feeds',
      `source_id,date,close\r${'x:1,2020-01-02,1\r'.repeat(200)}`,
      'has lines that end in a carriage return alone. Save it with line feeds.',
    ],
  ])('%s that is %s is refused by name', async (name, _, content, reason) => {
    expect(await reasonOf(name, content)).toBe(`malformed: prices_daily/${name} ${reason}`)
  })

  it('with a flipped byte is refused, or gives the same records', async () => {
    for (const [name, whole] of [
      ['p.csv.gz', gzipOf(PRICES)],
      ['p.csv.zst', zstdOf(PRICES)],
    ] as const) {
      const { records } = await readDelivery({ [`prices_daily/${name}`]: whole })
      for (let at = 0; at < whole.length; at += 1) {
        const read = await readDelivery({ [`prices_daily/${name}`]: flipped(whole, at) })
        if (read.reasons.length === 0) expect({ at, records: read.records }).toEqual({ at, records })
      }
    }
  })

  it('that expands more than a table does is stopped', async () => {
    const bomb = `x:1,2020-01-02,1${' '.repeat(100_000)}\n`.repeat(BOMB_BYTES / 100_000)
    const reason =
      /^malformed: prices_daily\/\S+ expands to more than 250 times its size \(\d+ bytes of \d+ so far\), as no table does\. If this is intended, put it/
    expect(await reasonOf('p.csv.gz', gzipSync(`source_id,date,close\n${bomb}`))).toMatch(reason)
    expect(await reasonOf('p.csv.zst', zstdCompressSync(`source_id,date,close\n${bomb}`))).toMatch(reason)
    expect(await reasonOf('p.zip', await zipOf({ 'p.csv': `source_id,date,close\n${bomb}` }))).toMatch(reason)
  })
})

describe('a delivery', () => {
  it('refuses a link to a folder by name, and reads a link to a file', async () => {
    const root = await writeDelivery({ 'prices_daily/p.csv': PRICES })
    const elsewhere = await writeDelivery({ 'more/q.csv': PRICES })
    await symlink(join(elsewhere, 'more/q.csv'), join(root, 'prices_daily/q.csv'))
    expect((await readFolder(root)).records.length).toBe(18)
    await symlink(join(elsewhere, 'more'), join(root, 'prices_daily/2020'))
    expect((await readFolder(root)).reasons).toEqual([
      'malformed: prices_daily/2020 is a link to a folder, which is not followed. Put the folder ' +
        'itself there.',
    ])
  })

  it('names a broken link, and skips a folder that is named like a file', async () => {
    const root = await writeDelivery({ 'prices_daily/p.csv': PRICES })
    await mkdir(join(root, 'prices_daily/q.csv'))
    await writeFile(join(root, 'prices_daily/_SUCCESS'), '')
    expect((await readFolder(root)).records.length).toBe(9)
    await symlink(join(root, 'none.csv'), join(root, 'prices_daily/r.csv'))
    expect((await readFolder(root)).reasons).toEqual([
      expect.stringMatching(/^malformed: prices_daily\/r\.csv cannot be read: ENOENT/),
    ])
  })
})
