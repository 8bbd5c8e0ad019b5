/** Earnings per share of four quarters of one filer on one day, in shares of the day, in exact fractions. */
import { type Answer, isKnown } from './calculated-items.ts'
import { compareText, daysBefore, type Vintage, yearBefore } from './four-quarters.ts'
import {
  add,
  compare,
  decimalText,
  divide,
  multiply,
  ONE,
  type Rational,
  rational,
  subtract,
} from './rational.ts'

/** A split of the first security of the filer. */
export interface Split {
  readonly ex_date: string
  readonly declared_date: string | null
  readonly split_from: string
  readonly split_to: string
}

const FIFTH: Rational = { n: 1n, d: 5n }
const TWO_CENTS: Rational = { n: 2n, d: 100n }
/** A year later or earlier by so many days are the same months. */
const SLACK_DAYS = 10

/** As `eps_panel` gives it, for one kind of earnings. */
export function epsOfFourQuarters(
  item: 'eps_basic' | 'eps_diluted',
  vintages: readonly Vintage[],
  splits: readonly Split[],
  day: string,
): Answer[] {
  const own = Map.groupBy(
    vintages.filter((row) => row.item === item),
    ({ unit }) => unit,
  )
  return [...own.values()].flatMap((rows) => answerOf(item, rows.filter(isKnown(day)), splits, day))
}

function answerOf(item: string, known: readonly Vintage[], splits: readonly Split[], day: string): Answer[] {
  const [newest] = known
    .filter((row) => row.period_end <= day)
    .toSorted((a, b) => compareText(b.period_end, a.period_end) || compareText(start(a), start(b)))
  if (newest === undefined) return []
  const { period_kind, period_end, unit, accession } = newest
  const sharesOf = (known_on: string): Rational => sharesOn(day, known_on, splits)
  const result = (
    from: string,
    value: Rational | null,
    reason: string,
    used: readonly Vintage[],
  ): Answer[] => [
    [
      `${item}_ttm`,
      from,
      period_end,
      unit,
      value === null ? '' : sixDecimals(value),
      reason,
      accession,
      used.map(({ known_from }) => known_from).reduce(later, ''),
      used.map(({ first_known_on }) => first_known_on ?? '').reduce(later, ''),
    ],
  ]
  const onBasis = ({ value, filed }: Vintage): Rational | null =>
    value === null ? null : divide(rational(value), sharesOf(filed))
  const now = onBasis(newest)
  if (period_kind === 'year') return result(start(newest), now, newest.reason ?? '', [newest])

  const begin = shifted(yearBefore(period_end), 1)
  const [year] = known
    .filter((row) => row.period_kind === 'year' && row.period_end === shifted(start(newest), -1))
    .toSorted((a, b) => compareText(start(b), start(a)))
  const from = shifted(yearBefore(period_end), -SLACK_DAYS)
  const until = shifted(yearBefore(period_end), SLACK_DAYS)
  const [months] = known
    .filter(
      (row) =>
        row.period_kind === period_kind &&
        row.period_start === year?.period_start &&
        row.period_end >= from &&
        row.period_end <= until,
    )
    .toSorted((a, b) => compareText(b.period_end, a.period_end))
  const used = [newest, year, months].filter((row) => row !== undefined)
  if (now === null) return result(begin, null, newest.reason ?? '', used)
  if (year === undefined || months === undefined) return result(begin, null, 'part_not_filed', used)
  const ofYear = onBasis(year)
  if (ofYear === null) return result(begin, null, year.reason ?? '', used)
  const ofMonths = onBasis(months)
  if (ofMonths === null) return result(begin, null, months.reason ?? '', used)
  const { first_value, first_known_on } = months
  const ofMonthsAtFirst = divide(rational(first_value ?? '0'), sharesOf(first_known_on ?? ''))
  const apart = absolute(subtract(ofMonthsAtFirst, ofMonths))
  const is_apart = [multiply(FIFTH, absolute(ofMonths)), TWO_CENTS].every(
    (least) => compare(apart, least) > 0n,
  )
  return is_apart
    ? result(begin, null, 'share_basis_may_differ', used)
    : result(begin, subtract(add(ofYear, now), ofMonths), '', used)
}

/** Shares of the day for one share of an earlier day, by the splits that were known. */
function sharesOn(day: string, earlier: string, splits: readonly Split[]): Rational {
  let ratio = ONE
  for (const { ex_date, declared_date, split_from, split_to } of splits)
    if (ex_date > earlier && ex_date <= day && (declared_date ?? '') <= day)
      ratio = multiply(ratio, divide(rational(split_to), rational(split_from)))
  return ratio
}

/** Rounded to six decimals, halves away from zero. */
function sixDecimals({ n, d }: Rational): string {
  const size = ((n < 0n ? -n : n) * 2_000_000n + d) / (2n * d)
  return decimalText({ n: n < 0n ? -size : size, d: 1_000_000n })
}

const absolute = (value: Rational): Rational => (value.n < 0n ? { ...value, n: -value.n } : value)
const start = ({ period_start }: Vintage): string => period_start ?? ''
const later = (a: string, b: string): string => (a > b ? a : b)

const shifted = (day: string, days: number): string => daysBefore(day, -days)
