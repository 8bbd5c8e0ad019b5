const NEW_YORK = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  timeZoneName: 'longOffset',
})

const known = new Map<string, number>()

/**
 * Minutes that New York is ahead of UTC on a day, YYYY-MM-DD: -300 or -240. Clocks change on Sundays at
 * night, so noon has the offset of a session.
 */
export function newYorkOffsetMinutes(day: string): number {
  const remembered = known.get(day)
  if (remembered !== undefined) return remembered
  const parts = NEW_YORK.formatToParts(new Date(`${day}T12:00:00Z`))
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes] = /^GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
  known.set(day, offset)
  return offset
}
