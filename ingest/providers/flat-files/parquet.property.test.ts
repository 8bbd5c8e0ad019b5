import fc from 'fast-check'
import type { SchemaElement } from 'hyparquet'
import { expect, it } from 'vitest'
import { runs } from '../../../helpers/testing/runs.ts'
import { decimal } from '../../contract/fields.ts'
import { column, type ParquetCodec, parquetOf } from '../../testing/flat-files/formats.ts'
import { readDelivery } from '../../testing/flat-files/read-delivery.ts'

const codec = fc.constantFrom<ParquetCodec>('UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD')
const group = fc.integer({ min: 1, max: 9 })
const RUNS = { numRuns: runs(200) }

/** What is read of a column of dividends that nobody knows: it is kept as it stands. */
async function textsOf(
  element: SchemaElement,
  data: readonly unknown[],
  kind: ParquetCodec,
  rowGroupSize: number,
) {
  const text = (name: string) =>
    column(
      { name, type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      data.map(() => '2020-01-02'),
    )
  const columns = [
    text('source_id'),
    text('ex_date'),
    text('amount'),
    column({ ...element, name: 'x' }, data),
  ]
  const { records, reasons } = await readDelivery(
    { 'dividends/d.parquet': parquetOf(columns, kind, rowGroupSize) },
    'corporate_actions',
  )
  expect(reasons).toEqual([])
  return records.map(({ record }) => record['x'] ?? null)
}

const some = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.option(value, { freq: 4 }), { minLength: 1, maxLength: 40 })

function holds<T>(
  title: string,
  element: SchemaElement,
  value: fc.Arbitrary<T>,
  textOf: (value: T) => string,
  stored = (value: T): unknown => value,
) {
  it(title, async () => {
    await fc.assert(
      fc.asyncProperty(some(value), codec, group, async (values, kind, size) => {
        const data = values.map((each) => (each === null ? null : stored(each)))
        expect(await textsOf(element, data, kind, size)).toEqual(
          values.map((each) => (each === null ? null : textOf(each))),
        )
      }),
      RUNS,
    )
  })
}

const bits = (n: bigint) => fc.bigInt({ min: -(2n ** (n - 1n)), max: 2n ** (n - 1n) - 1n })
const scaledText = (scale: number) => (value: bigint) => {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
  const sign = value < 0n ? '-' : ''
  const fraction = scale === 0 ? '' : `.${digits.slice(-scale)}`
  return sign + digits.slice(0, digits.length - scale) + fraction
}

holds('INT64 keeps every digit', { name: 'x', type: 'INT64' }, bits(64n), String)
holds('INT32 keeps every digit', { name: 'x', type: 'INT32' }, bits(32n), String, Number)
holds(
  'DECIMAL in 128 bits keeps every digit',
  {
    name: 'x',
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: 16,
    converted_type: 'DECIMAL',
    scale: 9,
    precision: 38,
  },
  bits(126n),
  scaledText(9),
)
holds(
  'DECIMAL in INT64 keeps every digit',
  { name: 'x', type: 'INT64', converted_type: 'DECIMAL', scale: 4, precision: 18 },
  bits(59n),
  scaledText(4),
)
holds(
  'DECIMAL in INT32 keeps every digit',
  { name: 'x', type: 'INT32', converted_type: 'DECIMAL', scale: 2, precision: 9 },
  fc.bigInt({ min: -999_999_999n, max: 999_999_999n }),
  scaledText(2),
)
holds(
  'DATE is the day meant, before 1970 and after',
  { name: 'x', type: 'INT32', converted_type: 'DATE' },
  fc.integer({ min: -60_000, max: 80_000 }),
  (day) => new Date(day * 86_400_000).toISOString().slice(0, 10),
)
holds(
  'BYTE_ARRAY is its text',
  { name: 'x', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() === text && text.length > 5),
  String,
)

it('DOUBLE is the shortest text of its number, and FLOAT of its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      some(fc.double({ noNaN: true, noDefaultInfinity: true })),
      some(fc.float({ noNaN: true, noDefaultInfinity: true })),
      codec,
      async (doubles, floats, kind) => {
        const double = await textsOf({ name: 'x', type: 'DOUBLE' }, doubles, kind, 7)
        const float = await textsOf({ name: 'x', type: 'FLOAT' }, floats, kind, 7)
        expect(double).toEqual(doubles.map((value) => (value === null ? null : String(value))))
        for (const [at, text] of float.entries()) {
          const value = floats[at] ?? null
          expect(text === null ? null : Math.fround(Number(text))).toBe(value === null ? null : value + 0)
          if (text !== null && value !== null) expect(text.length).toBeLessThanOrEqual(String(value).length)
        }
      },
    ),
    RUNS,
  )
})

it.each(['MILLIS', 'MICROS', 'NANOS'] as const)(
  'a midnight in %s is its day: on a wall, in UTC and in New York; another moment is none',
  async (unit) => {
    const units = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n }[unit]
    const daylight = (day: string): boolean => day.slice(5) > '04-10' && day.slice(5) < '10-20'
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -20_000, max: 25_000 }), async (at) => {
        const day = new Date(at * 86_400_000).toISOString().slice(0, 10)
        const midnight = BigInt(at) * 86_400n * units
        const element = (isAdjustedToUTC: boolean): SchemaElement => ({
          name: 'x',
          type: 'INT64',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit },
        })
        expect(
          await textsOf(element(false), [midnight, midnight + 16n * 3_600n * units], 'SNAPPY', 5),
        ).toEqual([day, `${day}T16:00:00`])
        expect(
          await textsOf(element(true), [midnight, midnight + 16n * 3_600n * units + 1n], 'SNAPPY', 5),
        ).toEqual([day, expect.stringMatching(/^\S{10}T16:00:00\.0+1Z$/)])
        // Between the changes of the clock of every year since 2007.
        if (day > '2008-01-01' && (daylight(day) || day.slice(5) > '11-10' || day.slice(5) < '03-01')) {
          const hours = daylight(day) ? 4n : 5n
          expect(await textsOf(element(true), [midnight + hours * 3_600n * units], 'SNAPPY', 5)).toEqual([
            day,
          ])
        }
      }),
      { numRuns: 60 },
    )
  },
)

it('what is read of a number is a number to the jobs', async () => {
  await fc.assert(
    fc.asyncProperty(some(fc.double({ noNaN: true, noDefaultInfinity: true })), async (values) => {
      for (const text of await textsOf({ name: 'x', type: 'DOUBLE' }, values, 'SNAPPY', 9))
        if (text !== null) expect(Number(decimal(text))).toBe(Number(text) + 0)
    }),
    { numRuns: 50 },
  )
})
