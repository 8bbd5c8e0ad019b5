import { createHash } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import { sessions } from '../../calendar/xnys.ts'
import {
  contentOf,
  ingestDelivery,
  isAccounted,
  SMALL_DELIVERY,
  writeDelivery,
} from '../../testing/flat-files/delivery.ts'
import { flatFiles } from './index.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

const PRICES = 'prices_daily/prices.csv'
const { [PRICES]: prices, ...others } = SMALL_DELIVERY

async function reasonsOf(files: Record<string, string | Buffer>): Promise<string[]> {
  const { job } = await ingestDelivery(scratch.connection, await writeDelivery(files))
  expect(await scratch.db.rows('select from stocks_research.prices_daily')).toEqual([])
  expect(job('prices-daily').items.failed).toBe(3)
  expect(isAccounted(job('prices-daily'))).toBe(true)
  return [...new Set(job('prices-daily').gaps.map(({ error_class, reason }) => `${error_class}: ${reason}`))]
}

describe('a file of a delivery', () => {
  it('means the same with CRLF, a byte order mark, quotes, gzip and another order of columns', async () => {
    await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY))
    const content = await contentOf(scratch.db)
    const lines = prices.trimEnd().split('\n')
    const turned = lines.map((line) => `"${line.split(',').toReversed().join('","')}"`)
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery({
        ...others,
        'prices_daily/prices.csv.gz': gzipSync(`\uFEFF${turned.join('\r\n')}`),
      }),
    )
    expect(job('prices-daily')).toMatchObject({ rows_read: 4, rows_unchanged: 4, rows_rejected: 0 })
    expect(await contentOf(scratch.db)).toEqual(content)
  })

  it('reads every token for "not known" as null, but leaves the ticker NA its name', async () => {
    const files = {
      ...SMALL_DELIVERY,
      'universe.csv': 'source_id,ticker\nx:na,NA\n',
      'securities/securities.csv': 'source_id,ticker,name,cik,list_date\nx:na,NA,None,N/A,2020-01-02\n',
      'ticker_history/ticker_history.csv': 'source_id,ticker,valid_from,valid_to\nx:na,NA,2020-01-02,null\n',
      [PRICES]: 'ticker,date,open,high,low,close,volume\nNA,2020-01-02,NA,.,-,1.5,null\n',
    }
    await ingestDelivery(scratch.connection, await writeDelivery(files))
    const [row] = await scratch.db.rows(
      'select ticker, name, open, high, low, close::text, volume from stocks_research.securities ' +
        'join stocks_research.prices_daily using (security_id)',
    )
    expect(row).toEqual({
      ticker: 'NA',
      name: null,
      open: null,
      high: null,
      low: null,
      close: '1.5',
      volume: null,
    })
  })

  it('fails its items when its gzip data end too early', async () => {
    const whole = gzipSync(prices)
    expect(
      await reasonsOf({ ...others, 'prices_daily/p.csv.gz': whole.subarray(0, whole.length - 9) }),
    ).toEqual([
      'truncated: prices_daily/p.csv.gz ends in the middle of its gzip data: the copy is not ' +
        'complete. Copy it again.',
    ])
  })

  it('fails all items of a dataset when one of its files cannot be read: any may be in it', async () => {
    expect(await reasonsOf({ ...SMALL_DELIVERY, 'prices_daily/p.csv.gz': Buffer.from('no gzip') })).toEqual([
      expect.stringMatching(/^malformed: prices_daily\/p\.csv\.gz cannot be read: /),
    ])
  })

  it('fails only its filer when it is named for one', async () => {
    const cut = gzipSync(SMALL_DELIVERY['fundamentals/CIK0000000001.csv']).subarray(0, 60)
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery({
        ...SMALL_DELIVERY,
        'fundamentals/CIK0000000002.csv.gz': cut,
      }),
    )
    expect(job('fundamentals-raw').items).toMatchObject({ ok: 1, failed: 1 })
    expect(job('fundamentals-raw').gaps).toContainEqual(
      expect.objectContaining({ item: '0000000002', error_class: 'truncated' }),
    )
  })

  it.each([
    ['is empty', '', 'truncated: prices_daily/prices.csv is empty: not even a header row. Copy it again.'],
    [
      'lacks a column',
      'source_id,date,open\nx:first,2020-02-03,1\n',
      'malformed: prices_daily/prices.csv has no column close; its columns are source_id, date, open.',
    ],
    [
      'names nobody',
      'date,close\n2020-02-03,1\n',
      'malformed: prices_daily/prices.csv has no column source_id or ticker; its columns are date, close.',
    ],
    [
      'has a column twice',
      'source_id,date,close,close\n',
      'malformed: prices_daily/prices.csv has the column close twice.',
    ],
  ])('is refused by name when it %s', async (_, text, reason) => {
    expect(await reasonsOf({ ...others, [PRICES]: text })).toEqual([reason])
  })

  it('is refused by name when it is of a kind that cannot be read', async () => {
    expect(await reasonsOf({ ...SMALL_DELIVERY, 'prices_daily/more.xlsx': 'PK' })).toEqual([
      expect.stringMatching(/^malformed: prices_daily\/more\.xlsx is of a kind that cannot be read/),
    ])
  })

  it('is refused when it changes while it is read', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    const provider = flatFiles(root)
    const changing = {
      ...provider,
      async *read(...[ask, batch, signal]: Parameters<typeof provider.read>) {
        for await (const page of provider.read(ask, batch, signal)) {
          yield page
          if (ask.dataset === 'prices_daily') await appendFile(join(root, PRICES), ' ')
        }
      },
    }
    // Longer than what the streams read ahead, so that its end is read after the change.
    await appendFile(join(root, PRICES), 'x:first,2019-01-04,1,1,1,1,1\n'.repeat(150_000))
    const { job } = await ingestDelivery(scratch.connection, root, { providers: [changing] })
    expect(job('prices-daily').gaps.map(({ error_class }) => error_class)).toEqual([
      'transient',
      'transient',
      'transient',
    ])
  })

  it('is rejected with 1 % of garbage, and loaded up to the threshold; bad records are listed', async () => {
    const days = sessions('2012-01-03', '2019-12-31').map(({ session_date }) => session_date)
    const bars = days.slice(0, 2_000).map((day) => `x:first,${day},1,1,1,1,1`)
    const garbage = [
      'x:first,2012-99-99,1,1,1,1,1',
      '€€€',
      'x:first,2020-02-05,1,1,1,-5,1',
      'a,"b',
      'x:first,2020-02-06,1,1,1,1,1,1',
    ]
    const header = 'source_id,date,open,high,low,close,volume'
    const dirty = bars.flatMap((bar, at) =>
      at % 100 === 50 ? [bar, garbage[Math.floor(at / 100) % garbage.length] ?? ''] : [bar],
    )
    const [reason] = await reasonsOf({ ...others, [PRICES]: [header, ...dirty].join('\n') })
    expect(reason).toBe(
      'malformed: prices_daily/prices.csv is refused: 20 of its 2020 records (0.990 %) are ' +
        'malformed, more than 0.1 %. See ingestion.rejects.',
    )
    const rejects = await scratch.db.rows(
      `select line::integer, reason from ingestion.rejects where kind = 'malformed' order by line limit 5`,
    )
    expect(rejects).toEqual([
      { line: 53, reason: 'date is "2012-99-99", not a day YYYY-MM-DD' },
      { line: 154, reason: 'it has 1 fields, the header 7' },
      { line: 255, reason: 'close is "-5", not a price from 0.000001 to 10,000,000' },
      { line: 356, reason: 'a quoted field does not close' },
      { line: 457, reason: 'it has 8 fields, the header 7' },
    ])
    const just = [header, ...bars.slice(0, 999), garbage[1]].join('\n')
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery({ ...others, [PRICES]: just }),
    )
    expect(job('prices-daily')).toMatchObject({ rows_read: 1_000, rows_rejected: 1, rows_inserted: 999 })
  })
})

describe('a manifest', () => {
  const sha256 = createHash('sha256').update(prices).digest('hex')
  const manifest = (file: Record<string, unknown>) => ({
    ...SMALL_DELIVERY,
    'manifest.json': JSON.stringify({
      spec: 1,
      label: 'a delivery',
      files: [{ path: PRICES, dataset: 'prices_daily', ...file }],
    }),
  })

  it('that agrees with its files lets them in', async () => {
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery(manifest({ rows: 4, sha256 })),
    )
    expect(job('prices-daily').rows_inserted).toBe(4)
  })

  it.each([
    [
      'another hash',
      { sha256: '0'.repeat(64) },
      /^malformed: prices_daily\/prices\.csv has SHA-256 .* damaged, or not complete yet: copy it again\.$/,
    ],
    [
      'another number of rows',
      { rows: 5 },
      /^truncated: prices_daily\/prices\.csv has 4 records; manifest\.json lists 5\.$/,
    ],
    [
      'a file that is not there',
      { path: 'prices_daily/none.csv' },
      /^malformed: prices_daily\/none\.csv is listed in manifest\.json and is missing/,
    ],
  ])('that says %s keeps them out', async (_, file, reason) => {
    expect(await reasonsOf(manifest(file))).toEqual([expect.stringMatching(reason)])
  })
})
