/**
 * The sessions of the simulated exchange, 2018 to 2026. It follows the holidays of XNYS, written apart from
 * the product's calendar on purpose: the world is a truth of its own, and a test compares the two.
 */
export interface Calendar {
  /** Every session, ascending, YYYY-MM-DD. */
  readonly sessions: readonly string[]
  isSession(date: string): boolean
  /** First session on or after the day. Throws when the calendar ends before it. */
  onOrAfter(date: string): string
  /** Last session on or before the day. */
  onOrBefore(date: string): string
  /** The session `count` sessions after (before, when negative) the session on or after the day. */
  shift(date: string, count: number): string
}

const DAY_MS = 86_400_000
const toTime = (date: string): number => Date.parse(`${date}T00:00:00Z`)
const toDate = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The calendar day `days` after `date`. */
export const addDays = (date: string, days: number): string => toDate(toTime(date) + days * DAY_MS)
/** Whole days from one day to another. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((toTime(to) - toTime(from)) / DAY_MS)
/** 0 is Sunday. */
export const weekday = (date: string): number => new Date(toTime(date)).getUTCDay()
const day = (year: number, month: number, dayOfMonth: number): string =>
  toDate(Date.UTC(year, month - 1, dayOfMonth))

/**
 * Midnight in New York as a UTC instant, e.g. 2022-02-28T05:00:00Z: an hour earlier between the second Sunday
 * of March and the first of November.
 */
export function newYorkMidnight(date: string): string {
  const [spring, autumn] = clockChanges(date.slice(0, 4))
  return `${date}T${date > spring && date <= autumn ? '04' : '05'}:00:00Z`
}

// Asked for every bar that is served, some millions in a rehearsal.
const changes = new Map<string, readonly [spring: string, autumn: string]>()
function clockChanges(year: string): readonly [spring: string, autumn: string] {
  const known = changes.get(year)
  if (known !== undefined) return known
  const found = [nth(Number(year), 3, 0, 2), nth(Number(year), 11, 0, 1)] as const
  changes.set(year, found)
  return found
}

export function createCalendar(first_year = 2018, last_year = 2026): Calendar {
  const sessions: string[] = []
  for (let year = first_year; year <= last_year; year++) {
    const closed = holidays(year)
    for (let date = day(year, 1, 1); date <= day(year, 12, 31); date = addDays(date, 1)) {
      if (weekday(date) !== 0 && weekday(date) !== 6 && !closed.has(date)) sessions.push(date)
    }
  }
  const positions = new Map(sessions.map((date, index) => [date, index]))
  const at = (index: number, asked: string): string => {
    const found = sessions[index]
    if (found === undefined)
      throw new RangeError(
        `The simulated calendar, ${first_year} to ${last_year}, has no session for ${asked}.`,
      )
    return found
  }
  const indexOnOrAfter = (date: string): number => {
    for (let ahead = 0; ahead < 15; ahead++) {
      const index = positions.get(addDays(date, ahead))
      if (index !== undefined) return index
    }
    return -1
  }
  return {
    sessions,
    isSession: (date) => positions.has(date),
    onOrAfter: (date) => at(indexOnOrAfter(date), date),
    onOrBefore: (date) => (positions.has(date) ? date : at(indexOnOrAfter(date) - 1, date)),
    shift: (date, count) => at(indexOnOrAfter(date) + count, date),
  }
}

function holidays(year: number): Set<string> {
  const closed = [
    nth(year, 1, 1, 3), // Martin Luther King Jr.
    nth(year, 2, 1, 3), // Washington
    addDays(easter(year), -2), // Good Friday
    addDays(nth(year, 6, 1, 1), -7), // Memorial: the last Monday of May
    observed(day(year, 7, 4)),
    nth(year, 9, 1, 1), // Labor
    nth(year, 11, 4, 4), // Thanksgiving
    observed(day(year, 12, 25)),
  ]
  // A New Year's Day on Saturday is not observed on the Friday before: that Friday closes the books.
  if (weekday(day(year, 1, 1)) !== 6) closed.push(observed(day(year, 1, 1)))
  if (year >= 2022) closed.push(observed(day(year, 6, 19)))
  if (year === 2018) closed.push('2018-12-05')
  if (year === 2025) closed.push('2025-01-09')
  return new Set(closed)
}

/** Saturday is observed on Friday, Sunday on Monday. */
function observed(date: string): string {
  if (weekday(date) === 6) return addDays(date, -1)
  return weekday(date) === 0 ? addDays(date, 1) : date
}

/** The nth given weekday (0 is Sunday) of a month. */
export function nth(year: number, month: number, wanted: number, count: number): string {
  const first = day(year, month, 1)
  return addDays(first, ((wanted - weekday(first) + 7) % 7) + 7 * (count - 1))
}

/** Gregorian Easter Sunday (Anonymous Gregorian algorithm, Meeus/Jones/Butcher). */
function easter(year: number): string {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const sum = h + l - 7 * m + 114
  return day(year, Math.floor(sum / 31), (sum % 31) + 1)
}
