/**
 * Calendar days as `YYYY-MM-DD` texts, and the arithmetic on them. A day has no time zone; the arithmetic is
 * done in UTC, where every day has 24 hours.
 */

export const DAY_MS = 86_400_000

// A delivery has a few thousand different days and millions of records.
const known = new Map<string, boolean>()
const DAYS_REMEMBERED_MAX = 100_000

/** Whether `text` is a day of the calendar, YYYY-MM-DD, from 1800 to 2199. */
export function isDay(text: string): boolean {
  if (text.length !== 10) return false // And is not remembered: it may be as long as a file.
  const remembered = known.get(text)
  if (remembered !== undefined) return remembered
  const is = /^(?:18|19|20|21)\d\d-\d\d-\d\d$/.test(text) && isInCalendar(text)
  if (known.size < DAYS_REMEMBERED_MAX) known.set(text, is)
  return is
}

/** JavaScript reads February 30 as March 1 or 2. */
function isInCalendar(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** The day that is `days` after `day`; before it where `days` is negative. */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

export const daysBefore = (day: string, days: number): string => addDays(day, -days)
export const dayBefore = (day: string): string => addDays(day, -1)
export const dayAfter = (day: string): string => addDays(day, 1)

/** Days from one day to another; negative where `to` is the earlier one. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS)
