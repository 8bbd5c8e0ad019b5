import { addDays, daysBetween } from '../../simulator/market/calendar.ts'
import {
  add,
  parseDecimal,
  type Rational,
  rational,
  subtract,
  ZERO,
} from '../../simulator/market/rational.ts'
import type { FiledFact, Filer, FiscalQuarter } from '../../simulator/market/types.ts'

/** Every vintage of every fact of a filer, in the order of filing. */
export function filedFacts(filer: Filer): FiledFact[] {
  return filer.filings.flatMap(({ accession, form, fiscal_year, fiscal_period, filed, facts }) =>
    facts.map((fact) => ({ ...fact, cik: filer.cik, accession, form, fiscal_year, fiscal_period, filed })),
  )
}

export interface ExpectedValue {
  readonly value: Rational
  /** reported: a filing gives the quarter itself. The others are differences of reported spans. */
  readonly method: 'reported' | 'year_minus_nine_months' | 'to_date_difference'
  /** The spans that it is made of. */
  readonly spans: readonly Span[]
}
interface Span {
  readonly start: string
  readonly end: string
}
export interface ExpectedChange {
  /** (this − base) / base; null when the reason is not `ok`. */
  readonly ratio: Rational | null
  readonly reason: 'ok' | 'missing' | 'share_basis_differs' | 'basis_differs' | 'base_not_positive'
  /** One of the two quarters has 14 weeks. */
  readonly is_uneven: boolean
}

/**
 * What was known about a filer on a day, computed from the filings alone. `as_of` is inclusive.
 */
export interface FilerKnowledge {
  readonly quarters: readonly FiscalQuarter[]
  /** The newest filed value of a span or, with start null, of an instant. */
  value(tag: string, unit: string, start: string | null, end: string, as_of: string): Rational | null
  /** A quarter of a tag: reported, else derived when the unit is additive (USD). */
  quarter(tag: string, unit: string, quarter: FiscalQuarter, as_of: string): ExpectedValue | null
  /**
   * The sum of the four quarters that end with this one; null when one is not known or the unit is not
   * additive.
   */
  trailingYear(tag: string, unit: string, quarter: FiscalQuarter, as_of: string): Rational | null
  /** Against the same fiscal quarter one year before. */
  yearOverYear(tag: string, unit: string, quarter: FiscalQuarter, as_of: string): ExpectedChange
}

export function knowledgeOf(filer: Filer): FilerKnowledge {
  const vintages = Map.groupBy(filedFacts(filer), (fact) => keyOf(fact.tag, fact.unit, fact.start, fact.end))
  const quarters = filer.quarters
  const indexOf = (quarter: FiscalQuarter): number => quarters.findIndex((other) => other.end === quarter.end)

  const newest = (
    tag: string,
    unit: string,
    start: string | null,
    end: string,
    as_of: string,
  ): FiledFact | undefined =>
    vintages.get(keyOf(tag, unit, start, end))?.findLast((fact) => fact.filed <= as_of)
  const value: FilerKnowledge['value'] = (tag, unit, start, end, as_of) => {
    const known = newest(tag, unit, start, end, as_of)
    return known === undefined ? null : parseDecimal(known.value)
  }
  /**
   * On which bases the value of a quarter holds, as counts of splits: a value that later filings repeat
   * unchanged holds on theirs too (a stock dividend of a quarter of a percent does not move the cents of an
   * EPS).
   */
  const basesOf = (
    tag: string,
    unit: string,
    quarter: FiscalQuarter,
    as_of: string,
  ): { from: number; to: number } => {
    const known = (vintages.get(keyOf(tag, unit, quarter.start, quarter.end)) ?? []).filter(
      (fact) => fact.filed <= as_of,
    )
    const last = known.at(-1)
    const first = known[known.findLastIndex((fact) => fact.value !== last?.value) + 1]
    const splitsUntil = (filed = ''): number => filer.split_dates.filter((date) => date <= filed).length
    return { from: splitsUntil(first?.filed), to: splitsUntil(last?.filed) }
  }
  /** True when each span was stated on or after the last restatement of any of them, all as of a day. */
  const areOnOneBasis = (tag: string, unit: string, spans: readonly Span[], as_of: string): boolean => {
    const stated = spans.map(({ start, end }) =>
      (vintages.get(keyOf(tag, unit, start, end)) ?? []).filter((fact) => fact.filed <= as_of),
    )
    const restated_on = stated.flatMap((facts) =>
      facts.flatMap(({ value, filed }, at) => {
        const before = facts[at - 1]
        return before !== undefined && isRestatement(before.value, value) ? [filed] : []
      }),
    )
    const last = restated_on.toSorted().at(-1) ?? ''
    return stated.every((facts) => (facts.at(-1)?.filed ?? '') >= last)
  }
  const quarterValue: FilerKnowledge['quarter'] = (tag, unit, quarter, as_of) => {
    const reported = value(tag, unit, quarter.start, quarter.end, as_of)
    if (reported !== null) return { value: reported, method: 'reported', spans: [quarter] }
    if (unit !== 'USD' || quarter.quarter === 1) return null
    const first = quarters[indexOf(quarter) - quarter.quarter + 1]
    if (first === undefined) return null
    const longer = { start: first.start, end: quarter.end }
    const shorter = { start: first.start, end: addDays(quarter.start, -1) }
    // A difference keeps its last value on one basis: the newest day on which both were.
    const days = [longer, shorter].flatMap(({ start, end }) =>
      (vintages.get(keyOf(tag, unit, start, end)) ?? []).map(({ filed }) => filed),
    )
    for (const day of days
      .filter((filed) => filed <= as_of)
      .toSorted()
      .toReversed()) {
      const whole = value(tag, unit, longer.start, longer.end, day)
      const part = value(tag, unit, shorter.start, shorter.end, day)
      if (whole === null || part === null || !areOnOneBasis(tag, unit, [longer, shorter], day)) continue
      return {
        value: subtract(whole, part),
        method: quarter.quarter === 4 ? 'year_minus_nine_months' : 'to_date_difference',
        spans: [longer, shorter],
      }
    }
    return null
  }
  return {
    quarters,
    value,
    quarter: quarterValue,
    trailingYear: (tag, unit, quarter, as_of) => {
      const last = indexOf(quarter)
      if (unit !== 'USD' || last < 3) return null
      let sum = ZERO
      const spans: Span[] = []
      for (const part of quarters.slice(last - 3, last + 1)) {
        const known = quarterValue(tag, unit, part, as_of)
        if (known === null) return null
        sum = add(sum, known.value)
        spans.push(...known.spans)
      }
      return areOnOneBasis(tag, unit, spans, as_of) ? sum : null
    },
    yearOverYear: (tag, unit, quarter, as_of) => {
      const base_quarter = quarters[indexOf(quarter) - 4]
      const is_uneven = base_quarter !== undefined && isLong(quarter) !== isLong(base_quarter)
      const current = quarterValue(tag, unit, quarter, as_of)
      const base = base_quarter === undefined ? null : quarterValue(tag, unit, base_quarter, as_of)
      if (current === null || base === null) return { ratio: null, reason: 'missing', is_uneven }
      if (base_quarter !== undefined && unit !== 'USD') {
        const now = basesOf(tag, unit, quarter, as_of)
        const then = basesOf(tag, unit, base_quarter, as_of)
        if (now.from > then.to || then.from > now.to)
          return { ratio: null, reason: 'share_basis_differs', is_uneven }
      }
      if (base.value.numerator <= 0n) return { ratio: null, reason: 'base_not_positive', is_uneven }
      if (unit === 'USD' && !areOnOneBasis(tag, unit, [...current.spans, ...base.spans], as_of))
        return { ratio: null, reason: 'basis_differs', is_uneven }
      const change = subtract(current.value, base.value)
      return {
        ratio: rational(change.numerator * base.value.denominator, change.denominator * base.value.numerator),
        reason: 'ok',
        is_uneven,
      }
    },
  }
}

/** Another value, and not the same one rounded to thousands, to tenths of a million or to millions. */
function isRestatement(before: string, now: string): boolean {
  const old = parseDecimal(before)
  const given = parseDecimal(now)
  if (old.denominator !== 1n || given.denominator !== 1n) return before !== now
  const off = old.numerator - given.numerator
  const size = off < 0n ? -off : off
  if (size === 0n) return false
  const units = [1_000n, 100_000n, 1_000_000n]
  return !units.some(
    (unit) => size * 2n <= unit && (old.numerator % unit === 0n || given.numerator % unit === 0n),
  )
}

/** 14 weeks instead of 13. */
const isLong = (quarter: FiscalQuarter): boolean => daysBetween(quarter.start, quarter.end) + 1 > 94

const keyOf = (tag: string, unit: string, start: string | null, end: string): string =>
  `${tag}|${unit}|${start}|${end}`
