import type { Rational } from './rational.ts'

/**
 * Which quarters the periods of one series can give, and what each is compared with. No day of filing changes
 * it, so that it is laid out once and each day only selects what is known by then.
 */
export interface Fact {
  readonly period_start: string
  readonly period_end: string
  readonly value: Rational
  readonly filed: string
  readonly accession: string
  readonly is_amendment: boolean
}

/** One vintage of one quarter. */
export interface Vintage {
  readonly period_start: string
  readonly period_end: string
  readonly known_from: string
  readonly value: Rational | null
  readonly method: string
  readonly yoy_ratio: Rational | null
  readonly yoy_reason: string | null
  readonly yoy_base_period_end: string | null
  readonly ttm_value: Rational | null
  readonly ttm_reason: string | null
}

const DAY_MS = 86_400_000
// A few thousand days, used millions of times.
const days = new Map<string, number>()
export function dayNumber(date: string): number {
  const known = days.get(date)
  if (known !== undefined) return known
  const day = Date.parse(date) / DAY_MS
  days.set(date, day)
  return day
}
const dates = new Map<number, string>()
function dateOf(day: number): string {
  const known = dates.get(day)
  if (known !== undefined) return known
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
  dates.set(day, date)
  return date
}

export const daysOf = (period_start: string, period_end: string): number =>
  dayNumber(period_end) - dayNumber(period_start) + 1

/** Quarters that a period of so many days spans; undefined for any other period. */
export function quartersIn(days: number): 1 | 2 | 3 | 4 | undefined {
  if ((days >= 80 && days <= 100) || (days >= 110 && days <= 119)) return 1
  if (days >= 166 && days <= 203) return 2
  if (days >= 250 && days <= 290) return 3
  if (days >= 350 && days <= 378) return 4
  return undefined
}

/** A period that facts state, and what was filed about it so far. */
export interface Period {
  readonly start: number
  readonly end: number
  readonly quarters: 1 | 2 | 3 | 4
  /** In the order in which they became valid: the last one is the valid one. */
  readonly filed: Fact[]
  /** The last day on which a filing stated it; empty before the first. */
  stated_on: string
  /** The last day on which a filing stated another value than the day before knew; empty when none did. */
  restated_on: string
}

/** One way to a quarter: a period that is one, or the difference of two that begin together. */
export interface Way {
  readonly longer: Period
  readonly shorter: Period | undefined
  /** What this way last gave on one basis. */
  known: Known | undefined
}

/** A quarter as known on one day. Unchanged quarters stay the same object from day to day. */
export interface Known {
  readonly quarter: Quarter
  readonly value: Rational | null
  readonly method: string
  /** What it was read from: one fact, or the longer and the shorter one. */
  readonly longer: Fact
  readonly shorter: Fact | undefined
  readonly way: Way
}

/** A quarter that the facts of a series may give, sooner or later. */
export interface Quarter {
  readonly start: number
  readonly end: number
  readonly period_start: string
  readonly period_end: string
  /** How it may be known, the best way first: as reported, then from the longer period that begins last. */
  readonly ways: Way[]
  /** The day on which the quarter before ended. */
  before: LastDay | undefined
  /** Days on which a quarter ended a year earlier, give or take ten; the nearest first. */
  bases: readonly LastDay[]
  known: Known | undefined
  links: Links | undefined
  vintage: Vintage | undefined
}

/** Quarters that end on one day; of those known, the one nearest to 13 weeks is used for the day. */
export interface LastDay {
  readonly quarters: Quarter[]
  preferred: Known | undefined
}

/** What a vintage follows from: nothing new of it, no new vintage. */
export interface Links {
  readonly base: Known | undefined
  readonly addends: readonly Known[]
  readonly ours_count: number
  readonly is_base_on_one_basis: boolean
  readonly are_addends_on_one_basis: boolean
  readonly bases_count: number
}

/** No period that counts has a thousand days. A number, because it is used with every fact. */
export const keyOf = (start: number, end: number): number => start * 1000 + (end - start)

export function keep<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** The quarters that these periods can give, each with all ways to it. */
export function layOut(periods: readonly Period[]): {
  quarters: readonly Quarter[]
  lastDays: readonly LastDay[]
} {
  const quarters = new Map<number, Quarter>()
  const add = (start: number, end: number, longer: Period, shorter?: Period): void => {
    keep(quarters, keyOf(start, end), () => newQuarter(start, end)).ways.push({
      longer,
      shorter,
      known: undefined,
    })
  }
  for (const period of periods) if (period.quarters === 1) add(period.start, period.end, period)
  const byStart = Map.groupBy(periods, ({ start }) => start)
  for (const start of [...byStart.keys()].toSorted((a, b) => b - a)) {
    const together = byStart.get(start) ?? []
    for (const longer of together) {
      for (const shorter of together) {
        if (shorter.quarters !== longer.quarters - 1 || quartersIn(longer.end - shorter.end) !== 1) continue
        add(shorter.end + 1, longer.end, longer, shorter)
      }
    }
  }
  const byEnd = new Map<number, LastDay>()
  for (const quarter of quarters.values())
    keep(byEnd, quarter.end, () => ({ quarters: [], preferred: undefined })).quarters.push(quarter)
  for (const quarter of quarters.values()) {
    quarter.before = byEnd.get(quarter.start - 1)
    quarter.bases = aYearBefore(quarter, byEnd)
  }
  return { quarters: [...quarters.values()], lastDays: [...byEnd.values()] }
}

const newQuarter = (start: number, end: number): Quarter => ({
  start,
  end,
  period_start: dateOf(start),
  period_end: dateOf(end),
  ways: [],
  before: undefined,
  bases: [],
  known: undefined,
  links: undefined,
  vintage: undefined,
})

function aYearBefore({ period_end }: Quarter, byEnd: ReadonlyMap<number, LastDay>): LastDay[] {
  const year = period_end.slice(0, 4)
  const rest = period_end.slice(4)
  const target = dayNumber(`${Number(year) - 1}${rest === '-02-29' ? '-02-28' : rest}`)
  const found: LastDay[] = []
  for (let off = 0; off <= 10; off += 1) {
    const earlier = byEnd.get(target - off)
    const later = off === 0 ? undefined : byEnd.get(target + off)
    if (earlier !== undefined) found.push(earlier)
    if (later !== undefined) found.push(later)
  }
  return found
}
