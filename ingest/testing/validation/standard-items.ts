/**
 * Standard items told again, filing by filing, as docs/methods.md says them. Shares nothing with the SQL that
 * it judges.
 */

export interface ItemTag {
  readonly item: string
  readonly tag: string
  readonly tier: number
  readonly priority: number
  readonly value_kind: 'amount' | 'per_share' | 'shares'
  readonly is_instant: boolean
  readonly part_beside: readonly string[] | null
}
export interface ItemFact {
  readonly tag: string
  readonly unit: string
  readonly period_start: string | null
  readonly period_end: string
  readonly value: number
  readonly accession: string
  readonly form: string
  readonly filed: string
}
/** A quarter of `fundamentals_quarters_as_of` that was derived. */
export interface DerivedQuarter {
  readonly tag: string
  readonly unit: string
  readonly period_start: string
  readonly period_end: string
  readonly known_from: string
  readonly value: number | null
  readonly method: string
  readonly reason: string | null
  readonly accession: string
  readonly subtracted_accession: string | null
}
export interface ItemRow {
  readonly item: string
  readonly period_start: string | null
  readonly period_end: string
  readonly value: number | null
  readonly tag: string | null
  readonly method: string
  readonly reason: string | null
}

const UNITS = { amount: 'USD', per_share: 'USD/shares', shares: 'shares' } as const
const PRETAX = 'IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest'
const SUMS = [
  ['GrossProfit', 'CostOfRevenue'],
  ['GrossProfit', 'CostOfGoodsAndServicesSold'],
  ['GrossProfit', 'CostOfGoodsSold'],
  ['OperatingIncomeLoss', 'CostsAndExpenses'],
  [PRETAX, 'CostsAndExpenses'],
  [PRETAX, 'BenefitsLossesAndExpenses'],
] as const

interface Statement extends ItemTag, ItemFact {
  readonly is_total: boolean
  readonly may_be_part: boolean
}
type Order<T> = (a: T, b: T) => number
/** Smaller first, by one key after the other. */
const by =
  <T>(...keys: ((each: T) => number | string | boolean)[]): Order<T> =>
  (a, b) => {
    for (const key of keys) {
      const [x, y] = [key(a), key(b)]
      if (x !== y) return x < y ? -1 : 1
    }
    return 0
  }
const reversed =
  <T>(order: Order<T>): Order<T> =>
  (a, b) =>
    order(b, a)
const then =
  <T>(one: Order<T>, other: Order<T>): Order<T> =>
  (a, b) =>
    one(a, b) || other(a, b)
const newest = reversed(
  by<ItemFact>(
    (each) => each.filed,
    (each) => each.form.endsWith('/A'),
    (each) => each.accession,
  ),
)
const periodOf = ({
  period_start,
  period_end,
}: {
  period_start: string | null
  period_end: string
}): string => `${period_start} ${period_end}`

/** The items of one filer on `day`; `quarters` as they were known on it. */
export function itemsOn(
  day: string,
  tags: readonly ItemTag[],
  all: readonly ItemFact[],
  quarters: readonly DerivedQuarter[],
): ItemRow[] {
  const facts = all.filter(
    ({ filed, period_end, form }) => filed <= day && filed >= period_end && /^10-[KQ](\/A)?$/.test(form),
  )
  const filings = [...Map.groupBy(facts, (fact) => `${fact.accession} ${periodOf(fact)}`).values()]
  const best = filings.flatMap((filing) => bestOf(filing, tags))
  const choices = [...Map.groupBy(best, (each) => `${each.item} ${periodOf(each)}`).values()].map(
    (some) =>
      some.toSorted(
        then(
          by<Statement>(
            (each) => each.tier,
            (each) => each.may_be_part,
          ),
          newest,
        ),
      )[0] as Statement,
  )
  const derived = derivedOf(quarters, tags, best)
  const replaced = new Set<Statement>()
  const rows: ItemRow[] = []
  for (const { quarter, tag, may_be_part } of derived) {
    const choice = choices.find((each) => each.item === tag.item && periodOf(each) === periodOf(quarter))
    const isBetter =
      choice === undefined ||
      (quarter.value !== null && !may_be_part && (tag.tier < choice.tier || choice.may_be_part))
    if (!isBetter) continue
    if (choice !== undefined) replaced.add(choice)
    const { period_start, period_end, method } = quarter
    const reason = quarter.value === null ? quarter.reason : may_be_part ? 'may_be_a_part' : null
    rows.push({
      item: tag.item,
      period_start,
      period_end,
      value: may_be_part ? null : quarter.value,
      tag: tag.tag,
      method,
      reason,
    })
  }
  for (const choice of choices.filter((each) => !replaced.has(each))) {
    const { item, period_start, period_end, tag } = choice
    const reason = choice.may_be_part
      ? 'may_be_a_part'
      : isOnBasis(choice, choices, facts, tags)
        ? null
        : 'share_basis_may_differ'
    rows.push({
      item,
      period_start,
      period_end,
      value: reason === null ? choice.value : null,
      tag,
      method: 'reported',
      reason,
    })
  }
  return [...rows, ...notFiled(rows, tags)]
}

/** What one filing says of one period: of each item the best tag. */
function bestOf(filing: readonly ItemFact[], tags: readonly ItemTag[]): Statement[] {
  const amountOf = (tag: string): number | undefined =>
    filing.find((fact) => fact.tag === tag && fact.unit === 'USD')?.value
  const totals = SUMS.flatMap(([one, other]) => {
    const [a, b] = [amountOf(one), amountOf(other)]
    return a === undefined || b === undefined || a === 0 || b === 0 ? [] : [a + b]
  })
  const stated = tags.flatMap((tag) =>
    filing
      .filter(
        (fact) =>
          fact.tag === tag.tag &&
          fact.unit === UNITS[tag.value_kind] &&
          (fact.period_start === null) === tag.is_instant,
      )
      .map((fact) => ({ ...tag, ...fact })),
  )
  const largest = Math.max(
    ...stated
      .filter(
        ({ item, tag }) =>
          item === 'revenue' && tag !== 'RevenueFromContractWithCustomerIncludingAssessedTax',
      )
      .map(({ value }) => value),
  )
  const weighed = stated.map((each) => {
    const is_total = each.item === 'revenue' && totals.includes(each.value)
    const hasOthers = (each.part_beside ?? []).some((tag) => (amountOf(tag) ?? 0) !== 0)
    return {
      ...each,
      is_total,
      may_be_part: !is_total && (hasOthers || (each.item === 'revenue' && each.value < 0.9 * largest)),
    }
  })
  return [...Map.groupBy(weighed, ({ item }) => item).values()].map(
    (some) =>
      some.toSorted(
        by(
          (each) => each.tier,
          (each) => !each.is_total,
          (each) => each.priority,
        ),
      )[0] as Statement,
  )
}

/** Of each item and quarter the best derived one, whose tag both of its filings would give. */
function derivedOf(
  quarters: readonly DerivedQuarter[],
  tags: readonly ItemTag[],
  best: readonly Statement[],
) {
  const candidates = quarters.flatMap((quarter) =>
    tags
      .filter((tag) => tag.tag === quarter.tag && !tag.is_instant)
      .flatMap((tag) => {
        const gives = (accession: string | null, period_end: string): Statement[] =>
          best.filter(
            (each) =>
              each.item === tag.item &&
              each.tag === tag.tag &&
              each.accession === accession &&
              each.period_end === period_end,
          )
        const day_before = new Date(Date.parse(quarter.period_start) - 86_400_000).toISOString().slice(0, 10)
        return gives(quarter.accession, quarter.period_end).flatMap((longer) =>
          gives(quarter.subtracted_accession, day_before)
            .filter((shorter) => shorter.period_start === longer.period_start)
            .map((shorter) => ({ quarter, tag, may_be_part: longer.may_be_part || shorter.may_be_part })),
        )
      }),
  )
  type Candidate = (typeof candidates)[number]
  const order = then(
    by<Candidate>(
      (each) => each.quarter.value === null,
      (each) => each.tag.tier,
      (each) => each.may_be_part,
    ),
    then(
      reversed(by<Candidate>((each) => each.quarter.known_from)),
      by<Candidate>((each) => each.tag.priority),
    ),
  )
  return [...Map.groupBy(candidates, ({ quarter, tag }) => `${tag.item} ${periodOf(quarter)}`).values()].map(
    (some) => some.toSorted(order)[0] as Candidate,
  )
}

/**
 * True when the filing and the newest one of the period state some value per share, or count of shares,
 * alike.
 */
function isOnBasis(
  choice: Statement,
  choices: readonly Statement[],
  facts: readonly ItemFact[],
  tags: readonly ItemTag[],
): boolean {
  const hasBasis = (each: ItemTag): boolean => each.value_kind !== 'amount' && !each.is_instant
  if (!hasBasis(choice)) return true
  const basis = choices
    .filter((each) => hasBasis(each) && periodOf(each) === periodOf(choice))
    .toSorted(newest)[0]
  if (basis === undefined || basis.accession === choice.accession) return true
  const known = new Set(tags.filter(hasBasis).map(({ tag, value_kind }) => `${tag} ${UNITS[value_kind]}`))
  const statedIn = (accession: string): ItemFact[] =>
    facts.filter(
      (fact) =>
        fact.accession === accession &&
        periodOf(fact) === periodOf(choice) &&
        known.has(`${fact.tag} ${fact.unit}`) &&
        fact.value !== 0,
    )
  const ours = statedIn(choice.accession)
  return statedIn(basis.accession).some((one) =>
    ours.some((other) => other.tag === one.tag && other.value === one.value),
  )
}

/** A row for every item that a period with results, or a day with a balance, does not state. */
function notFiled(rows: readonly ItemRow[], tags: readonly ItemTag[]): ItemRow[] {
  const days = ({ period_start, period_end }: ItemRow): number =>
    period_start === null ? 0 : (Date.parse(period_end) - Date.parse(period_start)) / 86_400_000 + 1
  const told = rows.filter(
    (row) =>
      ['net_income', 'assets'].includes(row.item) &&
      row.value !== null &&
      (days(row) === 0 || (days(row) >= 80 && days(row) <= 100) || days(row) >= 350),
  )
  const periods = [...new Map(told.map((row) => [periodOf(row), row])).values()]
  const items = [...new Map(tags.map((tag) => [tag.item, tag])).values()].filter(
    ({ item }) => item !== 'shares_outstanding',
  )
  return periods.flatMap(({ period_start, period_end }) =>
    items
      .filter(
        ({ item, is_instant }) =>
          is_instant === (period_start === null) &&
          !rows.some((row) => row.item === item && periodOf(row) === periodOf({ period_start, period_end })),
      )
      .map(({ item }) => ({
        item,
        period_start,
        period_end,
        value: null,
        tag: null,
        method: 'none',
        reason: 'not_filed',
      })),
  )
}
