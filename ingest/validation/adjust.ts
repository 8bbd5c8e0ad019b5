import {
  add,
  compare,
  divide,
  multiply,
  ONE,
  type Rational,
  rational,
  reduce,
  subtract,
  ZERO,
} from './rational.ts'

/**
 * Adjustment computed once more, bar by bar from the last to the first, in exact fractions. It shares nothing
 * with the SQL of `stocks_research.adjustment_intervals`, so that both can only agree when both are right.
 */
export interface Bar {
  readonly trade_date: string
  readonly close: string
}
export interface Action {
  readonly ex_date: string
  readonly kind: string
  readonly cash_amount: string | null
  readonly split_from: string | null
  readonly split_to: string | null
  readonly currency: string | null
  /** Known from the later of this day and the ex-date. */
  readonly declared_date?: string | null
  /**
   * Cash per share that stands for what a spin-off gave out, where its source states neither a value nor a
   * ratio.
   */
  readonly worth?: Rational | null
}
/** An event of which only its existence is known; its day is null when that cannot be read. */
export interface RefusedEvent {
  readonly ex_date: string | null
  readonly kind: string
  readonly declared_date: string | null
}
export interface Series {
  /** In order of day. */
  readonly bars: readonly Bar[]
  readonly actions: readonly Action[]
  readonly refused?: readonly RefusedEvent[]
  readonly currency: string | null
  /** Last day of the listing; null while listed. */
  readonly last_listed: string | null
}
/** Of one bar; null when a later event cannot be applied. */
export interface Factors {
  readonly price: Rational | null
  readonly total_return: Rational | null
  /** Old shares per share of the last bar. A spin-off adds none. */
  readonly split: Rational | null
}

const CASH = new Set(['cash_dividend', 'special_dividend', 'return_of_capital', 'liquidation', 'spin_off'])
const SPLIT = new Set(['split', 'stock_dividend'])
/**
 * A spin-off reported as a ratio of prices: it divides the price as a split does, and leaves the shares as
 * they are.
 */
const isRatio = ({ kind, cash_amount, split_to }: Action): boolean =>
  kind === 'spin_off' && cash_amount === null && split_to !== null
const isCash = (action: Action): boolean => CASH.has(action.kind) && !isRatio(action)
const worthOf = ({ cash_amount, worth }: Action): Rational | null =>
  cash_amount === null ? (worth ?? null) : rational(cash_amount)
const ratioOf = ({ split_from, split_to }: Action): Rational =>
  divide(rational(split_to ?? '1'), rational(split_from ?? '1'))
/** Sessions within which a close replaces the missing one next to an ex-date. */
const SESSIONS_MAX = 10

interface Event extends Action {
  /** Position in the calendar of the session on which it takes effect. */
  readonly session: number
}

/**
 * Factors for each bar, in the order of the bars. `sessions` is the calendar in order; events after `as_of`
 * are not known yet.
 */
export function adjust(series: Series, sessions: readonly string[], as_of: string): Factors[] {
  const { bars } = series
  const events = series.actions
    .filter(({ kind }) => CASH.has(kind) || SPLIT.has(kind))
    .map((action): Event => ({ ...action, session: firstAtOrAfter(sessions, action.ex_date) }))
    .filter(({ session, declared_date }) => {
      const day = sessions[session]
      return (
        day !== undefined &&
        day <= as_of &&
        (declared_date ?? '') <= as_of &&
        (series.last_listed === null || day <= series.last_listed)
      )
    })
  // Bars are in order, so that the calendar is walked along with them.
  let walked = firstAtOrAfter(sessions, bars[0]?.trade_date ?? '')
  const days = bars.map(({ trade_date }) => {
    while (walked < sessions.length && (sessions[walked] ?? '') < trade_date) walked += 1
    return walked
  })
  const eventsBefore = Map.groupBy(events, ({ session }) => days.findIndex((day) => day >= session))
  const last = days.at(-1) ?? -1
  const waiting = events.filter(({ session, kind }) => session > last && !isProceeds(kind, series, as_of))
  let factors: Factors = {
    price: waiting.length > 0 ? null : ONE,
    total_return: waiting.length > 0 ? null : ONE,
    split: waiting.some(({ kind }) => SPLIT.has(kind)) ? null : ONE,
  }
  const found = new Array<Factors>(bars.length)
  for (let i = bars.length - 1; i >= 0; i -= 1) {
    found[i] = factors
    const before = bars[i - 1]
    const here = bars[i]
    const dayBefore = days[i - 1]
    const day = days[i]
    if (before === undefined || here === undefined || dayBefore === undefined || day === undefined) break
    const between = eventsBefore.get(i)
    if (between !== undefined)
      factors = stepBack(factors, between, { before, here, dayBefore, day, currency: series.currency })
  }
  if ((series.refused ?? []).length === 0) return found
  return found.map((each, i) => withoutRefused(each, days[i] ?? 0, last, series, sessions, as_of))
}

/**
 * True for an event that, after the last bar, pays the holders of a listing that ends: it is no part of the
 * series.
 */
function isProceeds(kind: string, { bars, last_listed }: Series, as_of: string): boolean {
  if (kind === 'liquidation') return true
  if (last_listed === null || last_listed > as_of) return false
  // Where the bars end long before the listing, bars are missing, and the event belongs between them.
  const last_bar = bars.at(-1)?.trade_date ?? ''
  return Date.parse(last_listed) - Date.parse(last_bar) <= MISSING_DAYS_MAX * 86_400_000
}
/** Days between the last bar and the end of the listing. */
const MISSING_DAYS_MAX = 90

const UNTOUCHED = new Set(['merger', 'name_change', 'delisting'])

/**
 * The factors of a bar without those that a refused event, known by then and later than the bar, may have
 * changed.
 */
function withoutRefused(
  factors: Factors,
  bar: number,
  last: number,
  series: Series,
  sessions: readonly string[],
  as_of: string,
): Factors {
  const { refused = [], last_listed } = series
  const later = refused.filter(({ ex_date, kind, declared_date }) => {
    if (UNTOUCHED.has(kind) || (declared_date ?? '') > as_of) return false
    if (ex_date === null) return true
    const session = firstAtOrAfter(sessions, ex_date)
    const day = sessions[session]
    if (session > last && isProceeds(kind, series, as_of)) return false
    return session > bar && day !== undefined && day <= as_of && (last_listed === null || day <= last_listed)
  })
  if (later.length === 0) return factors
  return {
    price: null,
    total_return: null,
    split: later.every(({ kind }) => CASH.has(kind)) ? factors.split : null,
  }
}

interface Step {
  readonly before: Bar
  readonly here: Bar
  readonly dayBefore: number
  readonly day: number
  readonly currency: string | null
}

/** The factors of the bar before, from those of this bar and of what happened between the two. */
function stepBack(
  factors: Factors,
  events: readonly Event[],
  { before, here, dayBefore, day, currency }: Step,
): Factors {
  let newPerOld = ONE
  let sharesPerOld = ONE
  let cash = ZERO
  let isPriceLost = false
  let isReturnLost = false
  for (const session of new Set(events.map((event) => event.session).toSorted((a, b) => a - b))) {
    const today = events.filter((event) => event.session === session)
    // Cash of a day is on the shares before the split of that day.
    let paid = ZERO
    for (const event of today.filter(isCash)) {
      const worth = worthOf(event)
      if (worth === null) isPriceLost = true
      else paid = add(paid, worth)
      if (event.currency !== null && currency !== null && event.currency !== currency) isPriceLost = true
    }
    if (paid.n > 0n && session - dayBefore > SESSIONS_MAX) isPriceLost = true
    if (paid.n > 0n && day - session >= SESSIONS_MAX) isReturnLost = true
    cash = add(cash, multiply(paid, newPerOld))
    for (const event of today.filter((each) => SPLIT.has(each.kind) || isRatio(each))) {
      newPerOld = multiply(newPerOld, ratioOf(event))
      if (SPLIT.has(event.kind)) sharesPerOld = multiply(sharesPerOld, ratioOf(event))
      else if (compare(ratioOf(event), ONE) <= 0n) isPriceLost = true
    }
  }
  const close = rational(before.close)
  if (compare(cash, close) >= 0n) isPriceLost = true
  const grown = multiply(rational(here.close), newPerOld)
  const scale = (factor: Rational | null, by: Rational): Rational | null =>
    factor === null ? null : reduce(multiply(factor, by))
  return {
    price: isPriceLost
      ? null
      : scale(factors.price, divide(subtract(close, cash), multiply(close, newPerOld))),
    total_return:
      isPriceLost || isReturnLost
        ? null
        : scale(factors.total_return, divide(rational(here.close), add(grown, cash))),
    split: scale(factors.split, divide(ONE, sharesPerOld)),
  }
}

/** Position of the first session on or after a day; `sessions.length` when there is none. */
export function firstAtOrAfter(sessions: readonly string[], day: string): number {
  let low = 0
  let high = sessions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sessions[middle] ?? '') < day) low = middle + 1
    else high = middle
  }
  return low
}
