import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDays, dayAfter, dayBefore, daysBefore, daysBetween, isDay } from './days.ts'

const day = fc
  .date({ min: new Date('1800-02-01'), max: new Date('2199-11-30'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))

test('the day so many days after a day is so many days away from it', () => {
  fc.assert(
    fc.property(day, fc.integer({ min: -30, max: 30 }), (from, days) => {
      const to = addDays(from, days)
      expect(isDay(to)).toBe(true)
      expect(daysBetween(from, to)).toBe(days)
      expect(daysBefore(to, days)).toBe(from)
      expect(dayBefore(dayAfter(from))).toBe(from)
      expect(to > from).toBe(days > 0)
    }),
  )
})

test('leap days, the turn of a year and days that do not exist', () => {
  expect(dayBefore('2024-03-01')).toBe('2024-02-29')
  expect(dayAfter('2023-12-31')).toBe('2024-01-01')
  expect(['2024-02-29', '2000-02-29'].every(isDay)).toBe(true)
  const not = [
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-1-1',
    '1799-12-31',
    '2200-01-01',
    '',
  ]
  expect(not.filter(isDay)).toEqual([])
})
