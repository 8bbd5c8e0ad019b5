import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fingerprintOf } from '../../../helpers/database/fingerprint.ts'
import { runs } from '../../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import { sessions } from '../../calendar/xnys.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../../testing/flat-files/delivery.ts'
import { asKind, KINDS } from '../../testing/flat-files/formats.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

/** A price or an amount that a source can mean, as a decimal text with zeros at its end or without. */
const amount = fc
  .tuple(
    fc.bigInt({ min: 1_000n, max: 10n ** 9n }),
    fc.integer({ min: 3, max: 6 }),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([digits, scale, zeros]) => {
    const text = String(digits).padStart(scale + 1, '0')
    return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}${'0'.repeat(zeros)}`
  })
const day = fc.constantFrom(...sessions('2015-11-20', '2020-06-30').map(({ session_date }) => session_date))
const holder = fc.constantFrom('x:first', 'x:second', 'x:third', 'x:none')
const table = (header: string, row: fc.Arbitrary<string>) =>
  fc
    .uniqueArray(row, { maxLength: 40, selector: (line) => line.split(',', 2).join() })
    .map((rows) => [header, ...rows, ''].join('\n'))
const bars = table(
  'source_id,date,close,volume',
  fc
    .tuple(holder, day, amount, fc.option(fc.bigInt({ min: 0n, max: 10n ** 12n })))
    .map(([id, on, close, volume]) => `${id},${on},${close},${volume ?? ''}`),
)
const dividends = table(
  'source_id,ex_date,amount,currency',
  fc.tuple(holder, day, amount, fc.constantFrom('USD', '')).map((row) => row.join()),
)

it('a delivery has one content hash as CSV, gzip, zstd, members of a zip or Parquet', async () => {
  await fc.assert(
    fc.asyncProperty(bars, dividends, async (prices, paid) => {
      const delivery = {
        ...SMALL_DELIVERY,
        'prices_daily/prices.csv': prices,
        'dividends/dividends.csv': paid,
      }
      const hashOf = async (files: Parameters<typeof writeDelivery>[0]): Promise<string> => {
        await scratch.db.execute(
          'truncate stocks_research.securities, stocks_research.fundamentals_raw cascade',
        )
        await ingestDelivery(scratch.connection, await writeDelivery(files))
        return (await fingerprintOf(scratch.connection, { scope: 'content', views: 'none' })).content_sha256
      }
      const plain = await hashOf(delivery)
      for (const kind of Object.keys(KINDS))
        expect(await hashOf(await asKind(delivery, kind)), kind).toBe(plain)
    }),
    { numRuns: runs(6), endOnFailure: true },
  )
})
