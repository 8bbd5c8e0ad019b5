import { dayBefore, daysBefore } from '../../helpers/core/days.ts'
import { sessions } from './xnys.ts'

/**
 * An event takes effect on a session: the last day of the listing is the session before it, not the Sunday.
 */
export const lastSessionBefore = (date: string): string => {
  const to = dayBefore(date)
  return sessions(daysBefore(date, 14), to).at(-1)?.session_date ?? to
}
