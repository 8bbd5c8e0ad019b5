import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Duck, openDuck } from './duckdb.ts'
import type { Column } from './tables.ts'

let root: string
let duck: Duck
beforeAll(async () => {
  root = await mkdtemp(join(inject('testDirectory'), 'duckdb-'))
  duck = await openDuck(root)
})
afterAll(() => duck.close())

const decimal = (places: number): Column => ({
  name: `with_${places}`,
  type: `DECIMAL(38,${places})`,
  places,
  text: '',
  comment: '',
})
const PLACES = [0, 12, 20]

/** A decimal as PostgreSQL writes one that was rounded to so many places. */
const textOf = (places: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), fc.integer({ min: 1, max: 38 }), fc.nat(38), fc.stringMatching(/^[0-9]{38}$/))
    .map(([is_negative, digits_count, zeros_count, digits]) => {
      const kept = digits.slice(0, Math.max(0, digits_count - zeros_count))
      const number = BigInt(kept.padEnd(digits_count, '0'))
      const text = number.toString().padStart(places + 1, '0')
      const whole = text.slice(0, text.length - places)
      return `${is_negative && number > 0n ? '-' : ''}${whole}${places > 0 ? `.${text.slice(-places)}` : ''}`
    })

test('decimals of up to 38 digits are read back as they were written, digit by digit', async () => {
  const rows = fc.sample(fc.tuple(...PLACES.map(textOf)), { numRuns: 5_000, seed: 38 })
  const csv = rows.map((row) => `${row.map((text) => `"${text}"`).join(',')}\n`).join('')
  const columns = PLACES.map(decimal)
  await writeFile(join(root, 'written.csv'), csv)
  await duck.write(join(root, 'written.csv'), join(root, 'x.parquet'), columns)
  await duck.writeCsv(join(root, 'x.parquet'), join(root, 'read.csv'), columns)
  expect((await readFile(join(root, 'read.csv'), 'utf8')).split('\n')).toEqual(csv.split('\n'))
})

test('a text that is no decimal of the type fails', async () => {
  const write = async (text: string): Promise<void> => {
    await writeFile(join(root, 'bad.csv'), `"${text}"\n`)
    await duck.write(join(root, 'bad.csv'), join(root, 'bad.parquet'), [decimal(12)])
  }
  for (const text of ['does not fit', `1${'0'.repeat(26)}.000000000000`, 'NaN'])
    await expect(write(text), text).rejects.toThrow('Conversion Error')
})
