import { DAY_MS } from '../../helpers/core/days.ts'

const NEW_YORK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  timeZoneName: 'longOffset',
})

/** By the number of the week, counted from Sunday. */
const known = new Map<number, number>()
/** 1970-01-01 was a Thursday. */
const THURSDAY = 4

/**
 * Minutes that New York is ahead of UTC on a day, YYYY-MM-DD: -300 or -240. Clocks change on Sundays at
 * night, so noon has the offset of a session, and a week from Sunday to Saturday has one offset.
 */
export function newYorkOffsetMinutes(day: string): number {
  const week = Math.floor((Date.parse(day) / DAY_MS + THURSDAY) / 7)
  const remembered = known.get(week)
  if (remembered !== undefined) return remembered
  const parts = NEW_YORK.formatToParts(new Date(`${day}T12:00:00Z`))
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes] = /^GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
  known.set(week, offset)
  return offset
}
