import { expect, test } from 'vitest'
import { Pace } from './terminal.ts'

test('a count that grows gets a rate and the time left, once it was seen for long enough', () => {
  const pace = new Pace()
  expect(pace.of('prices-daily · read bars of A … C · 100 of 500 items, 9,000 rows', 0)).toBe('')
  expect(pace.of('prices-daily · read bars of D … F · 110 of 500 items, 9,900 rows', 1_000)).toBe('')
  expect(pace.of('prices-daily · merge · 200 of 500 items, 19,000 rows', 10_000)).toBe(
    ' · 10 items/s · about 30.0 s left',
  )
  expect(pace.of('prices-daily · merge · 500 of 500 items, 49,000 rows', 40_000)).toBe('')
})

test('other work, another total and a lower count start a new rate', () => {
  const pace = new Pace()
  pace.of('upload · 0 of 9,000,000 bytes', 0)
  expect(pace.of('upload · 3,000,000 of 9,000,000 bytes', 5_000)).toBe(
    ' · 600,000 bytes/s · about 10.0 s left',
  )
  expect(pace.of('upload · 1,000,000 of 9,000,000 bytes', 9_000)).toBe('')
  expect(pace.of('download · 2,000,000 of 9,000,000 bytes', 20_000)).toBe('')
  expect(pace.of('download · 2,000,000 of 9,000,000 bytes', 30_000), 'nothing went on').toBe('')
  expect(pace.of('every factor equals its recomputation', 40_000)).toBe('')
})
