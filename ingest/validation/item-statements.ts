/** What filings state of standard items, one filing at a time; `standard-items.ts` chooses among filings. */
import { add, compare, equals, multiply, type Rational, rational } from './rational.ts'

export interface ItemTag {
  readonly item: string
  readonly taxonomy: string
  readonly tag: string
  readonly sign: number
  readonly tier: number
  readonly priority: number
  readonly value_kind: 'amount' | 'per_share' | 'shares'
  readonly is_instant: boolean
  readonly part_beside: readonly string[] | null
}
/** One filing and those of its facts whose tags matter; see `tagsThatMatter`. */
export interface Filing {
  readonly accession: string
  readonly form: string
  readonly filed: string
  readonly facts: readonly Fact[]
}
export interface Fact {
  readonly taxonomy: string
  readonly tag: string
  readonly unit: string
  readonly period_start: string | null
  readonly period_end: string
  /** A plain decimal without zeros at its end. */
  readonly value: string
}
const PRETAX = 'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest'
/** Lines of a filing that add up to its revenue. */
const SUMS: readonly (readonly [string, string])[] = [
  ['GrossProfit', 'CostOfRevenue'],
  ['GrossProfit', 'CostOfGoodsAndServicesSold'],
  ['GrossProfit', 'CostOfGoodsSold'],
  ['GrossProfit', 'CostOfSales'],
  ['OperatingIncomeLoss', 'CostsAndExpenses'],
  [PRETAX, 'CostsAndExpenses'],
  [PRETAX, 'BenefitsLossesAndExpenses'],
]
/** Taxonomies of the lines that add up to a revenue. */
const STATEMENTS = new Set(['us-gaap', 'ifrs-full'])
const WITH_TAXES = 'RevenueFromContractWithCustomerIncludingAssessedTax'
const NINE_TENTHS: Rational = { n: 9n, d: 10n }
export const UNITS = { amount: /^[A-Z]{3}$/, per_share: /^[A-Z]{3}\/shares$/, shares: /^shares$/ } as const
/** Lengths in days, both ends included. */
const KINDS = [
  ['quarter', 80, 100],
  ['quarter', 110, 119],
  ['half', 166, 203],
  ['nine_months', 250, 290],
  ['year', 350, 378],
] as const
const DAY_MS = 86_400_000

/** The tags of the items, and those of the lines that distinguish a total from a part. */
export const tagsThatMatter = (tags: readonly ItemTag[]): string[] => [
  ...new Set([...tags.flatMap(({ tag, part_beside }) => [tag, ...(part_beside ?? [])]), ...SUMS.flat()]),
]

/** What one filing states of an item for a period, by the best of its tags. */
export interface Statement {
  readonly entry: ItemTag
  readonly fact: Fact
  readonly filing: Filing
  readonly period: string
  readonly kind: string
  readonly is_total: boolean
  readonly may_be_part: boolean
}
export interface Read {
  /** By item, unit and period: of all filings the one that decides. */
  readonly choices: Map<string, Statement>
  /** By accession, item, unit and last day: what each filing states. */
  readonly byFiling: Map<string, Statement[]>
  /** By period: the keys of `choices` that are of it. */
  readonly ofPeriod: Map<string, Set<string>>
  /** By accession and period: facts per share and counts of shares, as `tag unit value`. */
  readonly shares: Map<string, Set<string>>
}

export type Entries = ReadonlyMap<string, readonly ItemTag[]>

/** Adds what one filing states, period by period; returns the periods. */
export function readFiling(filing: Filing, entries: Entries, read: Read): string[] {
  const periods: string[] = []
  const groups = new Map<string, Fact[]>()
  for (const fact of filing.facts) {
    if (fact.period_end > filing.filed) continue
    const key = `${fact.unit} ${periodOf(fact)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [fact])
    else group.push(fact)
  }
  for (const facts of groups.values()) {
    const [first] = facts
    const kind = first === undefined ? undefined : kindOf(first)
    if (first === undefined || kind === undefined) continue
    const stated = statedIn(facts, entries, first.period_start === null)
    const period = periodOf(first)
    if (stated.length > 0) periods.push(period)
    for (const { entry, fact } of stated) {
      if (!hasShareBasis(entry) || isZero(fact.value)) continue
      const key = `${filing.accession} ${period}`
      const shares = read.shares.get(key) ?? new Set()
      read.shares.set(key, shares.add(`${fact.taxonomy} ${fact.tag} ${fact.unit} ${fact.value}`))
    }
    for (const best of bestOf(stated, facts)) {
      const statement: Statement = { ...best, filing, period, kind }
      const { item } = best.entry
      const key = `${item} ${first.unit} ${period}`
      const choice = read.choices.get(key)
      if (choice === undefined || isPreferred(statement, choice)) read.choices.set(key, statement)
      if (choice === undefined) addTo(read.ofPeriod, period, key)
      const of = `${filing.accession} ${item} ${first.unit} ${first.period_end}`
      const others = read.byFiling.get(of)
      if (others === undefined) read.byFiling.set(of, [statement])
      else others.push(statement)
    }
  }
  return periods
}

/** Adds a value to the set of a key. */
export function addTo<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

interface Stated {
  readonly entry: ItemTag
  readonly fact: Fact
}

function statedIn(facts: readonly Fact[], entries: Entries, is_instant: boolean): Stated[] {
  const stated: Stated[] = []
  for (const fact of facts)
    for (const entry of entries.get(`${fact.taxonomy} ${fact.tag}`) ?? [])
      if (entry.is_instant === is_instant && UNITS[entry.value_kind].test(fact.unit))
        stated.push({ entry, fact: entry.sign < 0 ? { ...fact, value: negative(fact.value) } : fact })
  return stated
}

/** Of each item the best tag of one filing, unit and period. */
function bestOf(
  stated: readonly Stated[],
  facts: readonly Fact[],
): Pick<Statement, 'entry' | 'fact' | 'is_total' | 'may_be_part'>[] {
  const revenue = stated.filter(({ entry }) => entry.item === 'revenue')
  // A filing may state lines of one name in two taxonomies.
  const lines = new Map<string, string[]>()
  if (revenue.length > 0 || stated.some(({ entry }) => entry.part_beside !== null))
    for (const { taxonomy, tag, value } of facts)
      if (STATEMENTS.has(taxonomy) && !isZero(value)) lines.set(tag, [...(lines.get(tag) ?? []), value])
  const totals = revenue.length === 0 ? [] : totalsOf(lines)
  const most = largest(revenue.filter(({ fact }) => fact.tag !== WITH_TAXES).map(({ fact }) => fact.value))
  const best = new Map<string, Pick<Statement, 'entry' | 'fact' | 'is_total' | 'may_be_part'>>()
  for (const { entry, fact } of stated) {
    const is_revenue = entry.item === 'revenue'
    const value = is_revenue ? rational(fact.value) : undefined
    const is_total = value !== undefined && totals.some((total) => equals(total, value))
    const is_small =
      value !== undefined && most !== undefined && compare(value, multiply(most, NINE_TENTHS)) < 0n
    const has_parts = (entry.part_beside ?? []).some((tag) => lines.has(tag))
    const one = { entry, fact, is_total, may_be_part: !is_total && (has_parts || is_small) }
    const other = best.get(entry.item)
    if (other === undefined || isBetterTag(one, other)) best.set(entry.item, one)
  }
  return [...best.values()]
}

function totalsOf(lines: ReadonlyMap<string, readonly string[]>): Rational[] {
  const totals: Rational[] = []
  for (const [one, other] of SUMS)
    for (const first of lines.get(one) ?? [])
      for (const second of lines.get(other) ?? []) totals.push(add(rational(first), rational(second)))
  return totals
}

function largest(values: readonly string[]): Rational | undefined {
  let most: Rational | undefined
  for (const text of values) {
    const value = rational(text)
    if (most === undefined || compare(value, most) > 0n) most = value
  }
  return most
}

type Weighed = Pick<Statement, 'entry' | 'is_total'>
/** Inside a filing the tier decides, then that the lines add up to it, then the priority. */
function isBetterTag(one: Weighed, other: Weighed): boolean {
  if (one.entry.tier !== other.entry.tier) return one.entry.tier < other.entry.tier
  if (one.is_total !== other.is_total) return one.is_total
  return priorityOf(one.entry) < priorityOf(other.entry)
}
export const priorityOf = ({ priority, taxonomy }: ItemTag): number =>
  priority + (taxonomy === 'ifrs-full' ? 100 : 0)

/** Among filings the tier decides, then that it is no part, then the newest. */
function isPreferred(one: Statement, other: Statement): boolean {
  if (one.entry.tier !== other.entry.tier) return one.entry.tier < other.entry.tier
  if (one.may_be_part !== other.may_be_part) return !one.may_be_part
  return isNewer(one.filing, other.filing)
}

export function isNewer(one: Filing, other: Filing): boolean {
  if (one.filed !== other.filed) return one.filed > other.filed
  const is_amendment = one.form.endsWith('/A')
  if (is_amendment !== other.form.endsWith('/A')) return is_amendment
  return one.accession > other.accession
}

type Period = Pick<Fact, 'period_start' | 'period_end'>
export const periodOf = ({ period_start, period_end }: Period): string =>
  `${period_start ?? ''} ${period_end}`
export const hasShareBasis = ({ value_kind, is_instant }: ItemTag): boolean =>
  value_kind !== 'amount' && !is_instant
const isZero = (value: string): boolean => !/[1-9]/.test(value)
export const negative = (value: string): string => {
  if (isZero(value)) return value
  return value.startsWith('-') ? value.slice(1) : `-${value}`
}

const kinds = new Map<string, string | undefined>()
/** The kind of a period; undefined for a length that no report has. */
function kindOf(period: Period): string | undefined {
  const { period_start, period_end } = period
  if (period_start === null) return 'instant'
  const key = periodOf(period)
  if (!kinds.has(key)) {
    const days = (Date.parse(period_end) - Date.parse(period_start)) / DAY_MS + 1
    kinds.set(key, KINDS.find(([, least, most]) => days >= least && days <= most)?.[0])
  }
  return kinds.get(key)
}
