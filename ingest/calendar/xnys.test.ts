import { describe, expect, test } from 'vitest'
import { horizon, sessions } from './xnys.ts'

const dates = (first: string, last: string): string[] =>
  sessions(first, last).map((session) => session.session_date)

describe('sessions', () => {
  test('a New Year on a Saturday is not observed on the Friday before', () => {
    expect(dates('2021-12-30', '2022-01-03')).toEqual(['2021-12-30', '2021-12-31', '2022-01-03'])
  })
  test('Juneteenth is a holiday from 2022 on, on the Monday when it falls on a Sunday', () => {
    expect(dates('2021-06-17', '2021-06-21')).toEqual(['2021-06-17', '2021-06-18', '2021-06-21'])
    expect(dates('2022-06-17', '2022-06-21')).toEqual(['2022-06-17', '2022-06-21'])
  })
  test('closures that no rule foretells are left out', () => {
    for (const day of ['1994-04-27', '2001-09-14', '2012-10-30', '2018-12-05', '2025-01-09'])
      expect(dates(day, day)).toEqual([])
  })
  test('sessions after the reference end early where the exchange said so', () => {
    const early = sessions('2023-01-01', '2026-12-31').filter((session) => session.is_early_close)
    expect(early.map((session) => session.session_date)).toEqual([
      '2023-07-03',
      '2023-11-24',
      '2024-07-03',
      '2024-11-29',
      '2024-12-24',
      '2025-07-03',
      '2025-11-28',
      '2025-12-24',
      '2026-11-27',
      '2026-12-24',
    ])
    expect(early[0]?.close_at).toBe('2023-07-03T17:00:00Z')
    expect(early[1]?.close_at).toBe('2023-11-24T18:00:00Z')
  })
  test('2025 and 2026 have 250 and 251 sessions', () => {
    expect(dates('2025-01-01', '2025-12-31')).toHaveLength(250)
    expect(dates('2026-01-01', '2026-12-31')).toHaveLength(251)
  })
  test('the holidays of 2027 and 2028 are published ones; a Friday holiday has no early close before', () => {
    const weekdays = Array.from({ length: 731 }, (_, at) => new Date(Date.UTC(2027, 0, 1 + at)))
      .filter((day) => day.getUTCDay() % 6 !== 0)
      .map((day) => day.toISOString().slice(0, 10))
    const open = new Set(dates('2027-01-01', '2028-12-31'))
    expect(weekdays.filter((day) => !open.has(day))).toEqual([
      '2027-01-01',
      '2027-01-18',
      '2027-02-15',
      '2027-03-26',
      '2027-05-31',
      '2027-06-18',
      '2027-07-05',
      '2027-09-06',
      '2027-11-25',
      '2027-12-24',
      '2028-01-17',
      '2028-02-21',
      '2028-04-14',
      '2028-05-29',
      '2028-06-19',
      '2028-07-04',
      '2028-09-04',
      '2028-11-23',
      '2028-12-25',
    ])
    const early = sessions('2027-01-01', '2028-12-31').filter((session) => session.is_early_close)
    expect(early.map((session) => session.session_date)).toEqual(['2027-11-26', '2028-07-03', '2028-11-24'])
  })
  test('an override closes a day or ends it early', () => {
    const overrides = {
      closures: [{ date: '2027-03-03', reason: 'a day of mourning' }],
      early_closes: [{ date: '2027-03-04', close: '12:30', reason: 'snow' }],
    }
    expect(sessions('2027-03-03', '2027-03-04', overrides)).toEqual([
      {
        session_date: '2027-03-04',
        is_early_close: true,
        open_at: '2027-03-04T14:30:00Z',
        close_at: '2027-03-04T17:30:00Z',
      },
    ])
  })
  test('days before 1990 are refused', () => {
    expect(() => sessions('1989-12-29', '1990-01-02')).toThrow(/1990-01-01/)
  })
})

test('the horizon is the end of the year two years ahead', () => {
  expect(horizon('2024-02-29')).toBe('2026-12-31')
})
