/** Calculated items of one filer on one day, from the vintages of its standard items, in exact fractions. */
import { CALCULATED_ITEMS, type Choice, type Component, type Term } from './calculated-item-terms.ts'
import {
  byPeriod,
  compareText,
  fourQuarters,
  type TagMeaning,
  type Vintage,
  type YearSum,
} from './four-quarters.ts'
import { add, compare, decimalText, multiply, type Rational, rational, ZERO } from './rational.ts'

interface Part extends Vintage {
  readonly ttm_value?: string | null
  readonly ttm_reason?: string | null
}
/** The columns of an answer, but the day and the filer; null is an empty text. */
export type Answer = readonly string[]

interface Sum {
  readonly has_value: boolean
  readonly value: Rational
  readonly reason: string | null
  readonly ttm_value: Rational | null
  readonly ttm_reason: string | null
  /** Day and accession of the newest filing of a part. */
  readonly newest_filing: string
  readonly first_known_on: string
}

const NO_FILING = 'part_not_filed'
const HUNDRED: Rational = { n: 100n, d: 1n }

export const isKnown = (day: string) => (row: Vintage) =>
  row.known_from <= day && (row.known_to === null || row.known_to > day)
const periodOf = ({ period_kind, period_start, period_end, unit }: Vintage): string =>
  [period_kind, period_start, period_end, unit].join()
const partsOf = (components: readonly Component[]): Set<string> =>
  new Set(components.flat(2).map(({ part }) => part))
/** Every standard item that a calculated item is made of. */
export const PARTS: readonly string[] = [...partsOf(Object.values(CALCULATED_ITEMS).flat())]

/** Of every period of which a part was known on the day, as `calculated_items_as_of` gives it. */
export function itemsOfPeriods(vintages: readonly Vintage[], day: string): Answer[] {
  const periods = Map.groupBy(vintages.filter(isKnown(day)), periodOf)
  const answers: Answer[] = []
  for (const [item, components] of Object.entries(CALCULATED_ITEMS)) {
    const names = partsOf(components)
    for (const rows of periods.values()) {
      const [first] = rows.filter(({ item: part }) => names.has(part))
      if (first !== undefined) answers.push([...startOf(item, first), ...endOf(sumOf(components, rows))])
    }
  }
  return answers
}

/** Of the newest period of the parts of each item, as `fundamentals_panel` gives it. */
export function itemsOfNewest(
  vintages: readonly Vintage[],
  sums: readonly YearSum[],
  tags: ReadonlyMap<string, TagMeaning>,
  day: string,
): Answer[] {
  const answers: Answer[] = []
  const newest = PARTS.flatMap((part) => newestPart(vintages, sums, tags, part, day))
  for (const [item, components] of Object.entries(CALCULATED_ITEMS)) {
    const names = partsOf(components)
    const own = newest.filter(({ item: part }) => names.has(part)).toSorted(byPeriod)
    const [first] = own
    if (first === undefined) continue
    const units = [
      ...Map.groupBy(
        own.filter((row) => byPeriod(row, first) === 0),
        periodOf,
      ).values(),
    ]
      .map((rows) => ({ first: rows[0] ?? first, sum: sumOf(components, rows) }))
      .toSorted(
        (a, b) =>
          Number(b.sum.has_value) - Number(a.sum.has_value) || compareText(a.first.unit, b.first.unit),
      )
    const [chosen] = units
    if (chosen !== undefined)
      answers.push([
        ...startOf(item, chosen.first),
        ...sumText(chosen.sum, chosen.first.period_kind),
        '',
        ...endOf(chosen.sum).slice(2),
      ])
  }
  return answers
}

/** The newest quarter or balance of a standard item; of several currencies the one of the newest period. */
function newestPart(
  vintages: readonly Vintage[],
  sums: readonly YearSum[],
  tags: ReadonlyMap<string, TagMeaning>,
  part: string,
  day: string,
): Part[] {
  const own = vintages.filter(({ item }) => item === part)
  const all = own.filter(isKnown(day))
  const known = all.filter(
    ({ period_kind, period_end }) => ['quarter', 'instant'].includes(period_kind) && period_end <= day,
  )
  const firstUse = (unit: string): string =>
    own
      .filter((row) => row.unit === unit)
      .map(({ known_from, period_end }) => `${known_from} ${period_end}`)
      .reduce((a, b) => (a < b ? a : b))
  const [row] = known.toSorted(
    (a, b) =>
      compareText(b.period_end, a.period_end) ||
      Number(a.value === null) - Number(b.value === null) ||
      byPeriod(a, b) ||
      compareText(firstUse(a.unit), firstUse(b.unit)) ||
      compareText(a.unit, b.unit),
  )
  if (row === undefined) return []
  return [{ ...row, ...fourQuarters(row, all, sums, tags, day) }]
}

/** The sum of the components in one period; `rows` are the parts of the period. */
function sumOf(components: readonly Component[], rows: readonly Part[]): Sum {
  const sums = components.map((choices) => componentOf(choices, rows))
  const [lacking] = sums.filter(({ has_value }) => !has_value)
  let value = ZERO
  let ttm_value: Rational | null = ZERO
  for (const sum of sums) {
    value = add(value, sum.value)
    ttm_value = ttm_value === null || sum.ttm_value === null ? null : add(ttm_value, sum.ttm_value)
  }
  return {
    has_value: lacking === undefined,
    value,
    reason: lacking?.reason ?? null,
    ttm_value,
    ttm_reason: least(sums.map(({ ttm_reason }) => ttm_reason)),
    newest_filing: greatest(sums.map(({ newest_filing }) => newest_filing)),
    first_known_on: greatest(sums.map(({ first_known_on }) => first_known_on)),
  }
}

/** The first choice with a value; without one the first whose reason is that of a part. */
function componentOf(choices: Component, rows: readonly Part[]): Sum {
  const sums = choices.map((choice) => choiceOf(choice, rows))
  const [first] = sums
  if (first === undefined) throw new RangeError('A component has no choice.')
  return sums.find(({ has_value }) => has_value) ?? sums.find(({ reason }) => reason !== NO_FILING) ?? first
}

function choiceOf(choice: Choice, rows: readonly Part[]): Sum {
  const found: (readonly [Term, Part])[] = []
  let is_reported = true
  for (const term of choice) {
    const row = rows.find(({ item, tag }) => item === term.part && (term.tags?.includes(tag) ?? true))
    if (row !== undefined) found.push([term, row])
    if (term.presence !== 'optional' && (term.presence === 'needed') !== (row !== undefined))
      is_reported = false
  }
  const parts = found.map(([, part]) => part)
  let value = ZERO
  let miss = ZERO
  let allowed = ZERO
  let ttm_value: Rational | null = ZERO
  for (const [{ factor, proof, tolerance_percent }, part] of found) {
    const amount = rational(part.value ?? '0')
    value = add(value, multiply(amount, { n: factor, d: 1n }))
    miss = add(miss, multiply(amount, { n: proof, d: 1n }))
    allowed = add(allowed, multiply(absolute(amount), { n: tolerance_percent, d: 1n }))
    const ttm = part.ttm_value ?? null
    ttm_value =
      ttm_value === null || ttm === null
        ? null
        : add(ttm_value, multiply(rational(ttm), { n: factor, d: 1n }))
  }
  const is_known = parts.length > 0 && parts.every((part) => part.value !== null)
  const is_proved = compare(multiply(absolute(miss), HUNDRED), allowed) <= 0n
  const of_part = is_reported && !is_known
  const has_value = is_reported && is_known && is_proved
  const otherwise = has_value ? null : NO_FILING
  return {
    has_value,
    value,
    reason: of_part ? least(parts.map(({ reason }) => reason)) : otherwise,
    ttm_value,
    ttm_reason: least(parts.map(({ ttm_reason }) => ttm_reason ?? null)),
    newest_filing: greatest(parts.map(({ known_from, accession }) => `${known_from} ${accession}`)),
    first_known_on: greatest(parts.map(({ first_known_on }) => first_known_on ?? '')),
  }
}

const absolute = (value: Rational): Rational => (value.n < 0n ? { ...value, n: -value.n } : value)
const greatest = (texts: readonly string[]): string => texts.reduce((a, b) => (a > b ? a : b), '')
function least(reasons: readonly (string | null)[]): string | null {
  const [first] = reasons.filter((reason) => reason !== null).toSorted()
  return first ?? null
}

const startOf = (item: string, { period_kind, period_start, period_end, unit }: Vintage): Answer => [
  item,
  period_kind,
  period_start ?? '',
  period_end,
  unit,
]
/** Value, reason, accession, known_from, first_known_on. */
function endOf({ has_value, value, reason, newest_filing, first_known_on }: Sum): Answer {
  const [known_from = '', accession = ''] = newest_filing.split(' ')
  return [has_value ? decimalText(value) : '', reason ?? '', accession, known_from, first_known_on]
}
/** Value, reason, and the same of four quarters. */
function sumText({ has_value, value, reason, ttm_value, ttm_reason }: Sum, period_kind: string): Answer {
  const own = [has_value ? decimalText(value) : '', reason ?? '']
  if (period_kind !== 'quarter') return [...own, '', 'not_additive']
  if (!has_value) return [...own, '', 'a_quarter_has_no_value']
  return ttm_value === null ? [...own, '', ttm_reason ?? ''] : [...own, decimalText(ttm_value), '']
}
