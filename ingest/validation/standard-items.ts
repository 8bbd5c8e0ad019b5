import { PERIODIC_FORMS } from './forms.ts'
import { type Doubts, doubtOf, isRescaled, noDoubts, readDoubts } from './item-doubts.ts'
import {
  addTo,
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
 * Standard items by vintage, computed day by day and filing by filing as docs/methods.md describes them.
 * Shares nothing with the SQL of `stocks_research.derive_standard_items`, which joins sets: both agree only
 * when both are right.
 */

/** A vintage of a quarter that is a difference of two periods. */
export interface Quarter extends Omit<Fact, 'value'> {
  readonly period_start: string
  readonly known_from: string
  /** Day of the next vintage; null for the newest one. */
  readonly known_to: string | null
  readonly derived_value: string | null
  readonly method: string
  readonly reason: string | null
  readonly accession: string
  readonly subtracted_accession: string | null
}
/** What was known of an item for a period on a day; every field is text or null. */
export interface ItemRow {
  readonly item: string
  readonly period_kind: string
  readonly period_start: string | null
  readonly period_end: string
  readonly unit: string
  readonly value: string | null
  readonly reason: string | null
  readonly taxonomy: string
  readonly tag: string
  readonly method: string
  readonly accession: string
  readonly filed: string
}
/** A row of the table `fundamentals_standard`, but its cik. */
export interface Vintage extends ItemRow {
  readonly known_from: string
  readonly known_to: string | null
  readonly first_known_on: string | null
  readonly first_value: string | null
}
/** A period for which a filer states results or a balance, and the items that no filing states for it. */
export interface NotFiled {
  readonly period_kind: string
  readonly period_start: string | null
  readonly period_end: string
  readonly items: readonly string[]
}

/** What is known of one filer while its filings are read in order. */
interface State {
  readonly entries: Entries
  readonly read: Read
  readonly doubts: Doubts
  /** By period: the differences that are valid now. */
  readonly differences: Map<string, Set<Derived>>
  /** By period, then by item and unit: the vintage that is valid now. */
  readonly open: Map<string, Map<string, Vintage>>
  readonly firsts: Map<string, { readonly day: string; readonly value: string }>
  readonly ended: Vintage[]
}

/** Every vintage of the standard items of one filer. */
export function vintagesOf(
  tags: readonly ItemTag[],
  filings: readonly Filing[],
  quarters: readonly Quarter[],
): Vintage[] {
  const state: State = {
    entries: Map.groupBy(tags, ({ taxonomy, tag }) => `${taxonomy} ${tag}`),
    read: { choices: new Map(), byFiling: new Map(), ofPeriod: new Map(), shares: new Map() },
    doubts: noDoubts(tags),
    differences: new Map(),
    open: new Map(),
    firsts: new Map(),
    ended: [],
  }
  const filingsOn = Map.groupBy(
    filings.filter(({ form }) => PERIODIC_FORMS.includes(form)),
    ({ filed }) => filed,
  )
  const begunOn = Map.groupBy(quarters, ({ known_from }) => known_from)
  const endedOn = Map.groupBy(quarters, ({ known_to }) => known_to ?? '')
  const days = new Set([...filingsOn.keys(), ...begunOn.keys(), ...endedOn.keys()])
  days.delete('')
  const active = new Map<Quarter, readonly Derived[]>()
  for (const day of [...days].toSorted()) {
    const touched = new Set<string>()
    for (const filing of filingsOn.get(day) ?? [])
      for (const period of readFiling(filing, state.entries, state.read)) touched.add(period)
    for (const period of readDoubts(filingsOn.get(day) ?? [], state.doubts)) touched.add(period)
    for (const quarter of endedOn.get(day) ?? []) {
      for (const derived of active.get(quarter) ?? [])
        state.differences.get(periodOf(quarter))?.delete(derived)
      active.delete(quarter)
      touched.add(periodOf(quarter))
    }
    for (const quarter of begunOn.get(day) ?? []) {
      const derived = differencesOf(quarter, state)
      active.set(quarter, derived)
      for (const one of derived) addTo(state.differences, periodOf(quarter), one)
      touched.add(periodOf(quarter))
    }
    for (const period of touched) turnPage(period, day, state)
  }
  return [...state.ended, ...[...state.open.values()].flatMap((lines) => [...lines.values()])]
}

/** Compares the items of a period with what was known before the day; what changed is a new vintage. */
function turnPage(period: string, day: string, state: State): void {
  const open = state.open.get(period) ?? new Map<string, Vintage>()
  state.open.set(period, open)
  const rows = rowsOfPeriod(period, state)
  for (const [line, before] of open) {
    const row = rows.get(line)
    if (row !== undefined && isSame(before, row)) continue
    state.ended.push({ ...before, known_to: day })
    open.delete(line)
  }
  for (const [line, row] of rows) {
    if (open.has(line)) continue
    if (row.value !== null && !state.firsts.has(line)) state.firsts.set(line, { day, value: row.value })
    const first = state.firsts.get(line)
    open.set(line, {
      ...row,
      known_from: day,
      known_to: null,
      first_known_on: first?.day ?? null,
      first_value: first?.value ?? null,
    })
  }
}

const isSame = (one: ItemRow, other: ItemRow): boolean =>
  one.accession === other.accession &&
  one.value === other.value &&
  one.reason === other.reason &&
  one.tag === other.tag &&
  one.taxonomy === other.taxonomy &&
  one.method === other.method

/** By line (item, unit, period): what is known of the period now. */
function rowsOfPeriod(period: string, { read, doubts, differences }: State): Map<string, ItemRow> {
  const rows = new Map<string, ItemRow>()
  const choices = new Map<string, Statement>()
  let basis: Filing | undefined
  for (const line of read.ofPeriod.get(period) ?? []) {
    const choice = read.choices.get(line)
    if (choice === undefined) continue
    choices.set(line, choice)
    // The newest filing among the choices that states a value per share or a count of shares.
    if (hasShareBasis(choice.entry) && (basis === undefined || isNewer(choice.filing, basis)))
      basis = choice.filing
  }
  for (const [line, choice] of choices) {
    const reason = isOnBasis(choice, basis, read) ? doubtOf(choice, doubts) : 'share_basis_may_differ'
    rows.set(line, rowOfStatement(choice, reason))
  }
  const best = new Map<string, Derived>()
  for (const one of differences.get(period) ?? []) {
    const other = best.get(one.key)
    if (other === undefined || isBetterQuarter(one, other)) best.set(one.key, one)
  }
  for (const [line, derived] of best) {
    const choice = choices.get(line)
    if (choice === undefined || isBetter(derived, choice)) rows.set(line, rowOfQuarter(derived))
  }
  return rows
}

/** True when both filings state some value per share or count of shares alike: no split lies between them. */
function isOnBasis({ entry, filing, period }: Statement, basis: Filing | undefined, read: Read): boolean {
  if (!hasShareBasis(entry) || basis === undefined || basis.accession === filing.accession) return true
  const ours = read.shares.get(`${filing.accession} ${period}`)
  const theirs = read.shares.get(`${basis.accession} ${period}`)
  return ours !== undefined && theirs !== undefined && !ours.isDisjointFrom(theirs)
}

interface Derived {
  /** The line: item, unit, period. */
  readonly key: string
  readonly entry: ItemTag
  readonly quarter: Quarter
  readonly filed: string
  readonly may_be_part: boolean
  readonly is_rescaled: boolean
}

/** What a quarter means: of each item whose tag both of its filings would give. */
function differencesOf(quarter: Quarter, { entries, read, doubts }: State): Derived[] {
  const found: Derived[] = []
  for (const entry of entries.get(`${quarter.taxonomy} ${quarter.tag}`) ?? []) {
    if (entry.is_instant || !UNITS[entry.value_kind].test(quarter.unit)) continue
    const gives = (accession: string | null, period_end: string): Statement[] =>
      (read.byFiling.get(`${accession} ${entry.item} ${quarter.unit} ${period_end}`) ?? []).filter(
        ({ fact }) => fact.tag === quarter.tag && fact.taxonomy === quarter.taxonomy,
      )
    const shorter = gives(quarter.subtracted_accession, dayBefore(quarter.period_start))
    const key = `${entry.item} ${quarter.unit} ${periodOf(quarter)}`
    for (const long of gives(quarter.accession, quarter.period_end))
      for (const short of shorter) {
        const start = long.fact.period_start
        if (start === null || start >= quarter.period_start || start !== short.fact.period_start) continue
        const may_be_part = long.may_be_part || short.may_be_part
        const is_rescaled = isRescaled(long, doubts) || isRescaled(short, doubts)
        found.push({ key, entry, quarter, filed: long.filing.filed, may_be_part, is_rescaled })
      }
  }
  return found
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

function rowOfQuarter({ entry, quarter, filed, may_be_part, is_rescaled }: Derived): ItemRow {
  const { period_start, period_end, unit, taxonomy, tag, method, accession } = quarter
  const value = quarter.derived_value
  const signed = value !== null && entry.sign < 0 ? negative(value) : value
  const scale = is_rescaled ? 'out_of_scale' : null
  const doubt = may_be_part ? 'may_be_a_part' : scale
  const reason = value === null ? quarter.reason : doubt
  return {
    item: entry.item,
    period_kind: 'quarter',
    period_start,
    period_end,
    unit,
    value: reason === null ? signed : null,
    reason,
    taxonomy,
    tag,
    method,
    accession,
    filed,
  }
}

function rowOfStatement(statement: Statement, basis_or_doubt: string | null): ItemRow {
  const { entry, fact, filing, kind, may_be_part } = statement
  const { period_start, period_end, unit, taxonomy, tag } = fact
  const reason = may_be_part ? 'may_be_a_part' : basis_or_doubt
  return {
    item: entry.item,
    period_kind: kind,
    period_start,
    period_end,
    unit,
    value: reason === null ? fact.value : null,
    reason,
    taxonomy,
    tag,
    method: 'reported',
    accession: filing.accession,
    filed: filing.filed,
  }
}

/**
 * Each period with results, or day with a balance, and the items that it lacks, in order of name; `rows` are
 * those of one day.
 */
export function notFiled(rows: readonly ItemRow[], tags: readonly ItemTag[]): NotFiled[] {
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
