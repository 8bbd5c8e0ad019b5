import {
  type Entries,
  type Fact,
  type Filing,
  hasShareBasis,
  type ItemTag,
  isNewer,
  negative,
  periodOf,
  priorityOf,
  type Read,
  readFiling,
  type Statement,
  UNITS,
} from './item-statements.ts'

/**
 * Standard items, computed filing by filing as docs/methods.md describes them. Shares nothing with the SQL of
 * `stocks_research.fundamentals_standard_as_of`, which joins sets: both agree only when both are right.
 */

/** The newest vintage of a quarter on the day. */
export interface Quarter extends Omit<Fact, 'value'> {
  readonly period_start: string
  readonly known_from: string
  readonly derived_value: string | null
  readonly method: string
  readonly reason: string | null
  readonly accession: string
  readonly subtracted_accession: string | null
}
/** A row of the view; every field is text or null. */
export interface ItemRow {
  readonly item: string
  readonly period_kind: string
  readonly period_start: string | null
  readonly period_end: string
  readonly unit: string
  readonly value: string | null
  readonly taxonomy: string
  readonly tag: string
  readonly method: string
  readonly accession: string
  readonly known_from: string
  readonly reason: string | null
}
/** A period for which a filer states results or a balance, and the items that no filing states for it. */
export interface NotFiled {
  readonly period_kind: string
  readonly period_start: string | null
  readonly period_end: string
  readonly items: readonly string[]
}

/** The standard items of one filer on `day`; `quarters` as they were known on it. */
export function itemsOn(
  day: string,
  tags: readonly ItemTag[],
  filings: readonly Filing[],
  quarters: readonly Quarter[],
): { readonly rows: ItemRow[]; readonly not_filed: NotFiled[] } {
  const entries = Map.groupBy(tags, ({ taxonomy, tag }) => `${taxonomy} ${tag}`)
  const read: Read = { choices: new Map(), byFiling: new Map(), shares: new Map() }
  for (const filing of filings)
    if (filing.filed <= day && /^10-[KQ](\/A)?$/.test(filing.form)) readFiling(filing, entries, read)
  const bases = basesOf(read.choices)
  const rows: ItemRow[] = []
  const replaced = new Set<Statement>()
  for (const better of derivedOf(quarters, entries, read).values()) {
    const choice = read.choices.get(better.key)
    if (choice !== undefined && !isBetter(better, choice)) continue
    if (choice !== undefined) replaced.add(choice)
    rows.push(rowOfQuarter(better))
  }
  for (const choice of read.choices.values())
    if (!replaced.has(choice)) rows.push(rowOfStatement(choice, isOnBasis(choice, bases, read)))
  return { rows, not_filed: notFiled(rows, tags) }
}

/** By period: the newest filing among the choices that states a value per share or a count of shares. */
function basesOf(choices: ReadonlyMap<string, Statement>): Map<string, Filing> {
  const bases = new Map<string, Filing>()
  for (const { entry, filing, period } of choices.values()) {
    const basis = bases.get(period)
    if (hasShareBasis(entry) && (basis === undefined || isNewer(filing, basis))) bases.set(period, filing)
  }
  return bases
}

/** True when both filings state some value per share or count of shares alike: no split lies between them. */
function isOnBasis({ entry, filing, period }: Statement, bases: Map<string, Filing>, read: Read): boolean {
  const basis = bases.get(period)
  if (!hasShareBasis(entry) || basis === undefined || basis.accession === filing.accession) return true
  const ours = read.shares.get(`${filing.accession} ${period}`)
  const theirs = read.shares.get(`${basis.accession} ${period}`)
  return ours !== undefined && theirs !== undefined && !ours.isDisjointFrom(theirs)
}

interface Derived {
  readonly key: string
  readonly entry: ItemTag
  readonly quarter: Quarter
  readonly may_be_part: boolean
}

/** By item, unit and period: the best derived quarter whose tag both of its filings would give. */
function derivedOf(quarters: readonly Quarter[], entries: Entries, read: Read): Map<string, Derived> {
  const best = new Map<string, Derived>()
  for (const quarter of quarters) {
    if (quarter.method === 'reported') continue
    for (const entry of entries.get(`${quarter.taxonomy} ${quarter.tag}`) ?? []) {
      if (entry.is_instant || !UNITS[entry.value_kind].test(quarter.unit)) continue
      const gives = (accession: string | null, period_end: string): Statement[] =>
        (read.byFiling.get(`${accession} ${entry.item} ${quarter.unit} ${period_end}`) ?? []).filter(
          ({ fact }) => fact.tag === quarter.tag,
        )
      const shorter = gives(quarter.subtracted_accession, dayBefore(quarter.period_start))
      const key = `${entry.item} ${quarter.unit} ${periodOf(quarter)}`
      for (const long of gives(quarter.accession, quarter.period_end))
        for (const short of shorter) {
          const start = long.fact.period_start
          if (start === null || start >= quarter.period_start || start !== short.fact.period_start) continue
          const one = { key, entry, quarter, may_be_part: long.may_be_part || short.may_be_part }
          const other = best.get(key)
          if (other === undefined || isBetterQuarter(one, other)) best.set(key, one)
        }
    }
  }
  return best
}

function isBetterQuarter(one: Derived, other: Derived): boolean {
  const has_value = one.quarter.derived_value !== null
  if (has_value !== (other.quarter.derived_value !== null)) return has_value
  if (one.entry.tier !== other.entry.tier) return one.entry.tier < other.entry.tier
  if (one.may_be_part !== other.may_be_part) return !one.may_be_part
  if (one.quarter.known_from !== other.quarter.known_from)
    return one.quarter.known_from > other.quarter.known_from
  return priorityOf(one.entry) < priorityOf(other.entry)
}

/** True when a derived quarter takes the place of what a filing states. */
const isBetter = ({ quarter, entry, may_be_part }: Derived, choice: Statement): boolean =>
  quarter.derived_value !== null && !may_be_part && (entry.tier < choice.entry.tier || choice.may_be_part)

function rowOfQuarter({ entry, quarter, may_be_part }: Derived): ItemRow {
  const { period_start, period_end, unit, taxonomy, tag, method, accession, known_from } = quarter
  const value = quarter.derived_value
  const signed = value !== null && entry.sign < 0 ? negative(value) : value
  const part = may_be_part ? 'may_be_a_part' : null
  return {
    item: entry.item,
    period_kind: 'quarter',
    period_start,
    period_end,
    unit,
    value: may_be_part ? null : signed,
    taxonomy,
    tag,
    method,
    accession,
    known_from,
    reason: value === null ? quarter.reason : part,
  }
}

function rowOfStatement({ entry, fact, filing, kind, may_be_part }: Statement, on_basis: boolean): ItemRow {
  const { period_start, period_end, unit, taxonomy, tag } = fact
  const basis = on_basis ? null : 'share_basis_may_differ'
  const reason = may_be_part ? 'may_be_a_part' : basis
  return {
    item: entry.item,
    period_kind: kind,
    period_start,
    period_end,
    unit,
    value: reason === null ? fact.value : null,
    taxonomy,
    tag,
    method: 'reported',
    accession: filing.accession,
    known_from: filing.filed,
    reason,
  }
}

/** Each period with results, or day with a balance, and the items that it lacks, in order of name. */
function notFiled(rows: readonly ItemRow[], tags: readonly ItemTag[]): NotFiled[] {
  const stated = new Map<string, Set<string>>()
  const periods = new Map<string, ItemRow>()
  for (const row of rows) {
    const period = periodOf(row)
    stated.set(period, (stated.get(period) ?? new Set()).add(row.item))
    const counts = row.item === 'net_income' || row.item === 'assets'
    const is_whole = ['quarter', 'year', 'instant'].includes(row.period_kind)
    if (counts && is_whole && row.value !== null) periods.set(`${row.period_kind} ${period}`, row)
  }
  const kinds = new Map(tags.map(({ item, is_instant }) => [`${item} ${is_instant}`, { item, is_instant }]))
  const items = [...kinds.values()]
    .filter(({ item }) => item !== 'shares_outstanding')
    .toSorted((a, b) => (a.item < b.item ? -1 : 1))
  return [...periods.values()].map(({ period_kind, period_start, period_end }) => {
    const own = stated.get(periodOf({ period_start, period_end }))
    const lacking = items.filter(
      ({ item, is_instant }) => is_instant === (period_kind === 'instant') && own?.has(item) !== true,
    )
    return { period_kind, period_start, period_end, items: lacking.map(({ item }) => item) }
  })
}

const DAY_MS = 86_400_000
const dayBefore = (day: string): string => new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10)
