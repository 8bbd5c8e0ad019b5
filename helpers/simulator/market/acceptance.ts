import { addDays, type Calendar, newYorkMidnight } from './calendar.ts'
import { createRandom, type Random } from './random.ts'
import type { Announcement, Filing } from './types.ts'

/** A filing before it is known when it was accepted. */
type Dated = Omit<Filing, 'accepted_at'>

/** Of the filers, the share that announces its results in an 8-K. */
const ANNOUNCING_RATIO = 0.4
/** An announcement of the day of the report comes so many minutes before it. */
const LEAD_MINUTES = 20

/**
 * When each filing was accepted, and the announcements of results that come before reports. The numbers are
 * a stream of their own: nothing else of the world depends on them.
 */
export function acceptAndAnnounce(
  cik: string,
  filings: readonly Dated[],
  calendar: Calendar,
  seed: string,
): { readonly filings: Filing[]; readonly announcements: Announcement[] } {
  const random = createRandom(`${seed}/acceptance/${cik}`)
  const accepted = filings.map((filing) => ({
    ...filing,
    accepted_at: acceptedAt(filing.filed, calendar, random),
  }))
  const announces = random.chance(ANNOUNCING_RATIO)
  const announcements = accepted.flatMap((filing, at) =>
    announces && !filing.form.endsWith('/A') && random.chance(0.9)
      ? [announcementOf(cik, filing, at, calendar, random)]
      : [],
  )
  return { filings: accepted, announcements }
}

/** Of ten filings four come after the close, two before the open, and one in the evening before its day. */
function acceptedAt(filed: string, calendar: Calendar, random: Random): string {
  const hour = random.next()
  if (hour < 0.4) return atNewYork(filed, random.integer(960, 1049))
  if (hour < 0.6) return atNewYork(filed, random.integer(360 + LEAD_MINUTES, 569))
  if (hour < 0.7) return atNewYork(calendar.shift(filed, -1), random.integer(1051 + LEAD_MINUTES, 1319))
  return atNewYork(filed, random.integer(570, 959))
}

/** An 8-K of some weeks after the period, or of the minutes before the report. */
function announcementOf(
  cik: string,
  { filed, report_date, accepted_at }: Filing,
  at: number,
  calendar: Calendar,
  random: Random,
): Announcement {
  const number = String(700_000 + at)
  const day = calendar.onOrAfter(addDays(report_date, random.integer(14, 38)))
  const is_apart = day < accepted_at.slice(0, 10) && random.chance(0.7)
  const minutes = random.chance(0.6) ? random.integer(960, 1020) : random.integer(420, 540)
  return {
    accession: `${cik}-${(is_apart ? day : filed).slice(2, 4)}-${number}`,
    filed: is_apart ? day : filed,
    accepted_at: is_apart ? atNewYork(day, minutes) : shifted(accepted_at, -LEAD_MINUTES),
    period_end: report_date,
  }
}

/** A minute of the day in New York as a UTC instant, to the second. */
const atNewYork = (day: string, minute: number): string => shifted(newYorkMidnight(day), minute)

const shifted = (instant: string, minutes: number): string =>
  new Date(Date.parse(instant) + minutes * 60_000).toISOString().replace('.000Z', 'Z')
