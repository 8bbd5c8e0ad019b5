/** The sum of the four quarters that end with one, of a standard item, as known on a day. */
import { add, decimalText, multiply, rational, subtract } from './rational.ts'

/** A vintage of a standard item. */
export interface Vintage {
  readonly item: string
  readonly period_kind: string
  readonly period_start: string | null
  readonly period_end: string
  readonly unit: string
  readonly value: string | null
  readonly reason: string | null
  readonly taxonomy: string
  readonly tag: string
  readonly accession: string
  readonly filed: string
  readonly known_from: string
  readonly known_to: string | null
  readonly first_known_on: string | null
  readonly first_value: string | null
}
/** What four quarters that end with a quarter add up to, from a day on. */
export interface YearSum {
  readonly taxonomy: string
  readonly tag: string
  readonly unit: string
  readonly period_start: string
  readonly period_end: string
  readonly known_from: string
  readonly ttm_value: string | null
  readonly ttm_reason: string | null
}
/** What a tag means for an item, by item, taxonomy and tag. */
export interface TagMeaning {
  /** -1 where the tag states the item with the other sign. */
  readonly sign: number
  /** Tags of one tier mean the same. */
  readonly tier: number
}
export interface FourQuarters {
  readonly ttm_value: string | null
  readonly ttm_reason: string | null
}
export const compareText = (a: string, b: string): number => Number(a > b) - Number(a < b)
/** The newest first; of those that end alike, a balance, then the one that began last. */
export const byPeriod = (a: Vintage, b: Vintage): number =>
  compareText(b.period_end, a.period_end) || compareText(b.period_start ?? '~', a.period_start ?? '~')

export function fourQuarters(
  row: Vintage,
  known: readonly Vintage[],
  sums: readonly YearSum[],
  tags: ReadonlyMap<string, TagMeaning>,
  day: string,
): FourQuarters {
  if (row.period_kind === 'instant') return { ttm_value: null, ttm_reason: 'not_additive' }
  const first_end = daysBefore(row.period_end, 300)
  const is_in_doubt = known.some(
    ({ unit, period_kind, period_end, reason }) =>
      unit === row.unit &&
      period_kind === 'quarter' &&
      reason === 'out_of_scale' &&
      period_end >= first_end &&
      period_end <= row.period_end,
  )
  if (is_in_doubt) return { ttm_value: null, ttm_reason: 'a_quarter_has_no_value' }
  const [sum] = sums
    .filter(
      (each) =>
        row.value !== null &&
        each.taxonomy === row.taxonomy &&
        each.tag === row.tag &&
        each.unit === row.unit &&
        each.period_start === row.period_start &&
        each.period_end === row.period_end &&
        each.known_from <= day,
    )
    .toSorted((a, b) => compareText(b.known_from, a.known_from))
  const meaning = meaningOf(row, tags)
  const { ttm_value, ttm_reason } = sum ?? { ttm_value: null, ttm_reason: 'fewer_than_four_quarters' }
  if (ttm_reason === 'fewer_than_four_quarters' && row.value !== null)
    return withYearOfOtherTag(row, known, tags) ?? { ttm_value, ttm_reason }
  if (ttm_value === null || meaning.sign > 0) return { ttm_value, ttm_reason }
  return { ttm_value: decimalText(multiply(rational(ttm_value), { n: -1n, d: 1n })), ttm_reason }
}

function meaningOf({ item, taxonomy, tag }: Vintage, tags: ReadonlyMap<string, TagMeaning>): TagMeaning {
  const meaning = tags.get(`${item} ${taxonomy} ${tag}`)
  if (meaning === undefined) throw new RangeError(`${tag} is not a tag of ${item}.`)
  return meaning
}

/** The year before under another tag, plus the year to date, less the same months of the year before. */
function withYearOfOtherTag(
  row: Vintage,
  known: readonly Vintage[],
  tags: ReadonlyMap<string, TagMeaning>,
): FourQuarters | undefined {
  const { tier } = meaningOf(row, tags)
  const alike = known.filter(
    (each) =>
      each.unit === row.unit &&
      each.value !== null &&
      each.taxonomy === row.taxonomy &&
      meaningOf(each, tags).tier === tier,
  )
  const found = alike
    .filter(({ period_kind, period_end }) => period_kind !== 'year' && period_end === row.period_end)
    .toSorted((a, b) => compareText(a.period_start ?? '', b.period_start ?? ''))
    .flatMap((months) =>
      alike
        .filter(
          ({ period_kind, period_end, tag }) =>
            period_kind === 'year' &&
            tag !== row.tag &&
            period_end === daysBefore(months.period_start ?? '', 1),
        )
        .toSorted(byPeriod)
        .map((year) => ({ months, year, before: sameMonths(months, year, alike) })),
    )
    .find(({ before }) => before !== undefined)
  if (found?.before === undefined) return undefined
  const { months, year, before } = found
  if (year.value !== year.first_value || before.value !== before.first_value)
    return { ttm_value: null, ttm_reason: 'basis_may_differ' }
  const sum = add(rational(year.value ?? ''), rational(months.value ?? ''))
  return { ttm_value: decimalText(subtract(sum, rational(before.value ?? ''))), ttm_reason: null }
}

function sameMonths(months: Vintage, year: Vintage, alike: readonly Vintage[]): Vintage | undefined {
  const end = yearBefore(months.period_end)
  const [newest] = alike
    .filter(
      ({ period_kind, period_start, period_end }) =>
        period_kind === months.period_kind &&
        period_start === year.period_start &&
        period_end >= daysBefore(end, 10) &&
        period_end <= daysBefore(end, -10),
    )
    .toSorted(byPeriod)
  return newest
}

const DAY_MS = 86_400_000
export const daysBefore = (day: string, days: number): string =>
  new Date(Date.parse(day) - days * DAY_MS).toISOString().slice(0, 10)
/** The same day of the year before; 28 February for the 29th. */
export function yearBefore(day: string): string {
  const text = `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`
  return text.endsWith('-02-29') ? text.replace('-29', '-28') : text
}
