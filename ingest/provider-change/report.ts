import { counted, cutList } from '../../helpers/core/text.ts'

// What differs between the provider of a database and a new one, and which of it may not change silently.

/** What gives the bars of a database. */
export interface CurrentProvider {
  readonly source: string
  readonly provider: string
}

/** One column of one security. */
export interface ValueDifference {
  readonly source_id: string
  readonly column_name: string
  readonly former: string | null
  readonly new: string | null
}

/** The bars of one security. `lost`: only the former provider has them; they stay stored. */
export interface BarDifference {
  readonly source_id: string
  readonly old_count: number
  readonly new_count: number
  readonly lost_count: number
  readonly gained_count: number
  readonly close_differs_count: number
  /** Of those, the closes that differ by more than half a per cent. */
  readonly close_is_far_count: number
  /** As a share of the former close, decimal; null without a day that both have. */
  readonly largest_difference: string | null
  /** Bars with equal closes of which another value differs. */
  readonly others_differ_count: number
}

/** A corporate action that only one provider has. */
export interface EventDifference {
  readonly source_id: string
  readonly ex_date: string
  readonly kind: string
  readonly action_key: string
  readonly occurrence: number
  readonly verdict: 'lost' | 'gained'
  /** Adjusted prices of stored bars follow from it. */
  readonly changes_prices: boolean
  /** It would be applied beside the events of the new provider: the switch deletes it. */
  readonly is_replaced: boolean
}

export interface Span {
  readonly source_id: string
  readonly first_date: string
  readonly last_date: string
}

type Pairs = 'bars' | 'events' | 'facts' | 'intervals'
type Counts = Readonly<Record<`old_${Pairs}` | `new_${Pairs}`, number>> &
  Readonly<Record<`${'lost' | 'gained'}_${'facts' | 'intervals'}`, number>>

export interface ProviderReport {
  readonly former: CurrentProvider
  readonly next: CurrentProvider
  readonly counts: Counts
  /** Securities with stored bars of which the new provider has none. */
  readonly without_bars: readonly { readonly source_id: string; readonly reason: string }[]
  readonly values: readonly ValueDifference[]
  /** Securities whose bars are not all equal. */
  readonly bars: readonly BarDifference[]
  readonly events: readonly EventDifference[]
}

/** Kinds of difference that change or end what is stored, so that a person must accept each by name. */
export const ACCEPTABLE = ['securities', 'identifiers', 'closes', 'bars', 'events', 'facts'] as const
export type Acceptable = (typeof ACCEPTABLE)[number]

const IDENTIFIERS = new Set(['cik', 'figi', 'share_class_figi'])

/** Identifiers that both providers state, and that differ: the rows may be of another company. */
const differentIdentifiers = ({ values }: ProviderReport): ValueDifference[] =>
  values.filter(
    ({ column_name, former, new: next }) => IDENTIFIERS.has(column_name) && former !== null && next !== null,
  )

/** What a person must accept before the switch: a sentence for each kind, none for what is equal. */
export function toAccept(report: ProviderReport): Partial<Record<Acceptable, string>> {
  const { without_bars, bars, events, counts } = report
  const found: Partial<Record<Acceptable, string>> = {}
  const names = (some: readonly { readonly source_id: string }[]): string =>
    cutList([...new Set(some.map(({ source_id }) => source_id))])
  if (without_bars.length > 0)
    found.securities =
      `the new provider has no bars of ${counted(without_bars.length, 'security')}: ` +
      `${names(without_bars)}. Their stored bars stay; they get no new ones.`
  const identifiers = differentIdentifiers(report)
  if (identifiers.length > 0)
    found.identifiers =
      `${counted(identifiers.length, 'identifier')} of the two providers differ: ${names(identifiers)}. ` +
      'The rows may be of another company.'
  const far = bars.filter(({ close_is_far_count }) => close_is_far_count > 0)
  if (far.length > 0)
    found.closes =
      `${counted(total(far, 'close_is_far_count'), 'close')} of ${counted(far.length, 'security')} ` +
      `differ by more than 0.5 per cent: ${names(far)}.`
  const shorter = bars.filter(({ lost_count, new_count }) => lost_count > 0 && new_count > 0)
  if (shorter.length > 0)
    found.bars =
      `the new provider lacks ${counted(total(shorter, 'lost_count'), 'bar')} of ` +
      `${counted(shorter.length, 'security')}: ${names(shorter)}. The stored ones stay.`
  const changing = events.filter(({ changes_prices, is_replaced }) => changes_prices || is_replaced)
  if (changing.length > 0)
    found.events =
      `${counted(changing.length, 'event')} that only one provider has change adjusted prices: ` +
      `${names(changing)}. ${counted(changing.filter((each) => each.is_replaced).length, 'event')} of the ` +
      'former provider will be deleted.'
  if (counts.lost_facts > 0)
    found.facts = `the new provider lacks ${counted(counts.lost_facts, 'fact')}. The stored ones stay.`
  return found
}

const total = (bars: readonly BarDifference[], of: 'close_is_far_count' | 'lost_count'): number =>
  bars.reduce((sum, row) => sum + row[of], 0)

/** The report as lines for a person. */
export function reportText(report: ProviderReport): string {
  const { former, next, counts, bars, events, values } = report
  const sum = (of: keyof BarDifference): number => bars.reduce((all, row) => all + Number(row[of]), 0)
  const largest = bars.reduce((most, row) => Math.max(most, Number(row.largest_difference ?? 0)), 0)
  const of = (verdict: EventDifference['verdict']): number =>
    events.filter((each) => each.verdict === verdict).length
  const securities = new Set(values.map(({ source_id }) => source_id)).size
  const must = Object.entries(toAccept(report))
  return [
    `From ${former.provider} (${former.source}) to ${next.provider} (${next.source}):`,
    line('bars', counts.old_bars, counts.new_bars, sum('lost_count'), sum('gained_count')),
    `    closes that differ: ${sum('close_differs_count')}, by up to ${(largest * 100).toFixed(4)} per ` +
      `cent; other values that differ: ${sum('others_differ_count')}`,
    line('events', counts.old_events, counts.new_events, of('lost'), of('gained')),
    line('facts', counts.old_facts, counts.new_facts, counts.lost_facts, counts.gained_facts),
    line(
      'ticker intervals',
      counts.old_intervals,
      counts.new_intervals,
      counts.lost_intervals,
      counts.gained_intervals,
    ),
    `  ${counted(values.length, 'value')} of ${counted(securities, 'security')} differ`,
    ...must.map(([kind, sentence]) => `To accept (--accept ${kind}): ${sentence}`),
    ...(must.length === 0 ? ['Nothing that is stored changes or ends: no difference must be accepted.'] : []),
  ].join('\n')
}

const line = (what: string, old: number, next: number, lost: number, gained: number): string =>
  `  ${what}: ${old} stored, ${next} of the new provider; ${lost} only stored, ${gained} only new`
