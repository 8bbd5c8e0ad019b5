/**
 * Which filed values are in doubt, filing by filing. Has a copy of its own of the rules that
 * `stocks_research.doubtful_counts` and `stocks_research.is_scale_apart` state in SQL.
 */
import type { Fact, Filing, ItemTag, Statement } from './item-statements.ts'
import { periodOf } from './item-statements.ts'
import { compare, multiply, type Rational, rational } from './rational.ts'

/** What is known of one filer while its filings are read in order. */
export interface Doubts {
  readonly count_tags: ReadonlySet<string>
  /** By accession: filings that state a count of shares. */
  readonly counted: Map<string, Counted>
  /** By tag, unit and period: the value of the newest filing. */
  readonly newest: Map<string, string>
  /** Facts that restate the filing before by about a thousand or a million. */
  readonly rescaled: Set<string>
}
interface Counted {
  /** Day of the filing, as milliseconds: compared with that of each other filing. */
  readonly filed_ms: number
  readonly largest: Rational
  /** Counts below this are in thousands or millions. */
  readonly thousands_below: Rational | undefined
  /** By value: why it is in doubt now. */
  readonly reasons: Map<string, string | null>
  readonly periods: ReadonlySet<string>
}
type OfFiling = Pick<Statement, 'fact'> & { readonly filing: Pick<Filing, 'accession'> }

const DAY_MS = 86_400_000
const NEAR_DAYS = 400
const HUNDRED: Rational = { n: 100n, d: 1n }

export const noDoubts = (tags: readonly ItemTag[]): Doubts => ({
  count_tags: new Set(tags.filter(({ value_kind }) => value_kind === 'shares').map(({ tag }) => tag)),
  counted: new Map(),
  newest: new Map(),
  rescaled: new Set(),
})

/** Reads the filings of a day; returns the periods of counts about which a doubt begins or ends. */
export function readDoubts(filings: readonly Filing[], doubts: Doubts): Set<string> {
  const added: Counted[] = []
  for (const filing of filings.toSorted((a, b) => (a.accession < b.accession ? -1 : 1))) {
    readScales(filing, doubts)
    const counted = countedOf(filing, doubts)
    if (counted === undefined) continue
    doubts.counted.set(filing.accession, counted)
    added.push(counted)
  }
  const touched = new Set<string>()
  for (const [accession, counted] of doubts.counted) {
    if (!added.some((other) => isNear(counted, other))) continue
    for (const [value, before] of counted.reasons) {
      const reason = reasonOf(value, accession, doubts)
      if (reason === before) continue
      counted.reasons.set(value, reason)
      for (const period of counted.periods) touched.add(period)
    }
  }
  return touched
}

/** Why the value that a filing states is in doubt now; null when it is not. */
export function doubtOf(statement: Statement, doubts: Doubts): string | null {
  if (isRescaled(statement, doubts)) return 'out_of_scale'
  if (statement.entry.value_kind !== 'shares') return null
  const { filing, fact } = statement
  return doubts.counted.get(filing.accession)?.reasons.get(fact.value) ?? null
}

export const isRescaled = ({ fact, filing }: OfFiling, { rescaled }: Doubts): boolean =>
  rescaled.has(`${filing.accession} ${seriesOf(fact)}`)

const seriesOf = (fact: Fact): string => `${fact.taxonomy} ${fact.tag} ${fact.unit} ${periodOf(fact)}`

function readScales(filing: Filing, { newest, rescaled }: Doubts): void {
  for (const fact of filing.facts) {
    if (fact.period_end > filing.filed) continue
    const series = seriesOf(fact)
    const before = newest.get(series)
    if (before !== undefined && before !== fact.value && isScaleApart(Number(fact.value), Number(before)))
      rescaled.add(`${filing.accession} ${series}`)
    newest.set(series, fact.value)
  }
}

function isScaleApart(value: number, other: number): boolean {
  if (value * other <= 0) return false
  const digits = Math.abs(Math.log10(value / other))
  return Math.abs(digits - 3) < 0.02 || Math.abs(digits - 6) < 0.02
}

function countedOf(filing: Filing, { count_tags }: Doubts): Counted | undefined {
  const counts = filing.facts.filter(({ tag, unit }) => unit === 'shares' && count_tags.has(tag))
  let largest: Rational | undefined
  for (const { value } of counts) {
    const count = rational(value)
    if (largest === undefined || compare(count, largest) > 0n) largest = count
  }
  if (largest === undefined) return undefined
  const average = tooSmallAverage(filing)
  return {
    filed_ms: Date.parse(filing.filed),
    largest,
    thousands_below: average === undefined ? undefined : multiply(average, HUNDRED),
    reasons: new Map(counts.map(({ value }) => [value, null])),
    periods: new Set(counts.map(periodOf)),
  }
}

/** The largest average of shares that is a thousandth or a millionth of income by earnings per share. */
function tooSmallAverage({ facts }: Filing): Rational | undefined {
  let largest: Rational | undefined
  const flows = facts.filter(({ taxonomy, period_start }) => taxonomy === 'us-gaap' && period_start !== null)
  for (const own of Map.groupBy(flows, periodOf).values()) {
    const valuesOf = (name: string): string[] =>
      own.filter(({ tag }) => tag === name).map(({ value }) => value)
    for (const shares of valuesOf('WeightedAverageNumberOfDilutedSharesOutstanding'))
      for (const earnings of valuesOf('EarningsPerShareDiluted'))
        for (const income of valuesOf('NetIncomeLoss')) {
          if (!isThousandTimes(Number(income), Number(earnings), Number(shares))) continue
          const average = rational(shares)
          if (largest === undefined || compare(average, largest) > 0n) largest = average
        }
  }
  return largest
}

function isThousandTimes(income: number, earnings: number, shares: number): boolean {
  if (Math.abs(earnings) < 0.02 || shares <= 0 || income * earnings <= 0) return false
  const digits = Math.log10(income / earnings / shares)
  return Math.abs(digits - 3) < 0.2 || Math.abs(digits - 6) < 0.2
}

const isNear = (one: Counted, other: Counted): boolean =>
  Math.abs(one.filed_ms - other.filed_ms) <= NEAR_DAYS * DAY_MS

/** Compares a count with the largest one of each filing within 400 days that is known now. */
function reasonOf(text: string, accession: string, { counted }: Doubts): string | null {
  const own = counted.get(accession)
  if (own === undefined) return null
  const value = rational(text)
  if (own.thousands_below !== undefined && compare(value, own.thousands_below) < 0n)
    return 'shares_in_thousands'
  const value_hundredfold = multiply(value, HUNDRED)
  if (compare(own.largest, value_hundredfold) > 0n) return 'shares_placeholder'
  let above = 0
  let below = 0
  let alike = 0
  for (const other of counted.values()) {
    if (!isNear(own, other)) continue
    if (compare(other.largest, value_hundredfold) > 0n) above += 1
    else if (compare(multiply(other.largest, HUNDRED), value) < 0n) below += 1
    else alike += 1
  }
  if (above >= 2 || (above === 1 && alike < 3)) return 'shares_out_of_scale'
  return below >= 3 && alike === 1 ? 'shares_out_of_scale' : null
}
