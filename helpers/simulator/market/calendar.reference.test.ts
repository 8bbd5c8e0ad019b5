import { expect, test } from 'vitest'
import { figure, referenceRows } from '../../testing/reference.ts'
import { createCalendar } from './calendar.ts'

test('the simulated exchange opens on the days on which the real one did', () => {
  const real = referenceRows('expected', 'calendar_xnys.csv').flatMap((row) => row['date'] ?? [])
  const last = real.at(-1) ?? ''
  const sessions = createCalendar().sessions.filter((date) => date <= last)
  expect(sessions).toEqual(real.filter((date) => date >= '2018-01-01'))
  figure('sessions compared', sessions.length)
})
