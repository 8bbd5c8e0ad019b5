import { newYorkOffsetMinutes } from '../../calendar/new-york.ts'
import type { Filing } from './parse.ts'

// The SEC writes the moment of acceptance with a "Z". Of some filings it is UTC, of others the time in New
// York; most filers have one of them, and some change. EDGAR takes filings from 06:00 to 22:00 in New York,
// and what it accepts after 17:30 is filed on a later day: that shows which of the two a text is.

/** Reports and announcements. Reports of insiders may be filed until 22:00 on the same day. */
const DATED_BY_ACCEPTANCE = /^(10-[KQ]|8-K|20-F|40-F|6-K)/
const OPENS_MINUTE = 6 * 60
const LAST_MINUTE_OF_DAY = 17 * 60 + 30
const CLOSES_MINUTE = 22 * 60
const MINUTE_MS = 60_000

export interface Acceptance {
  /** ISO 8601, UTC. */
  readonly accepted_at: string | null
  /** False where the text may be either, and the later moment is taken; null without a moment. */
  readonly is_certain: boolean | null
}

/**
 * When each filing of one filer was accepted, in the order of `filings`. A filing that can only be read in
 * one way is read so. Another one is read as the next one before and the next one after it that decide, if
 * they agree; else the later moment is taken, which is that of New York time.
 */
export function acceptancesOf(filings: readonly Filing[]): Acceptance[] {
  const texts = filings.map(({ acceptance, filed, form }) => readText(acceptance, filed, form))
  const inOrder = [...texts.keys()].toSorted(
    (a, b) => (texts[a]?.utc_ms ?? 0) - (texts[b]?.utc_ms ?? 0) || a - b,
  )
  const before = nearestBefore(texts, inOrder)
  const after = nearestBefore(texts, inOrder.toReversed())
  return texts.map((text, at) => {
    if (text === undefined) return { accepted_at: null, is_certain: null }
    const neighbours = before[at] === after[at] ? before[at] : undefined
    const clock = text.only ?? neighbours
    const ms = clock === 'utc' ? text.utc_ms : text.new_york_ms
    return { accepted_at: new Date(ms).toISOString(), is_certain: clock !== undefined }
  })
}

/** For each text what the nearest one before it in the order shows that decides. */
function nearestBefore(
  texts: readonly (Text | undefined)[],
  inOrder: readonly number[],
): (Clock | undefined)[] {
  const nearest: (Clock | undefined)[] = texts.map(() => undefined)
  let last: Clock | undefined
  for (const at of inOrder) {
    nearest[at] = last
    last = texts[at]?.only ?? last
  }
  return nearest
}

type Clock = 'utc' | 'new_york'

interface Text {
  /** The moment, when the text is UTC, and when it is New York time. */
  readonly utc_ms: number
  readonly new_york_ms: number
  /** The only way in which it fits the hours of EDGAR and the filing date. */
  readonly only: Clock | undefined
}

function readText(text: string | null, filed: string | null, form: string | null): Text | undefined {
  const utc_ms = text === null ? Number.NaN : Date.parse(text)
  if (text === null || Number.isNaN(utc_ms)) return undefined
  const offset_ms = newYorkOffsetMinutes(text.slice(0, 10)) * MINUTE_MS
  const texts = { utc_ms, new_york_ms: utc_ms - offset_ms }
  if (filed === null || !DATED_BY_ACCEPTANCE.test(form ?? '')) return { ...texts, only: undefined }
  const isUtc = fits(utc_ms + offset_ms, filed)
  const isNewYork = fits(utc_ms, filed)
  if (isUtc === isNewYork) return { ...texts, only: undefined }
  return { ...texts, only: isUtc ? 'utc' : 'new_york' }
}

/** True when a filing that was accepted at this time of New York can have this filing date. */
function fits(new_york_ms: number, filed: string): boolean {
  const local = new Date(new_york_ms)
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes()
  if (minute < OPENS_MINUTE || minute >= CLOSES_MINUTE) return false
  const day = local.toISOString().slice(0, 10)
  if (minute < LAST_MINUTE_OF_DAY) return filed === day
  return minute === LAST_MINUTE_OF_DAY ? filed >= day : filed > day
}
