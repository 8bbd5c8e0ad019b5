import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDay } from '../../helpers/core/days.ts'
import { decimal } from './fields.ts'

describe('decimal', () => {
  it('gives one text for one value, however it was written', () => {
    const zeros = fc.nat(4).map((count) => '0'.repeat(count))
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.nat(12),
        zeros,
        zeros,
        fc.nat(9),
        (digits, places, leading, trailing, shift) => {
          const sign = digits < 0n ? '-' : ''
          const text = String(digits)
            .replace('-', '')
            .padStart(places + 1, '0')
          const [whole, fraction] = places === 0 ? [text, ''] : [text.slice(0, -places), text.slice(-places)]
          const plain = decimal(`${sign}${whole}.${fraction}0`)
          expect(decimal(`${sign}${leading}${whole}.${fraction}${trailing}`)).toBe(plain)
          // The same value with the point moved, and an exponent that moves it back.
          expect(decimal(`${sign}${text}${'0'.repeat(shift)}e-${places + shift}`)).toBe(plain)
          expect(decimal(plain ?? '')).toBe(plain)
          expect(plain).toMatch(/^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/)
        },
      ),
    )
  })

  it('loses no digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 1n }), (whole, fraction) => {
        const text = `${whole}.${fraction}`
        const value = decimal(text) ?? ''
        expect(text.replace(/0+$/, '').replace(/\.$/, '')).toBe(value)
      }),
    )
  })

  it.each(['', '1,5', '1.2.3', 'abc', '0x1', 'Infinity', 'NaN', '--1', '1e', '1 2', '1e9999', '١'])(
    'does not take "%s" for a number',
    (text) => {
      expect(decimal(text)).toBeUndefined()
    },
  )
})

describe('isDay', () => {
  it('accepts the days of the calendar and no others', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1800-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }),
        (date) => {
          expect(isDay(date.toISOString().slice(0, 10))).toBe(true)
        },
      ),
    )
    for (const text of [
      '2021-02-29',
      '2020-13-01',
      '2020-1-1',
      '20200101',
      '0020-01-01',
      '2020-01-01T00:00',
      '',
    ])
      expect(isDay(text)).toBe(false)
  })
})
