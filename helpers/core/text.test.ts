import { expect, test } from 'vitest'
import { compareText, counted, sizeText, timeText } from './text.ts'

test('a count has the plural form of its noun', () => {
  expect([0, 1, 2, 2345].map((count) => counted(count, 'row'))).toEqual([
    '0 rows',
    '1 row',
    '2 rows',
    '2,345 rows',
  ])
  expect(['entry', 'day', 'batch', 'box', 'violation of a check'].map((noun) => counted(2, noun))).toEqual([
    '2 entries',
    '2 days',
    '2 batches',
    '2 boxes',
    '2 violations of a check',
  ])
})

test('a size has the largest unit that keeps it above one', () => {
  expect([0, 999, 1000, 3_240_000, 5e15].map(sizeText)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '3.2 MB',
    '5000.0 TB',
  ])
})

test('a time is shown to the minute', () => {
  expect(timeText('2026-01-31T18:30:59.123Z')).toBe('2026-01-31 18:30 UTC')
})

test('texts are compared by code unit, whatever the locale', () => {
  expect(['b', 'a', 'Z', 'ä', 'a'].toSorted(compareText)).toEqual(['Z', 'a', 'a', 'b', 'ä'])
  expect(compareText('a', 'a')).toBe(0)
})
