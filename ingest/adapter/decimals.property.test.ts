import fc from 'fast-check'
import { expect, test } from 'vitest'
import { productOf, scale } from './decimals.ts'

const cents = fc.integer({ min: 1, max: 200_000_000 })
const written = (value: number): string =>
  `${Math.floor(value / 100)}.${String(value % 100).padStart(2, '0')}`
const ratio = fc.record({
  numerator: fc.integer({ min: 1, max: 50 }).map(String),
  denominator: fc.integer({ min: 1, max: 50 }).map(String),
})

test('a price of up to seven digits survives any splits, 32-bit floats and their undoing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9_999_999 }),
      fc.array(ratio, { maxLength: 4 }),
      (price_cents, splits) => {
        const { over, under } = productOf(splits)
        const adjusted = Math.fround((price_cents / 100) * (Number(under) / Number(over)))
        const rebuilt = scale(String(adjusted), { over, under }, 7, 4)
        // A float of 24 bits holds seven digits, give or take one in the last.
        const digit = 10 ** (String(Math.floor(price_cents / 100)).length - 7)
        expect(Math.abs(Number(rebuilt) - price_cents / 100)).toBeLessThanOrEqual(digit * 1.5)
      },
    ),
  )
})

test('scaling by one gives the number itself', () => {
  fc.assert(
    fc.property(cents, (price) => {
      expect(scale(written(price), { over: 1n, under: 1n }, 30, 6)).toBe(String(price / 100))
    }),
  )
})

test('exponents, signs and small numbers keep their value', () => {
  const one = { over: 1n, under: 1n }
  expect(scale('1.5e-7', one, 7, 10)).toBe('0.00000015')
  expect(scale('-2.5', one, 7, 0)).toBe('-3')
  expect(scale('0.49999999', one, 7, 6)).toBe('0.5')
  expect(scale('1e3', one, 7, 2)).toBe('1000')
  expect(scale('0', one, 7, 2)).toBe('0')
  expect(() => scale('abc', one, 7, 2)).toThrow(TypeError)
  expect(productOf([{ numerator: '1.5', denominator: '1' }])).toEqual({ over: 15n, under: 10n })
})
