import { decimal } from '../../contract/fields.ts'
import type { LocatedRecord, SubjectEnd } from '../../contract/provider.ts'
import type { Tickers } from './tickers.ts'

/** Days before and after the ex-date within which a close is compared. */
const DAYS_MAX = 10
/** Splits that change the price by less prove nothing: a day's movement can hide them. */
const RATIO_MIN = 1.5
/** Of the movement that a split demands (in logarithms): less of it is none, more of it is the split. */
const STILL_MAX = 0.25
const MOVED_MIN = 0.5
/** Rebuilt closes that move twice were not adjusted. */
const MOVED_TWICE_MIN = 1.75

interface Around {
  readonly item: string
  readonly ex_date: string
  readonly ratio_text: string
  /** New shares for one old share. */
  readonly ratio: number
  /** True when two ratios are stated for the day: the job for corporate actions refuses both. */
  is_disputed: boolean
  before: Close | undefined
  after: Close | undefined
}
/** How many splits the closes move at, and those that they do not move at. */
export interface SplitResult {
  readonly moved: number
  readonly still: readonly Around[]
  /** Those at which the closes move the other way: the ratio is the wrong way round, or the event another. */
  readonly against: readonly Around[]
  /** The splits that the prices were rebuilt with; undefined where they are taken as they are. */
  readonly rebuilt?: number | undefined
}
interface Close {
  readonly date: string
  readonly text: string
  /** True when records state different closes for this day: none of them counts, whichever came first. */
  readonly is_disputed: boolean
}

/** The close of a day beside the one known so far, where `isNearer` says whether a day is nearer to a split. */
function nearest(
  known: Close | undefined,
  { date, text }: Pick<Close, 'date' | 'text'>,
  isNearer: (day: string, than: string) => boolean,
): Close {
  if (known === undefined || isNearer(date, known.date)) return { date, text, is_disputed: false }
  if (date !== known.date || decimal(text) === decimal(known.text)) return known
  return { ...known, is_disputed: true }
}

/**
 * Compares the closes of a delivery with its own splits. Closes as traded move by the ratio of a split on its
 * ex-date; closes that do not move are adjusted for it already, whatever the header and the mapping state.
 * Adjusted once more they would be wrong, so the securities end as failed, and where most splits of the
 * delivery do not show, all of them do.
 */
export class SplitEvidence {
  readonly #byItem = new Map<string, Around[]>()
  readonly #tickers: Tickers
  readonly #is_rebuilt: boolean

  /** @param is_rebuilt true where the closes were rebuilt from adjusted ones. */
  constructor(tickers: Tickers, is_rebuilt = false) {
    this.#tickers = tickers
    this.#is_rebuilt = is_rebuilt
  }

  /** Takes records of corporate actions; those that are not splits are left out. */
  addSplits(records: readonly LocatedRecord[]): void {
    for (const { record, malformed } of records) {
      if (record['kind'] !== 'split' || malformed !== undefined) continue
      const { ex_date, split_from, split_to } = record
      const from = Number(decimal(split_from ?? ''))
      const to = Number(decimal(split_to ?? ''))
      const ratio = to / from
      const item = this.#tickers.itemOf(record, ex_date ?? '')
      if (item === undefined || ex_date === null || ex_date === undefined) continue
      if (!(ratio > 0 && Number.isFinite(ratio) && Math.abs(Math.log(ratio)) >= Math.log(RATIO_MIN))) continue
      const known = this.#byItem.get(item) ?? []
      this.#byItem.set(item, known)
      const same_day = known.find((each) => each.ex_date === ex_date)
      if (same_day !== undefined) {
        if (same_day.ratio !== ratio) same_day.is_disputed = true
        continue
      }
      known.push({
        item,
        ex_date,
        ratio,
        ratio_text: `${to} for ${from}`,
        is_disputed: false,
        before: undefined,
        after: undefined,
      })
    }
  }

  get is_empty(): boolean {
    return this.#byItem.size === 0
  }

  /** Takes records of prices, in any order of days. */
  addPrices(records: readonly LocatedRecord[]): void {
    for (const { record, malformed } of records) {
      const { date, close } = record
      if (malformed !== undefined || date === null || date === undefined) continue
      if (close === null || close === undefined) continue
      const splits = this.#byItem.get(this.#tickers.itemOf(record, date) ?? '')
      for (const split of splits ?? []) {
        const found = { date, text: close }
        if (date < split.ex_date) split.before = nearest(split.before, found, (day, than) => day > than)
        else split.after = nearest(split.after, found, (day, than) => day < than)
      }
    }
  }

  /** What the closes show: how many splits could be compared, and those that they do not move at. */
  result(): SplitResult {
    let moved = 0
    const still: Around[] = []
    const against: Around[] = []
    for (const split of [...this.#byItem.values()].flat()) {
      const share = shareShown(split)
      if (share === undefined) continue
      const isTwice = this.#is_rebuilt && share >= MOVED_TWICE_MIN
      if (Math.abs(share) <= STILL_MAX || isTwice) still.push(split)
      else if (share >= MOVED_MIN) moved += 1
      else if (share <= -MOVED_MIN) against.push(split)
    }
    return { moved, still, against }
  }

  /** The ends that follow: the securities whose closes do not move, or all of `items`. */
  ends(items: readonly string[]): SubjectEnd[] {
    const { moved, still } = this.result()
    if (still.length === 0) return []
    const failed = (item: string, reason: string): SubjectEnd => ({
      item,
      status: 'failed',
      error_class: 'malformed',
      reason,
    })
    if (this.#is_rebuilt) {
      const fix = 'Correct "unadjust" in mapping.json, or splits/.'
      const some = still.slice(0, 3).map(splitText).join('; ')
      const reason =
        `The rebuilt closes contradict ${still.length} of ${still.length + moved} splits (${some}): ` +
        `the prices were not adjusted for them, or a split is wrong. ${fix}`
      const isGeneral = still.length > 1 && still.length > moved
      const concerned = isGeneral ? items : [...new Set(still.map(({ item }) => item))]
      return concerned.map((item) => failed(item, reason))
    }
    if (still.length > 1 && still.length > moved) {
      const some = still.slice(0, 3).map(splitText).join('; ')
      const reason =
        'The prices of the delivery are adjusted for splits already: they do not move at ' +
        `${still.length} of ` +
        `${still.length + moved} splits that it states (${some}). Deliver unadjusted prices.`
      return items.map((item) => failed(item, reason))
    }
    return still.map((split) =>
      failed(
        split.item,
        `Its closes do not move at a split that the delivery states (${splitText(split)}): they are ` +
          'adjusted for it ' +
          'already, or the split did not happen. Deliver unadjusted prices, or correct the split.',
      ),
    )
  }
}

/**
 * The part of a split's movement that the closes show: 1 for all of it; undefined where none can be compared.
 */
function shareShown({ ex_date, ratio, is_disputed, before, after }: Around): number | undefined {
  if (is_disputed || before === undefined || after === undefined) return undefined
  if (before.is_disputed || after.is_disputed) return undefined
  if (daysBetween(before.date, ex_date) > DAYS_MAX || daysBetween(ex_date, after.date) > DAYS_MAX)
    return undefined
  const movement = Math.log(Number(after.text) / Number(before.text))
  return Number.isFinite(movement) ? movement / -Math.log(ratio) : undefined
}

const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000

/** A split and the closes around it, in words for a person. */
export const splitText = ({ item, ex_date, ratio_text, before, after }: Around): string =>
  `${item} ${ex_date}, ${ratio_text}: ${before?.text} to ${after?.text}`
