import { add, divide, equals, isNear, type Rational, reduce, subtract } from './rational.ts'

/**
 * Quarters of one tag told again: for each day on which something was filed, what was known on that day, from the facts themselves.
 * It shares nothing with the SQL of `stocks_research.derive_fundamentals`, which joins intervals of validity.
 */
export interface Fact {
  readonly period_start: string
  readonly period_end: string
  readonly value: Rational
  readonly filed: string
  readonly accession: string
  readonly is_amendment: boolean
}
export type Kind = 'amount' | 'per_share' | 'shares' | 'other'

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
// A few thousand days, asked for millions of times.
const days = new Map<string, number>()
function dayNumber(date: string): number {
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

export const daysOf = (period_start: string, period_end: string): number => dayNumber(period_end) - dayNumber(period_start) + 1

/** Quarters that a period spans, by its days; undefined for any other period. */
export function quartersOf(period_start: string, period_end: string): 1 | 2 | 3 | 4 | undefined {
  const days = daysOf(period_start, period_end)
  if (days >= 80 && days <= 100) return 1
  if (days >= 170 && days <= 195) return 2
  if (days >= 260 && days <= 290) return 3
  if (days >= 350 && days <= 378) return 4
  return undefined
}
const METHODS = { 2: 'half_less_quarter', 3: 'nine_months_less_half', 4: 'year_less_nine_months' } as const

/** A quarter as one day knows it. Unchanged quarters stay the same object from day to day. */
interface Known {
  readonly period_start: string
  readonly period_end: string
  readonly value: Rational | null
  readonly method: string
  /** What it was read from: one fact, or the longer and the shorter one. */
  readonly sources: readonly Fact[]
}

const keyOf = ({ period_start, period_end }: { period_start: string; period_end: string }): string => `${period_start} ${period_end}`

/**
 * Every vintage of every quarter of one series (filer, tag, unit), in order of period and day: day after day, from nothing but the
 * facts that were filed by then.
 */
export function vintagesOf(facts: readonly Fact[], kind: Kind): Vintage[] {
  const valid = new Map<string, Fact>()
  const filedSoFar = new Map<string, Fact[]>()
  const lastStates = new Map<string, readonly unknown[]>()
  const lastLinks = new Map<string, readonly unknown[]>()
  const vintages: Vintage[] = []
  let before: ReadonlyMap<string, Known> = new Map()
  const byDay = Map.groupBy(
    facts.filter(({ period_start, period_end }) => quartersOf(period_start, period_end) !== undefined),
    ({ filed }) => filed,
  )
  for (const day of [...byDay.keys()].toSorted()) {
    for (const fact of (byDay.get(day) ?? []).toSorted(inOneDay)) {
      valid.set(keyOf(fact), fact)
      filedSoFar.set(keyOf(fact), [...(filedSoFar.get(keyOf(fact)) ?? []), fact])
    }
    const known = knownOf([...valid.values()], kind, before)
    before = known
    const byEnd = preferred([...known.values()])
    for (const [key, quarter] of known) {
      const base = baseOf(quarter, byEnd)
      const addends = [quarter]
      for (let each = predecessor(quarter, byEnd); each !== undefined && addends.length < 4; each = predecessor(each, byEnd))
        addends.push(each)
      const [ours, bases] = [filedSoFar.get(key) ?? [], base === undefined ? [] : (filedSoFar.get(keyOf(base)) ?? [])]
      const links = [base, ...addends, ours.length, bases.length]
      if (equal(links, lastLinks.get(key))) continue
      lastLinks.set(key, links)

      const yoy = growth(kind, quarter, base, () => areStatedTogether(quarter, base, ours, bases))
      const ttm = yearOf(kind, addends)
      const vintage: Vintage = {
        period_start: quarter.period_start,
        period_end: quarter.period_end,
        known_from: day,
        value: quarter.value,
        method: quarter.method,
        yoy_ratio: yoy.value,
        yoy_reason: yoy.reason,
        yoy_base_period_end: base?.period_end ?? null,
        ttm_value: ttm.value,
        ttm_reason: ttm.reason,
      }
      const state = Object.entries(vintage).map(([name, value]) => (name === 'known_from' ? '' : isRational(value) ? text(value) : value))
      if (equal(state, lastStates.get(key))) continue
      lastStates.set(key, state)
      vintages.push(vintage)
    }
  }
  const order = ({ period_end, period_start, known_from }: Vintage): string => `${period_end} ${period_start} ${known_from}`
  return vintages.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
}

const equal = (a: readonly unknown[], b: readonly unknown[] | undefined): boolean =>
  b !== undefined && a.length === b.length && a.every((value, at) => value === b[at])

/** Of two filings of one day the amendment is valid, then the higher accession number: the later one of this order. */
function inOneDay(a: Fact, b: Fact): number {
  if (a.is_amendment !== b.is_amendment) return a.is_amendment ? 1 : -1
  return a.accession < b.accession ? -1 : 1
}

/** The quarters that follow from the facts of one day. */
function knownOf(facts: readonly Fact[], kind: Kind, before: ReadonlyMap<string, Known>): Map<string, Known> {
  const found = new Map<string, Known>()
  const add = (made: Known): void => {
    const old = before.get(keyOf(made))
    found.set(keyOf(made), old?.method === made.method && equal(old.sources, made.sources) ? old : made)
  }
  // By first day, so that of two years that lead to one quarter the later one wins; a reported quarter wins over all.
  const byStart = Map.groupBy(facts, ({ period_start }) => period_start)
  for (const start of [...byStart.keys()].toSorted()) {
    const together = byStart.get(start) ?? []
    for (const longer of together) {
      const quarters = quartersOf(longer.period_start, longer.period_end)
      for (const shorter of together) {
        if (quarters === undefined || quartersOf(shorter.period_start, shorter.period_end) !== quarters - 1) continue
        const period_start = dateOf(dayNumber(shorter.period_end) + 1)
        if (quartersOf(period_start, longer.period_end) !== 1) continue
        const value = kind === 'amount' ? subtract(longer.value, shorter.value) : null
        const method = kind === 'amount' ? METHODS[quarters as 2 | 3 | 4] : 'none'
        add({ period_start, period_end: longer.period_end, value, method, sources: [longer, shorter] })
      }
    }
  }
  for (const fact of facts) {
    const { period_start, period_end, value } = fact
    if (quartersOf(period_start, period_end) === 1) add({ period_start, period_end, value, method: 'reported', sources: [fact] })
  }
  return found
}

interface Result {
  readonly value: Rational | null
  readonly reason: string | null
}
const none = (reason: string): Result => ({ value: null, reason })

/** The sum of a quarter and the three before it. */
function yearOf(kind: Kind, addends: readonly Known[]): Result {
  if (kind !== 'amount') return none('not_additive')
  if (addends.length < 4) return none('fewer_than_four_quarters')
  const value = addends.reduce<Rational | null>((total, each) => (total === null || each.value === null ? null : add(total, each.value)), {
    n: 0n,
    d: 1n,
  })
  return value === null ? none('a_quarter_has_no_value') : { value, reason: null }
}

const predecessor = ({ period_start }: Known, byEnd: ReadonlyMap<string, Known>): Known | undefined =>
  byEnd.get(dateOf(dayNumber(period_start) - 1))

const isRational = (value: Rational | string | null): value is Rational => value !== null && typeof value === 'object'
function text(value: Rational): string {
  const { n, d } = reduce(value)
  return `${n}/${d}`
}

function growth(kind: Kind, known: Known, base: Known | undefined, areTogether: () => boolean): Result {
  if (kind === 'other') return none('not_comparable')
  if (known.value === null) return none('no_value')
  if (base === undefined) return none('no_base_quarter')
  if (base.value === null) return none('base_has_no_value')
  if (base.value.n <= 0n) return none('base_not_positive')
  if (kind !== 'amount' && !areTogether()) return none('share_basis_may_differ')
  return { value: divide(subtract(known.value, base.value), base.value), reason: null }
}

/** True when one filing so far states both values: then no split lies between them. */
function areStatedTogether(quarter: Known, base: Known | undefined, ours: readonly Fact[], bases: readonly Fact[]): boolean {
  const states = (fact: Fact, known: Known | undefined): boolean => known?.value != null && equals(fact.value, known.value)
  return ours.some((one) => states(one, quarter) && bases.some((other) => other.accession === one.accession && states(other, base)))
}

/** Of quarters with one last day the one nearest to 13 weeks. */
function preferred(quarters: readonly Known[]): Map<string, Known> {
  const off = ({ period_start, period_end }: Known): number => Math.abs(dayNumber(period_end) - dayNumber(period_start) - 90)
  const byEnd = new Map<string, Known>()
  for (const quarter of quarters) {
    const other = byEnd.get(quarter.period_end)
    if (other === undefined || off(quarter) < off(other) || (off(quarter) === off(other) && quarter.period_start > other.period_start)) {
      byEnd.set(quarter.period_end, quarter)
    }
  }
  return byEnd
}

/** The quarter that ended a year earlier, within ten days. */
function baseOf({ period_end }: Known, byEnd: ReadonlyMap<string, Known>): Known | undefined {
  const [year = '', rest = ''] = [period_end.slice(0, 4), period_end.slice(4)]
  const target = dayNumber(`${Number(year) - 1}${rest === '-02-29' ? '-02-28' : rest}`)
  for (let off = 0; off <= 10; off += 1) {
    const found = byEnd.get(dateOf(target - off)) ?? byEnd.get(dateOf(target + off))
    if (found !== undefined) return found
  }
  return undefined
}

/** True when both are null or agree to `digits`. */
export const agree = (a: Rational | null, b: Rational | null, digits: number): boolean =>
  a === null || b === null ? a === b : isNear(a, b, digits) || (b.n === 0n && a.n === 0n)
