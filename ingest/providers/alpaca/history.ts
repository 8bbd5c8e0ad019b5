import { daysBefore } from '../../../helpers/core/days.ts'
import { knownStart, listed, located, notFound, pageOf } from '../../adapter/adapter.ts'
import type { FieldWatch } from '../../adapter/fields.ts'
import { parseSourceId } from '../../adapter/identity.ts'
import { symbolKey } from '../../adapter/notation.ts'
import { lastSessionBefore } from '../../calendar/days.ts'
import type { Ask, Batch, Page, Subject, SubjectEnd } from '../../contract/provider.ts'
import type { HttpClient } from '../../http/client.ts'
import type { TranslatedAction } from './actions.ts'
import { type Asset, alpacaIdOf, parseAssets } from './assets.ts'
import { maskedBy, unmasked } from './cusips.ts'
import { assets } from './endpoints.ts'
import {
  type Departure,
  eventsOf,
  type Rename,
  recordOf,
  type TickerInterval,
  UNKNOWN_START,
  walkBack,
} from './intervals.ts'
import { actionPages } from './pages.ts'

// Delisting, renaming and merging end in these kinds, and a reverse split may bring a new ticker.
export const HISTORY_TYPES = [
  'name_change',
  'reverse_split',
  'unit_split',
  'cash_merger',
  'stock_merger',
  'stock_and_cash_merger',
  'reorganization',
  'worthless_removal',
]

/**
 * Ticker intervals from name changes, walked back from the last ticker of each security. Whether it still has
 * that ticker is asked of the list of active assets: a ticker that was given up and is active again belongs
 * to somebody else, or was taken up anew.
 */
export async function* readHistory(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  { subjects }: Batch,
  today: string,
  signal: AbortSignal,
): AsyncGenerator<Page | SubjectEnd> {
  const active_list = listed(await client.fetch(assets('active'), signal), 'active assets')
  const active = parseAssets(active_list.json, watch)
  const inactive_list = listed(await client.fetch(assets('inactive'), signal), 'inactive assets')
  const gone = parseAssets(inactive_list.json, watch)
  const { renames, departures } = await eventsOfMarket(client, watch, ask, today, signal)
  const facts: Facts = {
    active: new Set(active.map(({ ticker }) => symbolKey(ticker ?? ''))),
    gone: Map.groupBy(gone, ({ ticker }) => symbolKey(ticker ?? '')),
    active_ids: new Set(active.map(({ provider_id }) => provider_id ?? '')),
    shared: new Set(
      [...Map.groupBy(subjects, ({ ticker }) => symbolKey(ticker ?? ''))].flatMap(([key, some]) =>
        some.length > 1 ? [key] : [],
      ),
    ),
    renames,
    departures: [...departures, ...departuresOfMaster(subjects, departures)],
  }
  const records = []
  for (const subject of subjects) {
    const end = endOf(subject, facts)
    if ('status' in end) {
      yield end
      continue
    }
    const departures = facts.departures.filter((each) => each !== end.departure)
    const intervals = walkBack(
      subject.ticker ?? '',
      end.until,
      ask.window.start_date,
      facts.renames,
      departures,
    )
    const former = formerOwner(subject, intervals[0], facts)
    if (former !== undefined) {
      yield former
      continue
    }
    records.push(
      ...intervals.map((interval) => {
        const { ticker, valid_from, reason } = interval
        return recordOf(
          subject.item,
          reason === UNKNOWN_START
            ? { ...interval, valid_from: knownStart(subject, ticker, valid_from) }
            : interval,
        )
      }),
    )
  }
  yield pageOf(active_list, located(records))
}

interface Facts {
  readonly active: ReadonlySet<string>
  readonly active_ids: ReadonlySet<string>
  /** Assets that are no longer active, by their last ticker. */
  readonly gone: ReadonlyMap<string, readonly Asset[]>
  /** Tickers with which several members of the universe end. */
  readonly shared: ReadonlySet<string>
  readonly renames: readonly Rename[]
  readonly departures: readonly Departure[]
}

async function eventsOfMarket(
  client: HttpClient,
  watch: FieldWatch,
  ask: Ask,
  today: string,
  signal: AbortSignal,
) {
  const all: TranslatedAction[] = []
  for await (const { actions } of actionPages(
    client,
    watch,
    HISTORY_TYPES,
    ask.window.start_date,
    today,
    signal,
  ))
    all.push(...actions)
  const masks = maskedBy(all)
  return eventsOf(all.flatMap((action) => unmasked(action, masks) ?? []))
}

/** Ends of listings that the master knows, from other sources, and the events do not tell. */
function departuresOfMaster(subjects: readonly Subject[], known: readonly Departure[]): Departure[] {
  return subjects.flatMap(({ ticker, delist_date }) => {
    if (ticker === undefined || delist_date === undefined) return []
    const key = symbolKey(ticker)
    if (known.some((departure) => departure.ticker === key && isNear(departure, delist_date))) return []
    return [{ ticker: key, date: daysBefore(delist_date, -1), reason: 'delisting' }]
  })
}

/** A delisting is filed around the day on which the ticker is given up. */
const isNear = ({ date }: Departure, delist_date: string): boolean =>
  daysBefore(delist_date, 14) <= date && date <= daysBefore(delist_date, -14)

/**
 * The last day on which `subject` had its last ticker, and the event that ended it; or why nobody can say.
 */
function endOf(
  subject: Subject,
  facts: Facts,
): { readonly until: string | null; readonly departure: Departure | undefined } | SubjectEnd {
  const { item, ticker } = subject
  if (ticker === undefined) return notFound(item, 'no ticker is known for it')
  const key = symbolKey(ticker)
  const id = parseSourceId(item)
  const departures = facts.departures
    .filter((each) => each.ticker === key)
    .toSorted((a, b) => (a.date < b.date ? -1 : 1))
  const ended = (departure: Departure | undefined) => ({
    until: departure === undefined ? null : lastSessionBefore(departure.date),
    departure,
  })
  if (id.scheme === 'ticker') return ended(departures.find(({ date }) => date > id.date))
  const last = departures.at(-1)
  const is_active = facts.active.has(key)
  const alpaca_id = alpacaIdOf(subject)
  // Known by the provider's own id, it is active or it is not, whoever else has its ticker.
  if (alpaca_id !== undefined && facts.active_ids.has(alpaca_id)) return ended(undefined)
  // The master knows when its listing ended: of all who gave up the ticker, it is the one of that day.
  const { delist_date } = subject
  if (delist_date !== undefined) return ended(departures.find((departure) => isNear(departure, delist_date)))
  // Known by the provider's own id as inactive: the only giving up of its ticker is its own; of several,
  // nobody can say which.
  if (alpaca_id !== undefined) {
    if (departures.length > 1)
      return ambiguous(
        item,
        `"${ticker}" was given up ${departures.length} times, ` +
          'and the universe does not state which one is meant',
      )
    if (last !== undefined || !is_active) return ended(last)
    return ambiguous(
      item,
      `it is no longer active, "${ticker}" belongs to another security today, ` +
        'and no event has the day of the change',
    )
  }
  const is_taken_up =
    last !== undefined && facts.renames.some(({ to, date }) => to === key && date >= last.date)
  if (facts.shared.has(key)) {
    return ambiguous(
      item,
      `several securities of the universe end as "${ticker}": ` +
        'changes of name do not show which of them had it on which day',
    )
  }
  if (last === undefined || (is_active && is_taken_up)) return ended(undefined)
  if (!is_active) return ended(last)
  return ambiguous(
    item,
    `"${ticker}" was given up on ${last.date} (${last.reason}) and is active again: ` +
      'it has had two owners, and the universe does not state which one is meant',
  )
}

/**
 * Why the first interval cannot begin with what we know: its ticker had an owner who is gone, and no event
 * says when he gave it up. From then on it is the subject's, before it was his; to take all of it would give
 * one company the prices of another.
 */
function formerOwner(
  subject: Subject,
  first: TickerInterval | undefined,
  { gone, departures }: Facts,
): SubjectEnd | undefined {
  const { item } = subject
  if (
    first === undefined ||
    departures.some(({ ticker }) => ticker === first.ticker) ||
    first.reason !== UNKNOWN_START
  )
    return undefined
  const others = (gone.get(first.ticker) ?? []).filter(
    ({ provider_id }) => provider_id !== alpacaIdOf(subject),
  )
  if (others.length === 0) return undefined
  return ambiguous(
    item,
    `"${first.ticker}" also was the last ticker of ${others.map(({ name }) => name).join(' and ')}, ` +
      'and no event has its last day there',
  )
}

const ambiguous = (item: string, reason: string): SubjectEnd => ({
  item,
  status: 'failed',
  error_class: 'conflict',
  reason,
})
