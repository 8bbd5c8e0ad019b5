import { expect, test } from 'vitest'
import { REHEARSAL_WORLD } from '../simulator/market/world.ts'
import { REHEARSAL_MOMENT } from './rehearsal.ts'

test('the moment of a rehearsal is the day after the last session of its market', () => {
  const day_after = new Date(Date.parse(REHEARSAL_WORLD.end_date) + 86_400_000)
  expect(REHEARSAL_MOMENT.toISOString().slice(0, 10)).toBe(day_after.toISOString().slice(0, 10))
})
