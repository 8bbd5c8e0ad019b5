import { expect, test } from 'vitest'
import { figure, referenceRows } from '../../helpers/testing/reference.ts'
import { sessions } from './xnys.ts'

test('sessions, early closes, and the instants of open and close equal the reference', () => {
  const reference = referenceRows('expected', 'calendar_xnys.csv').map((row) => ({
    session_date: row['date'],
    is_early_close: row['early_close'] === '1',
    open_at: row['open_utc'],
    close_at: row['close_utc'],
  }))
  const ours = sessions(reference[0]?.session_date ?? '', reference.at(-1)?.session_date ?? '')
  figure('calendar', {
    sessions: ours.length,
    early_closes: ours.filter((session) => session.is_early_close).length,
  })
  expect(ours).toEqual(reference)
})
