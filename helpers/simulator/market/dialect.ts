import { addDays } from './calendar.ts'
import type { Action, Security, TickerInterval, World } from './types.ts'

/** What a source reports of the simulated market, and under which kinds. */
export interface Dialect {
  /** The world as a correct reader of this source must have it. */
  readonly reported: (world: World) => World
  /**
   * The kind of an action in our table; undefined when this source does not report it as an action.
   */
  readonly kindOf: (action: Action) => string | undefined
  /** True when it states the value of a spin-off; otherwise the first close of the child gives it. */
  readonly is_spin_off_valued: boolean
}

const same = (action: Action): string => action.kind
type Kinds = { readonly [kind in Action['kind']]: (action: Action) => string | undefined }

/** One row for the end of a listing, on its last day: a merger, or a delisting for any other reason. */
const endOfListing = (action: Action): string =>
  action.kind === 'delisting' && action.reason === 'merger' ? 'merger' : 'delisting'

const DELIVERY_KINDS: Kinds = {
  cash_dividend: same,
  special_dividend: same,
  return_of_capital: same,
  liquidation: same,
  split: same,
  reverse_split: () => 'split',
  stock_dividend: same,
  spin_off: same,
  merger: () => undefined, // Its terms are in the row of the end of the listing.
  delisting: endOfListing,
  name_change: () => undefined, // The ticker intervals have it.
}

/**
 * A delivery of flat files reports everything: a spin-off has its value in cash, a merger is the end of a
 * listing, a change of name is an interval.
 */
export const DELIVERY: Dialect = {
  reported: (world) => world,
  kindOf: (action) => DELIVERY_KINDS[action.kind](action),
  is_spin_off_valued: true,
}

const WIRE_KINDS: Kinds = { ...DELIVERY_KINDS, name_change: same }

/**
 * The free providers over HTTP. What they do not report, and what a correct reader has instead:
 *
 *  1. The first day of a listing: no list of assets or symbols has one. `list_date` is null, and the first
 *     ticker interval begins with the window, or when its former owner is known to have given the ticker up.
 *     No bar is before the true first day.
 *  2. The last day of a listing that was no merger and no bankruptcy, when the security has no filer: the
 *     broker reports "inactive" without a date, and there is no Form 25. The interval stays open, and no
 *     action reports the end. `delist_date`, which comes from Form 25 alone, is null without a filer.
 *     The same holds for a class that leaves while another class of its filer stays: a Form 25 does not state
 *     which class it withdraws. A split unit is reported by the broker, with its day.
 *  3. The value of a spun-off share: the broker reports the number of shares, and the first close of the
 *     child gives the value.
 */
export const WIRE: Dialect = {
  reported: reportedOverWire,
  kindOf: (action) => WIRE_KINDS[action.kind](action),
  is_spin_off_valued: false,
}

function reportedOverWire(world: World): World {
  const listed = new Set(
    world.securities.concat(world.outsiders).flatMap((each) => (each.delist_date === null ? [each.cik] : [])),
  )
  /** Whether another class of its filer is listed. */
  const stays = ({ cik, delist_date }: Security): boolean => delist_date !== null && listed.has(cik)
  const reported = (security: Security): Security => {
    const is_filed = security.cik !== null && !stays(security)
    const is_end_reported =
      is_filed || security.actions.some((action) => action.kind === 'merger' || isReported(action))
    return {
      ...security,
      list_date: null,
      delist_date: is_filed ? security.delist_date : null,
      actions: is_end_reported
        ? security.actions
        : security.actions.filter(({ kind }) => kind !== 'delisting'),
      tickers: security.tickers.map((interval, index) => ({
        ...interval,
        valid_from: index === 0 ? freeSince(world, security, interval) : interval.valid_from,
        valid_to: is_end_reported || index < security.tickers.length - 1 ? interval.valid_to : null,
      })),
    }
  }
  return { ...world, securities: world.securities.map(reported) }
}

/** Ends that the broker reports. */
const isReported = (action: Action): boolean =>
  action.kind === 'delisting' && (action.reason === 'bankruptcy' || action.reason === 'unit_split')

/** The day after the former owner of a ticker had it last; the first day of the world without one. */
function freeSince(world: World, security: Security, { ticker, valid_from }: TickerInterval): string {
  const given_up = [...world.securities, ...world.outsiders]
    .filter((other) => other.source_id !== security.source_id)
    .flatMap((other) => other.tickers)
    .flatMap((other) =>
      other.ticker === ticker && other.valid_to !== null && other.valid_to < valid_from
        ? [addDays(other.valid_to, 1)]
        : [],
    )
  return given_up.toSorted().at(-1) ?? world.start_date
}
