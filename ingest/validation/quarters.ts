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
  readonly ttm_value: Rational | null
}

const DAY_MS = 86_400_000
const dayNumber = (date: string): number => Date.parse(date) / DAY_MS
// A few thousand days, asked for millions of times.
const dates = new Map<number, string>()
function dateOf(day: number): string {
  const known = dates.get(day)
  if (known !== undefined) return known
  const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
  dates.set(day, date)
  return date
}

/** Quarters that a period spans, by its days; undefined for any other period. */
export function quartersOf(period_start: string, period_end: string): 1 | 2 | 3 | 4 | undefined {
  const days = dayNumber(period_end) - dayNumber(period_start) + 1
  if (days >= 80 && days <= 100) return 1
  if (days >= 170 && days <= 195) return 2
  if (days >= 260 && days <= 290) return 3
  if (days >= 350 && days <= 378) return 4
  return undefined
}
const METHODS = { 2: 'half_less_quarter', 3: 'nine_months_less_half', 4: 'year_less_nine_months' } as const

interface Period {
  readonly period_start: string
  readonly period_end: string
  readonly quarters: 1 | 2 | 3 | 4
  /** In the order in which they become valid. */
  readonly facts: readonly Fact[]
}
interface Quarter {
  readonly period_start: string
  readonly period_end: string
  readonly reported: Period | undefined
  readonly longer: Period | undefined
  readonly shorter: Period | undefined
}
interface Known {
  readonly value: Rational | null
  readonly method: string
}

const valid = (period: Period | undefined, day: string): Fact | undefined => period?.facts.findLast(({ filed }) => filed <= day)

function knownOn(quarter: Quarter | undefined, kind: Kind, day: string): Known | undefined {
  if (quarter === undefined) return undefined
  const reported = valid(quarter.reported, day)
  if (reported !== undefined) return { value: reported.value, method: 'reported' }
  const [longer, shorter] = [valid(quarter.longer, day), valid(quarter.shorter, day)]
  if (quarter.longer === undefined || longer === undefined || shorter === undefined) return undefined
  if (kind !== 'amount') return { value: null, method: 'none' }
  return { value: subtract(longer.value, shorter.value), method: METHODS[quarter.longer.quarters as 2 | 3 | 4] }
}

/** Every vintage of every quarter of one series (filer, tag, unit), in order of period and day. */
export function vintagesOf(facts: readonly Fact[], kind: Kind): Vintage[] {
  const quarters = quartersIn(periodsIn(facts))
  const byEnd = preferred(quarters)
  return quarters.flatMap((quarter) => {
    const base = baseOf(quarter, byEnd)
    const before: (Quarter | undefined)[] = []
    for (let each: Quarter | undefined = quarter; before.length < 3; before.push(each)) {
      each = each === undefined ? undefined : byEnd.get(dateOf(dayNumber(each.period_start) - 1))
    }
    const days = new Set([quarter, base, ...before].flatMap(filingDays))
    const vintages: Vintage[] = []
    let last: readonly unknown[] | undefined
    for (const day of [...days].toSorted()) {
      const known = knownOn(quarter, kind, day)
      if (known === undefined) continue
      const baseKnown = knownOn(base, kind, day)
      const addends = [known, ...before.map((each) => knownOn(each, kind, day))]
      const sum = addends.reduce<Rational | null>(
        (total, each) => (total === null || each?.value == null ? null : add(total, each.value)),
        { n: 0n, d: 1n },
      )
      const yoy = growth(kind, known, baseKnown, () => areStatedTogether(quarter, base, known, baseKnown, day))
      const ttm_value = kind === 'amount' ? sum : null
      const hasFour = kind !== 'amount' || addends.every((each) => each !== undefined)
      const state = [text(known.value), known.method, text(yoy.ratio), yoy.code, baseKnown !== undefined, text(ttm_value), hasFour]
      if (last !== undefined && state.every((value, index) => value === last?.[index])) continue
      last = state
      const { period_start, period_end } = quarter
      vintages.push({ period_start, period_end, known_from: day, ...known, yoy_ratio: yoy.ratio, ttm_value })
    }
    return vintages
  })
}

const text = (value: Rational | null): string | null => {
  if (value === null) return null
  const { n, d } = reduce(value)
  return `${n}/${d}`
}

function growth(kind: Kind, known: Known, base: Known | undefined, areTogether: () => boolean): { ratio: Rational | null; code: string } {
  const none = (code: string): { ratio: null; code: string } => ({ ratio: null, code })
  if (kind === 'other') return none('not_comparable')
  if (known.value === null) return none('no_value')
  if (base === undefined) return none('no_base_quarter')
  if (base.value === null) return none('base_has_no_value')
  if (base.value.n <= 0n) return none('base_not_positive')
  if (kind !== 'amount' && !areTogether()) return none('share_basis_may_differ')
  return { ratio: divide(subtract(known.value, base.value), base.value), code: 'ok' }
}

/** True when one filing on or before the day states both values: then no split lies between them. */
function areStatedTogether(quarter: Quarter, base: Quarter | undefined, known: Known, baseKnown: Known | undefined, day: string): boolean {
  const holds = (facts: readonly Fact[] | undefined, value: Rational | null | undefined, accession?: string): Fact[] =>
    (facts ?? []).filter(
      (fact) =>
        fact.filed <= day && value != null && equals(fact.value, value) && (accession === undefined || fact.accession === accession),
    )
  return holds(quarter.reported?.facts, known.value).some(
    ({ accession }) => holds(base?.reported?.facts, baseKnown?.value, accession).length > 0,
  )
}

const filingDays = (quarter: Quarter | undefined): string[] =>
  [quarter?.reported, quarter?.longer, quarter?.shorter].flatMap((period) => (period?.facts ?? []).map(({ filed }) => filed))

function periodsIn(facts: readonly Fact[]): Period[] {
  const order = (a: Fact, b: Fact): number =>
    a.filed !== b.filed
      ? a.filed < b.filed
        ? -1
        : 1
      : a.is_amendment !== b.is_amendment
        ? b.is_amendment
          ? -1
          : 1
        : a.accession < b.accession
          ? -1
          : 1
  return [...Map.groupBy(facts, ({ period_start, period_end }) => `${period_start} ${period_end}`).values()].flatMap((group) => {
    const [first] = group
    const quarters = first === undefined ? undefined : quartersOf(first.period_start, first.period_end)
    if (first === undefined || quarters === undefined) return []
    return [{ period_start: first.period_start, period_end: first.period_end, quarters, facts: group.toSorted(order) }]
  })
}

function quartersIn(periods: readonly Period[]): Quarter[] {
  const found = new Map<string, Quarter>()
  for (const period of periods.filter(({ quarters }) => quarters === 1)) {
    const { period_start, period_end } = period
    found.set(`${period_end} ${period_start}`, { period_start, period_end, reported: period, longer: undefined, shorter: undefined })
  }
  // By first day, so that of two years that lead to one quarter the later one wins.
  for (const longer of periods.toSorted((a, b) => (a.period_start < b.period_start ? -1 : 1))) {
    for (const shorter of periods) {
      if (shorter.period_start !== longer.period_start || shorter.quarters !== longer.quarters - 1) continue
      const period_start = dateOf(dayNumber(shorter.period_end) + 1)
      const { period_end } = longer
      if (quartersOf(period_start, period_end) !== 1) continue
      const key = `${period_end} ${period_start}`
      found.set(key, { period_start, period_end, reported: found.get(key)?.reported, longer, shorter })
    }
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, quarter]) => quarter)
}

/** Of quarters with one last day the one nearest to 13 weeks. */
function preferred(quarters: readonly Quarter[]): Map<string, Quarter> {
  const off = ({ period_start, period_end }: Quarter): number => Math.abs(dayNumber(period_end) - dayNumber(period_start) - 90)
  const byEnd = new Map<string, Quarter>()
  for (const quarter of quarters) {
    const other = byEnd.get(quarter.period_end)
    if (other === undefined || off(quarter) < off(other) || (off(quarter) === off(other) && quarter.period_start > other.period_start)) {
      byEnd.set(quarter.period_end, quarter)
    }
  }
  return byEnd
}

/** The quarter that ended a year earlier, within ten days. */
function baseOf({ period_end }: Quarter, byEnd: ReadonlyMap<string, Quarter>): Quarter | undefined {
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
