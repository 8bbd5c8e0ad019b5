import type { Calendar } from './calendar.ts'
import type { Random } from './random.ts'
import type { Action, Scenario, Security, TickerInterval } from './types.ts'

/** A security before it has traded: what will happen to it, decided beforehand. */
export interface Plan {
  readonly number: number
  readonly scenario: Scenario
  readonly security_type: Security['security_type']
  readonly exchange_mic: Security['exchange_mic']
  /** Number of the filer; null for a fund. Share classes give the same. */
  filer_number: number | null
  first_date: string
  last_date: string
  list_date: string | null
  delist_date: string | null
  tickers: TickerInterval[]
  actions: Action[]
  start_price_cents: number
  /** Expected daily return and its standard deviation, as ratios. */
  drift: number
  volatility: number
  start_volume_shares: number
  /** Share of its sessions without a trade. */
  missing_ratio: number
  /** Extra return on a day, as a ratio: genuine jumps. */
  shocks: Map<string, number>
  /** The child was planned before it; terms follow from prices. */
  spin_off: { ex_date: string; child: Plan; source_rate: number; new_rate: number } | null
  merger: { acquirer: Plan | null; kind: 'cash' | 'stock' | 'stock_and_cash' } | null
}

export interface Planner {
  readonly calendar: Calendar
  readonly start_date: string
  readonly end_date: string
  readonly random: Random
  /** A ticker that no security has had yet. */
  readonly takeTicker: () => string
  /** A new security, listed from the first to the last day by default. */
  add(scenario: Scenario, change?: Partial<Plan>): Plan
}

export function createPlanner(
  calendar: Calendar,
  start_date: string,
  end_date: string,
  random: Random,
  takeTicker: () => string,
) {
  const plans: Plan[] = []
  const add: Planner['add'] = (scenario, change = {}) => {
    const number = plans.length + 1
    const plan: Plan = {
      number,
      scenario,
      security_type: 'stock',
      exchange_mic: random.chance(0.5) ? 'XNYS' : 'XNAS',
      filer_number: number,
      first_date: start_date,
      last_date: end_date,
      list_date: null,
      delist_date: null,
      tickers: [],
      actions: [],
      start_price_cents: random.integer(1800, 22_000),
      drift: 0.0001 + random.next() * 0.0004,
      volatility: 0.008 + random.next() * 0.012,
      start_volume_shares: random.integer(80_000, 9_000_000),
      missing_ratio: 0,
      shocks: new Map(),
      spin_off: null,
      merger: null,
      ...change,
    }
    if (plan.tickers.length === 0)
      plan.tickers = [{ ticker: takeTicker(), valid_from: plan.first_date, valid_to: plan.delist_date }]
    plans.push(plan)
    return plan
  }
  const planner: Planner = { calendar, start_date, end_date, random, takeTicker, add }
  return { planner, plans }
}

/** The end of a listing: the series, the interval and the action agree. */
export function delist(
  plan: Plan,
  date: string,
  reason: 'merger' | 'bankruptcy' | 'liquidation' | 'voluntary',
): void {
  plan.last_date = date
  plan.delist_date = date
  plan.actions.push({ kind: 'delisting', ex_date: date, reason })
  plan.tickers = plan.tickers.map((interval, index) =>
    index === plan.tickers.length - 1 ? { ...interval, valid_to: date } : interval,
  )
}

/** From `date` on the security trades as `new_ticker`; the old interval ends the calendar day before. */
export function rename(plan: Plan, date: string, dayBefore: string, new_ticker: string): void {
  const last = plan.tickers.at(-1)
  if (last === undefined) throw new RangeError('A plan without a ticker cannot be renamed.')
  plan.tickers = [
    ...plan.tickers.slice(0, -1),
    { ...last, valid_to: dayBefore },
    { ticker: new_ticker, valid_from: date, valid_to: last.valid_to },
  ]
  plan.actions.push({ kind: 'name_change', ex_date: date, old_ticker: last.ticker, new_ticker })
}

/** New shares for each old one, by all splits on or before the day. */
export function splitMultiple(actions: readonly Action[], date: string): number {
  let multiple = 1
  for (const action of actions)
    if ('split_from' in action && action.ex_date <= date)
      multiple *= Number(action.split_to) / Number(action.split_from)
  return multiple
}

/** Quarterly dividends through the listing, raised once a year, on the split basis of their day. */
export function payDividends(planner: Planner, plan: Plan, yearly_yield = 0.016): void {
  const { calendar, random } = planner
  const first_cents = Math.max(4, Math.round((plan.start_price_cents * yearly_yield) / 4))
  const half_cents = random.chance(0.3) ? 0.25 : 0
  let paid = 0
  for (
    let date = calendar.shift(plan.first_date, random.integer(5, 60));
    date < plan.last_date;
    date = calendar.shift(date, 63)
  ) {
    if (date > plan.first_date) {
      const cents =
        (Math.round(first_cents * 1.05 ** Math.floor(paid / 4)) + half_cents) /
        splitMultiple(plan.actions, date)
      plan.actions.push({ kind: 'cash_dividend', ex_date: date, amount: dollars(cents, 4) })
    }
    paid++
  }
}

/** Decimal text of an amount in cents, without trailing zeros beyond the cents. */
export function dollars(cents: number, places = 2): string {
  const scaled = Math.max(1, Math.round(cents * 10 ** (places - 2)))
  const digits = String(scaled).padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/(\.\d\d\d*?)0+$/, '$1')
}
