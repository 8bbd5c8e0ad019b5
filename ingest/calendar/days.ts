import { addDays, dayAfter, dayBefore, daysBefore } from '../../helpers/core/days.ts'
import { FIRST_DATE, sessions } from './xnys.ts'

/**
 * An event takes effect on a session: the last day of the listing is the session before it, not the Sunday.
 */
export const lastSessionBefore = (date: string): string => {
  const to = dayBefore(date)
  const from = daysBefore(date, 14)
  return sessions(from < FIRST_DATE ? FIRST_DATE : from, to).at(-1)?.session_date ?? to
}

/** The first session after a day. */
export const firstSessionAfter = (date: string): string => {
  const from = dayAfter(date)
  return sessions(from, addDays(date, 14)).at(0)?.session_date ?? from
}
