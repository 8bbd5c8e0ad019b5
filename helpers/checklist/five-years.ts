import { dayAfter } from '../core/days.ts'

/** First and last day, both inclusive, YYYY-MM-DD. */
interface Window {
  readonly start_date: string
  readonly end_date: string
}

/** The claims of the checklist are about so many years. */
export const YEARS_MIN = 5

/** The day after the window, and the first day on which a window of that start has all its years. */
export function yearsAfter({ start_date, end_date }: Window): {
  day_after_end: string
  years_later: string
} {
  return {
    day_after_end: dayAfter(end_date),
    years_later: `${Number(start_date.slice(0, 4)) + YEARS_MIN}${start_date.slice(4)}`,
  }
}

/** Whether the checklist takes the window. */
export function hasFiveYears(window: Window): boolean {
  const { day_after_end, years_later } = yearsAfter(window)
  return day_after_end >= years_later
}
