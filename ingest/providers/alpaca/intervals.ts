import { dayBefore } from '../../../helpers/core/days.ts'
import { symbolKey } from '../../adapter/notation.ts'
import type { SourceRecord } from '../../contract/job.ts'
import type { TranslatedAction } from './actions.ts'

/** A security took another ticker: from `date` on it is `to`. */
export interface Rename {
  readonly from: string
  readonly to: string
  readonly date: string
}
/**
 * A security stopped having its ticker for another reason: `date` is the first day without it. A merger takes
 * effect after the last session.
 */
export interface Departure {
  readonly ticker: string
  readonly date: string
  readonly reason: string
}

export function eventsOf(actions: readonly TranslatedAction[]): {
  renames: Rename[]
  departures: Departure[]
} {
  const renames: Rename[] = []
  const departures: Departure[] = []
  for (const { record, malformed } of actions) {
    const { ticker, kind, new_symbol } = record
    const date = record['effective_date'] ?? record['ex_date']
    if (malformed !== undefined || !ticker || !date) continue
    if (kind === 'name_change' && new_symbol && symbolKey(new_symbol) !== symbolKey(ticker))
      renames.push({ from: symbolKey(ticker), to: symbolKey(new_symbol), date })
    else if (kind === 'merger' || kind === 'delisting')
      departures.push({ ticker: symbolKey(ticker), date, reason: kind })
  }
  return { renames, departures }
}

/** Reason of an interval whose beginning no source states. */
export const UNKNOWN_START = 'since when is not known'

export interface TickerInterval {
  readonly ticker: string
  readonly valid_from: string
  readonly valid_to: string | null
  readonly reason: string
}

/**
 * The tickers of one security, walked back from its last one. At each step the question is who had the ticker
 * just before the day on which the known part begins: if a rename brought it, the security had the other
 * ticker before; if the ticker was given up by somebody else in between, it cannot have been ours earlier
 * than that.
 *
 * `last`: its last ticker; `until`: the last day on which it had it, null while it does. `since`: nothing is
 * known of days before.
 */
export function walkBack(
  last: string,
  until: string | null,
  since: string,
  renames: readonly Rename[],
  departures: readonly Departure[],
): TickerInterval[] {
  const intervals: TickerInterval[] = []
  let [ticker, valid_to]: [string, string | null] = [symbolKey(last), until]
  for (;;) {
    const before = (date: string): boolean => valid_to === null || date <= valid_to
    const arrival = newest(renames.filter((rename) => rename.to === ticker && before(rename.date)))
    const given_up = newest([
      ...renames.filter((rename) => rename.from === ticker && before(rename.date)),
      ...departures.filter((departure) => departure.ticker === ticker && before(departure.date)),
    ])
    if (arrival !== undefined && (given_up === undefined || arrival.date >= given_up.date)) {
      intervals.push({ ticker, valid_from: arrival.date, valid_to, reason: `was ${arrival.from} before` })
      ;[ticker, valid_to] = [arrival.from, dayBefore(arrival.date)]
      // A rename on the first day that we know of leaves nothing to look for.
      if (valid_to < since) return intervals.toReversed()
      continue
    }
    const [valid_from, reason] =
      given_up === undefined || given_up.date < since
        ? [since, UNKNOWN_START]
        : [given_up.date, `free since ${given_up.date}, when its former owner gave it up`]
    if (valid_to === null || valid_from <= valid_to) intervals.push({ ticker, valid_from, valid_to, reason })
    return intervals.toReversed()
  }
}

export const recordOf = (
  source_id: string,
  { ticker, valid_from, valid_to, reason }: TickerInterval,
): SourceRecord => ({
  source_id,
  ticker,
  valid_from,
  valid_to,
  exchange_mic: null,
  reason,
})

const newest = <T extends { readonly date: string }>(events: readonly T[]): T | undefined =>
  events.toSorted((a, b) => (a.date < b.date ? -1 : 1)).at(-1)
