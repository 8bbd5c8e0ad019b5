import { expect, test } from 'vitest'
import { durationText, evidenceText, wrapped } from './text.ts'

test('evidence breaks between facts, and a fact that is too long has its own line', () => {
  expect(wrapped('rows = 3 · hash = abc · file = /a/very/long/path', 22)).toEqual([
    'rows = 3 · hash = abc',
    'file = /a/very/long/path',
  ])
  expect(wrapped('rows = 3 · hash = abc', Number.POSITIVE_INFINITY)).toEqual(['rows = 3 · hash = abc'])
})

test('a long table is shown by its size, a short one by its first rows', () => {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `r${index}`, n: index }))
  expect(evidenceText({ checks: rows(51) })).toBe('checks = 51 rows')
  expect(evidenceText({ failed: rows(2), none: [] })).toBe('failed = 2 (r0 0, r1 1) · none = none')
})

test('a negative duration is shown as zero', () => {
  expect([-5, 850, 12_340, 245_000, 7_620_000].map(durationText)).toEqual([
    '0 ms',
    '850 ms',
    '12.3 s',
    '4 min 05 s',
    '2 h 07 min',
  ])
})
