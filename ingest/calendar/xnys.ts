import { DAY_MS } from '../../helpers/core/days.ts'
import { newYorkOffsetMinutes } from './new-york.ts'

/**
 * The sessions of the New York Stock Exchange (XNYS) by rule, from 1990 on.
 *
 * Sources: NYSE Rules 7.2 (holidays) and 7.1 (hours), and the exchange's notices of ad hoc closures. The rule
 * for the future is the rule of today; what the exchange announces against it goes into overrides.json.
 */

/** First day that the rules know. */
export const FIRST_DATE = '1990-01-01'

/** A trading day. `open_at` and `close_at` are UTC instants, ISO 8601 to the second. */
export interface Session {
  readonly session_date: string
  readonly is_early_close: boolean
  readonly open_at: string
  readonly close_at: string
}

/** What the exchange announced against its rules. `close` is New York time, HH:MM. */
export interface Overrides {
  readonly closures: readonly { readonly date: string; readonly reason: string }[]
  readonly early_closes: readonly { readonly date: string; readonly close: string; readonly reason: string }[]
}
export const NO_OVERRIDES: Overrides = { closures: [], early_closes: [] }

/** Closures that no rule foretells. */
export const AD_HOC_CLOSURES: Readonly<Record<string, string>> = {
  '1994-04-27': 'funeral of Richard Nixon',
  '2001-09-11': 'attacks of 11 September',
  '2001-09-12': 'attacks of 11 September',
  '2001-09-13': 'attacks of 11 September',
  '2001-09-14': 'attacks of 11 September',
  '2004-06-11': 'funeral of Ronald Reagan',
  '2007-01-02': 'funeral of Gerald Ford',
  '2012-10-29': 'hurricane Sandy',
  '2012-10-30': 'hurricane Sandy',
  '2018-12-05': 'funeral of George H. W. Bush',
  '2025-01-09': 'funeral of Jimmy Carter',
}

/** Early closes that no rule foretells; all at 13:00. */
const AD_HOC_EARLY_CLOSES = new Set(['1997-12-26', '1999-12-31', '2003-12-26'])

const SUNDAY = 0
const MONDAY = 1
const TUESDAY = 2
const WEDNESDAY = 3
const THURSDAY = 4
const FRIDAY = 5
const SATURDAY = 6

/**
 * All sessions from `first` to `last`, both inclusive and YYYY-MM-DD, in order.
 *
 * @throws RangeError when `first` lies before 1990, which the rules do not know.
 */
export function sessions(first: string, last: string, overrides: Overrides = NO_OVERRIDES): Session[] {
  if (first < FIRST_DATE)
    throw new RangeError(`The calendar has sessions from ${FIRST_DATE} on, not from ${first}.`)
  const closures = new Set(overrides.closures.map(({ date }) => date))
  const announced = new Map(overrides.early_closes.map(({ date, close }) => [date, close]))
  const found: Session[] = []
  const end = utc(last)
  for (let day = utc(first); day <= end; day = addDays(day, 1)) {
    const weekday = day.getUTCDay()
    if (weekday === SUNDAY || weekday === SATURDAY) continue
    const session_date = iso(day)
    if (
      holidays(day.getUTCFullYear()).has(session_date) ||
      session_date in AD_HOC_CLOSURES ||
      closures.has(session_date)
    )
      continue
    const early = announced.get(session_date) ?? earlyClose(day, session_date)
    const open_at = instant(session_date, '09:30')
    found.push({
      session_date,
      is_early_close: early !== undefined,
      open_at,
      close_at: instant(session_date, early ?? '16:00'),
    })
  }
  return found
}

/** The last day that the calendar should know on the day `today`: the end of the year two years ahead. */
export const horizon = (today: string): string => `${Number(today.slice(0, 4)) + 2}-12-31`

const holidaysByYear = new Map<number, ReadonlySet<string>>()

/** The weekdays of a year on which the exchange observes a regular holiday. */
function holidays(year: number): ReadonlySet<string> {
  const known = holidaysByYear.get(year)
  if (known !== undefined) return known
  const days = [
    newYear(year),
    ...(year >= 1998 ? [nthWeekday(year, 1, MONDAY, 3)] : []), // Martin Luther King Jr.
    nthWeekday(year, 2, MONDAY, 3), // Washington
    addDays(easterSunday(year), -2), // Good Friday
    lastMonday(year, 5), // Memorial
    ...(year >= 2022 ? [observed(year, 6, 19)] : []), // Juneteenth
    observed(year, 7, 4),
    nthWeekday(year, 9, MONDAY, 1), // Labor
    nthWeekday(year, 11, THURSDAY, 4), // Thanksgiving
    observed(year, 12, 25),
  ]
  const set = new Set(days.filter((day) => day !== undefined).map(iso))
  holidaysByYear.set(year, set)
  return set
}

/** A New Year on a Saturday is not observed: the Friday before is the last session of the accounting year. */
function newYear(year: number): Date | undefined {
  const day = at(year, 1, 1)
  if (day.getUTCDay() === SATURDAY) return undefined
  return day.getUTCDay() === SUNDAY ? addDays(day, 1) : day
}

/** Saturday is observed on Friday, Sunday on Monday. */
function observed(year: number, month: number, dayOfMonth: number): Date {
  const day = at(year, month, dayOfMonth)
  if (day.getUTCDay() === SATURDAY) return addDays(day, -1)
  return day.getUTCDay() === SUNDAY ? addDays(day, 1) : day
}

/** New York time of an early close by rule, or undefined for a full session. */
function earlyClose(day: Date, date: string): string | undefined {
  const year = day.getUTCFullYear()
  const weekday = day.getUTCDay()
  const monthDay = date.slice(5)
  const time = year < 1993 ? '14:00' : '13:00'
  if (AD_HOC_EARLY_CLOSES.has(date)) return time
  // the day after Thanksgiving
  const isFridayInNovember = weekday === FRIDAY && monthDay.startsWith('11-')
  if (year >= 1992 && isFridayInNovember && date === iso(addDays(nthWeekday(year, 11, THURSDAY, 4), 1)))
    return time
  if (monthDay === '12-24' && weekday >= MONDAY && weekday <= THURSDAY) return time
  if (year < 1995) return undefined
  // Around Independence Day: the eve, when the holiday is no Saturday, Sunday or (until 2012) Thursday, else
  // the Friday after it.
  if (monthDay === '07-03' && (weekday === MONDAY || weekday === TUESDAY || weekday === THURSDAY)) return time
  if (monthDay === '07-03' && weekday === WEDNESDAY && year >= 2013) return time
  if (monthDay === '07-05' && weekday === FRIDAY && year < 2013) return time
  return undefined
}

/** Sunday of Easter in the Gregorian calendar (Meeus, Jones and Butcher's algorithm). */
function easterSunday(year: number): Date {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const n = h + l - 7 * m + 114
  return at(year, Math.floor(n / 31), (n % 31) + 1)
}

function nthWeekday(year: number, month: number, weekday: number, nth: number): Date {
  const first = at(year, month, 1)
  return addDays(first, ((weekday - first.getUTCDay() + 7) % 7) + 7 * (nth - 1))
}

function lastMonday(year: number, month: number): Date {
  const last = addDays(at(year, month + 1, 1), -1)
  return addDays(last, -((last.getUTCDay() - MONDAY + 7) % 7))
}

/** The UTC instant of a New York wall-clock time, before 19:00: no session ends on another day in UTC. */
function instant(date: string, time: string): string {
  const [hours = '', minutes = ''] = time.split(':')
  const utc_minutes = Number(hours) * 60 + Number(minutes) - newYorkOffsetMinutes(date)
  const two = (count: number): string => String(count).padStart(2, '0')
  return `${date}T${two(Math.floor(utc_minutes / 60))}:${two(utc_minutes % 60)}:00Z`
}

const utc = (date: string): Date => new Date(`${date}T00:00:00Z`)
const at = (year: number, month: number, day: number): Date => new Date(Date.UTC(year, month - 1, day))
const addDays = (day: Date, days: number): Date => new Date(day.getTime() + days * DAY_MS)
const iso = (day: Date): string => day.toISOString().slice(0, 10)
