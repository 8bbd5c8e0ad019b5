import { sessions } from './xnys.ts'

/** The calendar day that is so many days before (negative: after) this one, YYYY-MM-DD. */
export const daysBefore = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10)

export const dayBefore = (date: string): string => daysBefore(date, 1)

/**
 * An event takes effect on a session: the last day of the listing is the session before it, not the Sunday.
 */
export const lastSessionBefore = (date: string): string => {
  const to = dayBefore(date)
  return sessions(daysBefore(date, 14), to).at(-1)?.session_date ?? to
}
