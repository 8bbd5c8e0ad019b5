import {
  dayNumber,
  type Fact,
  type Known,
  keep,
  keyOf,
  type Links,
  layOut,
  type Period,
  type Quarter,
  quartersIn,
  type Vintage,
} from './quarter-ways.ts'
import { add, divide, equals, isNear, type Rational, subtract } from './rational.ts'

/**
 * Quarters of one tag computed once more: for each day on which something was filed, what was known on that
 * day, from the facts themselves. It shares nothing with the SQL of `stocks_research.derive_fundamentals`,
 * which joins intervals of validity.
 */
export type Kind = 'amount' | 'per_share' | 'shares' | 'other'

const METHODS = {
  1: 'reported',
  2: 'half_less_quarter',
  3: 'nine_months_less_half',
  4: 'year_less_nine_months',
} as const

/**
 * Every vintage of every quarter of one series (filer, tag, unit), in order of period and day: day after day,
 * from nothing but the facts that were filed by then. Which quarters there can be, and what each is compared
 * with, is laid out once, since no day changes it.
 */
export function vintagesOf(facts: readonly Fact[], kind: Kind): Vintage[] {
  const periods = new Map<number, Period>()
  const byDay = new Map<string, { fact: Fact; period: Period }[]>()
  for (const fact of facts) {
    const start = dayNumber(fact.period_start)
    const end = dayNumber(fact.period_end)
    const quarters = quartersIn(end - start + 1)
    if (quarters === undefined) continue
    const period = keep(periods, keyOf(start, end), () => ({
      start,
      end,
      quarters,
      filed: [],
      stated_on: '',
      restated_on: '',
    }))
    keep(byDay, fact.filed, () => []).push({ fact, period })
  }
  const { quarters, lastDays } = layOut([...periods.values()])
  const vintages: Vintage[] = []
  for (const day of [...byDay.keys()].toSorted()) {
    const filed = (byDay.get(day) ?? []).toSorted((x, y) => inOneDay(x.fact, y.fact))
    const before = new Map(filed.map(({ period }) => [period, period.filed.at(-1)?.value]))
    for (const { fact, period } of filed) period.filed.push(fact)
    for (const [period, value] of before) {
      period.stated_on = day
      const now = period.filed.at(-1)?.value
      if (value !== undefined && now !== undefined && isRestatement(value, now)) period.restated_on = day
    }
    for (const quarter of quarters) quarter.known = knownOf(quarter, kind)
    for (const lastDay of lastDays) lastDay.preferred = preferred(lastDay.quarters)
    for (const quarter of quarters) {
      const { known } = quarter
      if (known === undefined) continue
      const links = linksOf(known)
      if (quarter.links !== undefined && areEqual(links, quarter.links)) continue
      quarter.links = links
      const vintage = vintageOf(known, links, kind, day)
      if (quarter.vintage !== undefined && saysTheSame(vintage, quarter.vintage)) continue
      quarter.vintage = vintage
      vintages.push(vintage)
    }
  }
  const order = ({ period_end, period_start, known_from }: Vintage): string =>
    `${period_end} ${period_start} ${known_from}`
  return vintages.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
}

/**
 * Of two filings of one day the amendment is valid, then the higher accession number: the later one of this
 * order.
 */
function inOneDay(a: Fact, b: Fact): number {
  if (a.is_amendment !== b.is_amendment) return a.is_amendment ? 1 : -1
  return a.accession < b.accession ? -1 : 1
}

/** Another value, and not the same one rounded to thousands, to tenths of a million or to millions. */
function isRestatement(before: Rational, now: Rational): boolean {
  if (equals(before, now)) return false
  const isMultiple = (value: Rational, unit: bigint): boolean => value.d === 1n && value.n % unit === 0n
  const off = subtract(now, before)
  const size = off.n < 0n ? -off.n : off.n
  return ![1_000n, 100_000n, 1_000_000n].some(
    (unit) => (isMultiple(now, unit) || isMultiple(before, unit)) && 2n * size <= unit * off.d,
  )
}

/**
 * True when these periods, as stated so far, are on one basis: each was stated on or after the last day on
 * which one of them was restated.
 */
function areOnOneBasis(periods: readonly Period[]): boolean {
  let restated_on = ''
  for (const period of periods) if (period.restated_on > restated_on) restated_on = period.restated_on
  return periods.every((period) => period.stated_on >= restated_on)
}

const periodsOf = ({ way }: Known): Period[] =>
  way.shorter === undefined ? [way.longer] : [way.longer, way.shorter]

/** The quarter as the facts filed so far state it. A difference keeps its last value on one basis. */
function knownOf(quarter: Quarter, kind: Kind): Known | undefined {
  for (const way of quarter.ways) {
    const longer = way.longer.filed.at(-1)
    const shorter = way.shorter?.filed.at(-1)
    if (longer === undefined || (way.shorter !== undefined && shorter === undefined)) continue
    if (way.known?.longer === longer && way.known.shorter === shorter) return way.known
    if (way.shorter === undefined || shorter === undefined) {
      way.known = { quarter, value: longer.value, method: METHODS[1], longer, shorter: undefined, way }
      return way.known
    }
    const isAmount = kind === 'amount'
    if (isAmount && !areOnOneBasis([way.longer, way.shorter])) {
      if (way.known === undefined) continue
      return way.known
    }
    const value = isAmount ? subtract(longer.value, shorter.value) : null
    way.known = {
      quarter,
      value,
      method: isAmount ? METHODS[way.longer.quarters] : 'none',
      longer,
      shorter,
      way,
    }
    return way.known
  }
  return undefined
}

/** What is known of a quarter so far beside the quarter of a year earlier and the three before it. */
function linksOf(known: Known): Links {
  const base = known.quarter.bases.find(({ preferred: each }) => each !== undefined)?.preferred
  const addends = [known]
  for (
    let each = known.quarter.before?.preferred;
    each !== undefined && addends.length < 4;
    each = each.quarter.before?.preferred
  )
    addends.push(each)
  return {
    base,
    addends,
    ours_count: statements(known).length,
    is_base_on_one_basis: base === undefined || areOnOneBasis([...periodsOf(known), ...periodsOf(base)]),
    are_addends_on_one_basis: areOnOneBasis(addends.flatMap(periodsOf)),
    bases_count: base === undefined ? 0 : statements(base).length,
  }
}

/** The facts filed so far that state a quarter itself. */
function statements({ quarter }: Known): readonly Fact[] {
  const [best] = quarter.ways
  return best !== undefined && best.shorter === undefined ? best.longer.filed : []
}

const areEqual = (a: Links, b: Links): boolean =>
  a.base === b.base &&
  a.ours_count === b.ours_count &&
  a.bases_count === b.bases_count &&
  a.is_base_on_one_basis === b.is_base_on_one_basis &&
  a.are_addends_on_one_basis === b.are_addends_on_one_basis &&
  a.addends.length === b.addends.length &&
  a.addends.every((addend, at) => addend === b.addends[at])

function vintageOf(known: Known, links: Links, kind: Kind, known_from: string): Vintage {
  const { base } = links
  const { period_start, period_end } = known.quarter
  const yoy = growth(kind, known, links)
  const ttm = yearOf(kind, links)
  return {
    period_start,
    period_end,
    known_from,
    value: known.value,
    method: known.method,
    yoy_ratio: yoy.value,
    yoy_reason: yoy.reason,
    yoy_base_period_end: base?.quarter.period_end ?? null,
    ttm_value: ttm.value,
    ttm_reason: ttm.reason,
  }
}

const isSame = (a: Rational | null, b: Rational | null): boolean =>
  a === b || (a !== null && b !== null && equals(a, b))
/** True when two vintages of one quarter differ in nothing but their day. */
const saysTheSame = (a: Vintage, b: Vintage): boolean =>
  isSame(a.value, b.value) &&
  a.method === b.method &&
  isSame(a.yoy_ratio, b.yoy_ratio) &&
  a.yoy_reason === b.yoy_reason &&
  a.yoy_base_period_end === b.yoy_base_period_end &&
  isSame(a.ttm_value, b.ttm_value) &&
  a.ttm_reason === b.ttm_reason

interface Result {
  readonly value: Rational | null
  readonly reason: string | null
}
const none = (reason: string): Result => ({ value: null, reason })

/** The sum of a quarter and the three before it. */
function yearOf(kind: Kind, { addends, are_addends_on_one_basis }: Links): Result {
  if (kind !== 'amount') return none('not_additive')
  if (addends.length < 4) return none('fewer_than_four_quarters')
  const value = addends.reduce<Rational | null>(
    (total, each) => (total === null || each.value === null ? null : add(total, each.value)),
    {
      n: 0n,
      d: 1n,
    },
  )
  if (value === null) return none('a_quarter_has_no_value')
  return are_addends_on_one_basis ? { value, reason: null } : none('basis_may_differ')
}

function growth(kind: Kind, known: Known, { base, is_base_on_one_basis }: Links): Result {
  if (kind === 'other') return none('not_comparable')
  if (known.value === null) return none('no_value')
  if (base === undefined) return none('no_base_quarter')
  if (base.value === null) return none('base_has_no_value')
  if (base.value.n <= 0n) return none('base_not_positive')
  if (kind !== 'amount' && !areStatedTogether(known, base)) return none('share_basis_may_differ')
  if (kind === 'amount' && !is_base_on_one_basis) return none('basis_may_differ')
  return { value: divide(subtract(known.value, base.value), base.value), reason: null }
}

/** True when one filing so far states both values: then no split lies between them. */
function areStatedTogether(known: Known, base: Known): boolean {
  const states = (fact: Fact, { value }: Known): boolean => value !== null && equals(fact.value, value)
  return statements(known).some(
    (one) =>
      states(one, known) &&
      statements(base).some((other) => other.accession === one.accession && states(other, base)),
  )
}

/** Of quarters with one last day, as far as they are known, the one nearest to 13 weeks. */
function preferred(quarters: readonly Quarter[]): Known | undefined {
  const off = ({ quarter }: Known): number => Math.abs(quarter.end - quarter.start - 90)
  let best: Known | undefined
  for (const { known } of quarters) {
    if (known === undefined) continue
    if (
      best === undefined ||
      off(known) < off(best) ||
      (off(known) === off(best) && known.quarter.start > best.quarter.start)
    )
      best = known
  }
  return best
}

/** True when both are null or agree to `digits`. */
export const agree = (a: Rational | null, b: Rational | null, digits: number): boolean =>
  a === null || b === null ? a === b : isNear(a, b, digits) || (b.n === 0n && a.n === 0n)
