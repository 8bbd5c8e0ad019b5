import { add, compare, divide, multiply, ONE, type Rational, rational, subtract, ZERO } from './rational.ts'

/**
 * How a listing ended, computed once more from securities, bars and events in exact fractions. It shares
 * nothing with the SQL of `stocks_research.delistings_v`.
 */
export interface ListedSecurity {
  readonly security_type: string | null
  readonly currency: string | null
  readonly delist_date: string | null
  readonly is_listed: boolean | null
  /** Last day of the last ticker; null while it is held. */
  readonly last_ticker_date: string | null
  readonly last_trade_date: string | null
  readonly last_close: string | null
}
export interface ListingEvent {
  readonly kind: string
  readonly ex_date: string
  readonly cash_amount: string | null
  readonly currency: string | null
  readonly delisting_code: string | null
  readonly shares_per_share: string | null
  readonly has_other_proceeds: boolean
  readonly has_acquirer: boolean
  readonly acquirer_security_id: string | null
  readonly acquirer_currency: string | null
  /** In order of day, up to the day of the event. */
  readonly acquirer_closes: readonly string[]
}
export interface RefusedEnd {
  readonly kind: string
  readonly ex_date: string | null
}
export interface ListingEnd {
  readonly end_date: string | null
  readonly has_stated_end: boolean
  readonly delisting_code: string
  readonly event_date: string | null
  readonly cash_per_share: Rational | null
  readonly shares_per_share: string | null
  readonly acquirer_security_id: string | null
  readonly value_per_share: Rational | null
  readonly value_date: string | null
  readonly delisting_return: Rational | null
  readonly reason: string | null
}

/** Days between the end of a listing and the event that ended it. */
const EVENT_DAYS_MAX = 10
/** Days between the last bar and the end of the listing. */
const CLOSE_DAYS_MAX = 90
const DAY_MS = 86_400_000
const CASH = new Set(['cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation'])
const SPLIT = new Set(['split', 'stock_dividend'])
/** Types of security that an issuer redeems. */
const REDEEMABLE = new Set(['preferred', 'note', 'bond', 'warrant', 'right'])

/** The end of the listing; undefined while nothing shows one. */
export function endOf(
  security: ListedSecurity,
  events: readonly ListingEvent[],
  refused: readonly RefusedEnd[],
): ListingEnd | undefined {
  const { last_trade_date } = security
  const stated = security.delist_date ?? security.last_ticker_date
  const event = endingEvent(stated, last_trade_date, events)
  if (stated === null && event === undefined && security.is_listed !== false) return undefined
  const later = events.filter(
    ({ kind, ex_date }) =>
      last_trade_date !== null && ex_date > last_trade_date && kind !== 'merger' && kind !== 'delisting',
  )
  const payments = later.filter(({ kind }) => CASH.has(kind))
  const legs = legsOf(event)
  const delisting_code = codeOf(security, event, payments, legs)
  const cash = [event, ...payments].reduce((sum, each) => add(sum, rational(each?.cash_amount ?? '0')), ZERO)
  const end_date = stated ?? event?.ex_date ?? last_trade_date
  const known = { event, later, payments, legs, delisting_code, cash, end_date }
  const reason = reasonOf(security, known, refused) ?? null
  const value = add(cash, sharesValue(event))
  const dates = payments.map(({ ex_date }) => ex_date)
  if (event !== undefined && (legs.has_cash || legs.has_shares || payments.length === 0))
    dates.push(event.ex_date)
  return {
    end_date,
    has_stated_end: stated !== null || event !== undefined,
    delisting_code,
    event_date: event?.ex_date ?? null,
    cash_per_share: compare(cash, ZERO) === 0n ? null : cash,
    shares_per_share: event?.shares_per_share ?? null,
    acquirer_security_id: event?.acquirer_security_id ?? null,
    value_per_share: reason === null ? value : null,
    value_date: reason === null ? (dates.toSorted().at(-1) ?? null) : null,
    delisting_return:
      reason === null ? subtract(divide(value, rational(security.last_close ?? '1')), ONE) : null,
    reason,
  }
}

function endingEvent(
  stated: string | null,
  last_trade_date: string | null,
  events: readonly ListingEvent[],
): ListingEvent | undefined {
  const isOfEnd = ({ kind, ex_date }: ListingEvent): boolean => {
    if (stated !== null) return Math.abs(daysFrom(ex_date, stated)) <= EVENT_DAYS_MAX
    // An acquirer may have the merger too, and stays listed. What trades on has not ended.
    return (
      kind === 'delisting' &&
      (last_trade_date === null || daysFrom(ex_date, last_trade_date) <= EVENT_DAYS_MAX)
    )
  }
  const mergers = events.filter((event) => event.kind === 'merger' && isOfEnd(event))
  const delistings = events.filter((event) => event.kind === 'delisting' && isOfEnd(event))
  const described = delistings.filter(({ delisting_code }) => (delisting_code ?? 'not_known') !== 'not_known')
  const [best = []] = [mergers, described, delistings].filter((some) => some.length > 0)
  return best.toSorted((a, b) => (a.ex_date < b.ex_date ? -1 : 1)).at(-1)
}

interface Legs {
  readonly has_cash: boolean
  readonly has_shares: boolean
}
/** Which legs the event has, by its terms or by its code. */
function legsOf(event: ListingEvent | undefined): Legs {
  const code = event?.delisting_code ?? ''
  return {
    has_cash: Number(event?.cash_amount ?? 0) > 0 || code === 'merger_cash' || code === 'merger_mixed',
    has_shares:
      (event?.shares_per_share ?? null) !== null || code === 'merger_stock' || code === 'merger_mixed',
  }
}

function codeOf(
  { security_type }: ListedSecurity,
  event: ListingEvent | undefined,
  payments: readonly ListingEvent[],
  { has_cash, has_shares }: Legs,
): string {
  const stated = event?.delisting_code ?? 'not_known'
  if (event?.kind === 'merger') {
    if (has_cash && has_shares) return 'merger_mixed'
    if (has_shares) return 'merger_stock'
    return has_cash ? 'merger_cash' : stated
  }
  if (stated !== 'not_known' && stated !== 'liquidation') return stated
  if (stated === 'liquidation' || payments.some(({ kind }) => kind === 'liquidation'))
    return REDEEMABLE.has(security_type ?? '') ? 'redeemed' : 'liquidation'
  const is_nothing =
    event?.cash_amount != null && Number(event.cash_amount) === 0 && event.shares_per_share === null
  return is_nothing && !event.has_other_proceeds ? 'worthless' : 'not_known'
}

interface Known {
  readonly event: ListingEvent | undefined
  readonly later: readonly ListingEvent[]
  readonly payments: readonly ListingEvent[]
  readonly legs: Legs
  readonly delisting_code: string
  readonly cash: Rational
  readonly end_date: string | null
}

/** The first reason for which there is no return; undefined when there is one. */
function reasonOf(
  { last_trade_date, currency }: ListedSecurity,
  { event, later, payments, legs, delisting_code, cash, end_date }: Known,
  refused: readonly RefusedEnd[],
): string | undefined {
  if (event === undefined && payments.length === 0) return 'no_event_known'
  if (last_trade_date === null) return 'no_close'
  if (refused.some(({ kind, ex_date }) => kind !== 'name_change' && (ex_date ?? '9999') >= last_trade_date))
    return 'event_refused'
  if (event?.has_other_proceeds === true || later.some(({ kind }) => kind === 'spin_off'))
    return 'other_proceeds'
  if (later.some(({ kind }) => SPLIT.has(kind))) return 'split_after_last_close'
  if (delisting_code.startsWith('moved_')) return 'trades_elsewhere'
  const is_cash_missing = legs.has_cash && !(Number(event?.cash_amount ?? 0) > 0)
  const is_stock_missing = legs.has_shares && (event?.shares_per_share ?? null) === null
  const is_nothing = !legs.has_shares && compare(cash, ZERO) === 0n && delisting_code !== 'worthless'
  const is_undescribed = delisting_code === 'not_known' && !legs.has_shares && !legs.has_cash
  if (is_cash_missing || is_stock_missing || is_nothing || is_undescribed) return 'terms_not_reported'
  if (end_date !== null && daysFrom(last_trade_date, end_date) > CLOSE_DAYS_MAX) return 'last_close_too_old'
  if (event?.shares_per_share != null) {
    if (!event.has_acquirer) return 'acquirer_not_reported'
    if (event.acquirer_security_id === null) return 'acquirer_not_in_database'
    if (event.acquirer_closes.length === 0) return 'no_close_of_acquirer'
    if (event.acquirer_currency !== currency) return 'other_currency'
  }
  const is_event_foreign =
    event?.cash_amount != null && event.currency !== null && event.currency !== currency
  const is_payment_foreign = payments.some(
    (payment) => payment.currency !== null && currency !== null && payment.currency !== currency,
  )
  return is_event_foreign || is_payment_foreign ? 'other_currency' : undefined
}

function sharesValue(event: ListingEvent | undefined): Rational {
  const close = event?.acquirer_closes.at(-1)
  if (event?.shares_per_share == null || close === undefined) return ZERO
  return multiply(rational(event.shares_per_share), rational(close))
}

const daysFrom = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / DAY_MS
