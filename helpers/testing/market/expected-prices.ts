import {
  add,
  divide,
  isLess,
  multiply,
  multiplyLast,
  ONE,
  parseDecimal,
  type Rational,
  rational,
  subtract,
  toDecimal,
  ZERO,
} from '../../simulator/market/rational.ts'
import type { Action, Security, World } from '../../simulator/market/types.ts'

/** What the adjusted series must be on one day. Exact fractions; `toDecimal` writes them. */
export interface ExpectedAdjusted {
  readonly date: string
  readonly close: Rational
  /**
   * Definition A: `1 − ΣD / C(t−1)` for cash, `old / new` for splits. Null when a later event has no bar to
   * carry it, or pays in a currency whose rate is not known.
   */
  readonly adj_close: Rational | null
  /** Definition B: `C(ex) / (C(ex) + ΣD)` for cash, splits as in A. Null as above. */
  readonly total_return_close: Rational | null
  /** A's factor: it serves open, high, low and close alike. */
  readonly price_factor: Rational | null
  /** Today's shares for a share of that day; adjusted volume is volume times it. */
  readonly share_multiple: Rational | null
}

/**
 * The adjusted series of a security in exact arithmetic. C(t−1) is the last traded close before the ex-date;
 * an ex-date on a closed day belongs to the next session; dividends of one day are summed. Cash of a day with
 * a split is paid on the shares before that split: A takes it from the close before, B reinvests it at the
 * close after, per new share. A factor holds for all days before its ex-date; the factor of the last bar is
 * 1.
 */
export function expectedAdjusted(world: World, security: Security): ExpectedAdjusted[] {
  const events = eventsBySession(world, security)
  const bars = security.bars
  const last_date = bars.at(-1)?.date ?? ''
  // What happens after the last bar of a listing that ended belongs to holders, not to a price. Of a listed
  // security it breaks the chain until a bar carries it.
  const is_complete =
    security.actions.some(({ kind }) => kind === 'delisting') ||
    [...events.keys()].every((session) => session <= last_date)
  const expected: ExpectedAdjusted[] = []
  let price_factor = ONE
  let total_factor = ONE
  let share_multiple = ONE
  const first_known = firstKnown(world, security)
  for (let index = bars.length - 1; index >= 0; index--) {
    const bar = bars[index]
    if (bar === undefined) break
    const close = rational(BigInt(bar.close_cents), 100n)
    const is_known = is_complete && bar.date >= first_known
    expected.push({
      date: bar.date,
      close,
      adj_close: is_known ? multiplyLast(close, price_factor) : null,
      total_return_close: is_known ? multiplyLast(close, total_factor) : null,
      price_factor: is_known ? price_factor : null,
      share_multiple: is_known ? share_multiple : null,
    })
    const before = bars[index - 1]
    if (before === undefined) break
    // An event on a session without a trade belongs to the first bar after it.
    for (const [session, event] of events) {
      if (session > bar.date || session <= before.date) continue
      const close_before = rational(BigInt(before.close_cents), 100n)
      if (!isLess(event.cash, close_before))
        throw new RangeError(
          `${security.source_id} pays ${toDecimal(event.cash, 4)} on ${session}, more than it costs.`,
        )
      price_factor = divide(
        multiply(price_factor, subtract(ONE, divide(event.cash, close_before))),
        event.ratio,
      )
      total_factor = divide(
        multiply(total_factor, divide(close, add(close, divide(event.cash, event.ratio)))),
        event.ratio,
      )
      share_multiple = multiply(share_multiple, event.ratio)
    }
  }
  return expected.reverse()
}

/** The session from which on adjusted values are known: that of the last event in another currency. */
function firstKnown(world: World, { actions }: Security): string {
  const foreign = actions.flatMap((action) =>
    'currency' in action && action.currency !== undefined ? [world.calendar.onOrAfter(action.ex_date)] : [],
  )
  return foreign.toSorted().at(-1) ?? ''
}

interface Event {
  /** Cash per share, on the shares before the split of the same day. */
  readonly cash: Rational
  /** New shares for each old one. */
  readonly ratio: Rational
}

/**
 * What changes the price of a security from one session to the next, by the session on which it takes effect.
 */
export function eventsBySession(world: World, security: Security): Map<string, Event> {
  const events = new Map<string, Event>()
  for (const action of security.actions) {
    const change = changeOf(action)
    if (change === undefined) continue
    const session = world.calendar.onOrAfter(action.ex_date)
    const event = events.get(session) ?? { cash: ZERO, ratio: ONE }
    events.set(session, { cash: add(event.cash, change.cash), ratio: multiply(event.ratio, change.ratio) })
  }
  return events
}

function changeOf(action: Action): Event | undefined {
  if ('amount' in action) return { cash: parseDecimal(action.amount), ratio: ONE }
  if ('split_from' in action)
    return { cash: ZERO, ratio: divide(parseDecimal(action.split_to), parseDecimal(action.split_from)) }
  return undefined
}
