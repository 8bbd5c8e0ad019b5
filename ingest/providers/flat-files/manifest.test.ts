import { createHash } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PRICES } from '../../testing/flat-files/damage.ts'
import { writeDelivery } from '../../testing/flat-files/delivery.ts'
import { gzipOf, parquetOfCsv, zipOf, zstdOf } from '../../testing/flat-files/formats.ts'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'
import { flatFiles } from './index.ts'

const sha256Of = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const MORE = 'source_id,date,close\nx:2,2020-01-02,7\n'

async function read(file: string, content: string | Buffer, ...listed: Record<string, unknown>[]) {
  const manifest = JSON.stringify({ spec: 1, files: listed })
  const { reasons, records } = await readDelivery({
    [`prices_daily/${file}`]: content,
    'manifest.json': manifest,
  })
  return reasons.length > 0 ? reasons : records.length
}

describe('a manifest', () => {
  it.each([
    ['p.csv.gz', gzipOf(PRICES)],
    ['p.csv.zst', zstdOf(PRICES)],
    ['p.parquet', parquetOfCsv(PRICES)],
  ])('holds %s to its hash and its records', async (name, content) => {
    const path = `prices_daily/${name}`
    const sha256 = sha256Of(content)
    expect(await read(name, content, { path, sha256: sha256.toUpperCase(), rows: 9 })).toBe(9)
    expect(await read(name, content, { path, rows: 10 })).toEqual([
      `truncated: ${path} has 9 records; manifest.json lists 10.`,
    ])
    expect(await read(name, content, { path, sha256: '0'.repeat(64) })).toEqual([
      `malformed: ${path} has SHA-256 ${sha256}; manifest.json lists ${'0'.repeat(64)}. The file is ` +
        'damaged, or not complete yet: copy it again.',
    ])
  })

  it('compares a zip with the records of all its members, and each member with its own entry', async () => {
    const zip = await zipOf({ 'p.csv': PRICES, 'q.csv': MORE })
    const path = 'prices_daily/a.zip'
    expect(
      await read(
        'a.zip',
        zip,
        { path, sha256: sha256Of(zip), rows: 10 },
        { path: `${path}/q.csv`, rows: 1, sha256: sha256Of(MORE) },
      ),
    ).toBe(10)
    expect(await read('a.zip', zip, { path, rows: 9 })).toEqual([
      `truncated: ${path} has 10 records; manifest.json lists 9.`,
    ])
    expect(await read('a.zip', zip, { path: `${path}/q.csv`, rows: 2 })).toEqual([
      `truncated: ${path}/q.csv has 1 records; manifest.json lists 2.`,
    ])
    expect(await read('a.zip', zip, { path: `${path}/q.csv`, sha256: sha256Of(PRICES) })).toEqual([
      `malformed: ${path}/q.csv does not have the SHA-256 ${sha256Of(PRICES)} that manifest.json lists.`,
    ])
    expect(await read('a.zip', zip, { path: `${path}/r.csv` })).toEqual([
      `malformed: ${path}/r.csv is listed in manifest.json and is missing. Complete the delivery, ` +
        'or correct the manifest.',
    ])
  })
})

it.each(['p.parquet', 'a.zip'])('%s that changes while it is read is refused', async (name) => {
  const content = name === 'a.zip' ? await zipOf({ 'p.csv': PRICES }) : parquetOfCsv(PRICES)
  const root = await writeDelivery({ [`prices_daily/${name}`]: content })
  const subjects = [{ item: 'x:1', source_id: 'x:1', cik: undefined, ticker: undefined, tickers: [] }]
  const ask = {
    dataset: 'prices_daily',
    subjects,
    window: { start_date: '1990-01-01', end_date: '2029-12-31' },
    first_session_date: '1990-01-02',
  } as const
  const ends = []
  const batch = { label: '', subjects, estimate: { requests: 0, bytes: 0 } }
  for await (const page of flatFiles(root).read(ask, batch, new AbortController().signal)) {
    if ('status' in page) ends.push(page)
    else await appendFile(join(root, 'prices_daily', name), 'x')
  }
  expect(ends).toEqual([
    {
      item: 'x:1',
      status: 'failed',
      error_class: 'transient',
      reason:
        `prices_daily/${name} changed while it was read. Wait until the delivery is complete, ` +
        'and start again.',
    },
  ])
})
