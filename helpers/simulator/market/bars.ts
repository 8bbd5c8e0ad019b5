import type { Calendar } from './calendar.ts'
import type { Plan } from './plan.ts'
import { createRandom } from './random.ts'
import type { Action, Bar } from './types.ts'

const FLOOR_CENTS = 40

/**
 * Trades a planned security from its first to its last day: raw prices as traded, so that they drop by a
 * dividend and by a split on the first session on or after the ex-date. Every price is a whole number of
 * cents; low ≤ open, close ≤ high.
 */
export function tradeBars(plan: Plan, calendar: Calendar, seed: string): Bar[] {
  const random = createRandom(`${seed}/bars/${plan.number}`)
  const events = effectsBySession(plan.actions, calendar)
  const quiet = quietSessions(plan, calendar, events, seed)
  const bars: Bar[] = []
  let price = plan.start_price_cents
  let volume = plan.start_volume_shares
  for (const date of calendar.sessions) {
    if (date < plan.first_date || date > plan.last_date) continue
    const event = events.get(date)
    if (event !== undefined) {
      price = (price - event.cash_cents) / event.share_multiple
      volume *= event.share_multiple
    }
    // A price near the floor climbs; nothing of ours trades for less than a few dimes.
    const pull = price < 2 * FLOOR_CENTS ? 0.01 : 0
    const gap = plan.volatility * 0.4 * random.bell()
    const move = plan.drift + pull + plan.volatility * random.bell() + (plan.shocks.get(date) ?? 0)
    const spread = plan.volatility * random.next()
    const burst = 0.55 + 0.9 * random.next() + 6 * Math.abs(plan.shocks.get(date) ?? 0)
    if (quiet.has(date)) continue // Nobody traded: no bar, and the next one starts from the last close.

    const open = cents(price * (1 + gap))
    const close = cents(price * (1 + move))
    const high = Math.max(open, close, cents(Math.max(open, close) * (1 + spread * 0.5)))
    const low = Math.min(open, close, cents(Math.min(open, close) * (1 - spread * 0.5)))
    bars.push({
      date,
      open_cents: open,
      high_cents: high,
      low_cents: low,
      close_cents: close,
      volume_shares: Math.max(1, Math.round(volume * burst)),
    })
    price = close
  }
  return bars
}

const cents = (value: number): number => Math.max(FLOOR_CENTS, Math.round(value))

interface Effect {
  cash_cents: number
  share_multiple: number
}

/**
 * What the open of each session has lost since the last close. An ex-date on a closed day takes effect on the
 * next session.
 */
function effectsBySession(actions: readonly Action[], calendar: Calendar): Map<string, Effect> {
  const effects = new Map<string, Effect>()
  for (const action of actions) {
    if (!('amount' in action) && !('split_from' in action)) continue
    const session = calendar.onOrAfter(action.ex_date)
    const effect = effects.get(session) ?? { cash_cents: 0, share_multiple: 1 }
    if ('amount' in action) effect.cash_cents += Number(action.amount) * 100
    else effect.share_multiple *= Number(action.split_to) / Number(action.split_from)
    effects.set(session, effect)
  }
  return effects
}

/**
 * Sessions without a trade: never one of an event, nor the first or last; but always the one before the
 * second event of an illiquid name.
 */
function quietSessions(
  plan: Plan,
  calendar: Calendar,
  events: ReadonlyMap<string, Effect>,
  seed: string,
): ReadonlySet<string> {
  const quiet = new Set<string>()
  if (plan.missing_ratio === 0) return quiet
  const random = createRandom(`${seed}/quiet/${plan.number}`)
  const loud = new Set([plan.first_date, plan.last_date])
  for (const session of events.keys())
    for (const shift of [-2, -1, 0]) loud.add(calendar.shift(session, shift))
  for (const date of calendar.sessions)
    if (random.chance(plan.missing_ratio) && !loud.has(date)) quiet.add(date)
  const second = [...events.keys()][1]
  if (second !== undefined) quiet.add(calendar.shift(second, -1))
  return quiet
}
