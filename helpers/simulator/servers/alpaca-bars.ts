import { newYorkMidnight } from '../market/calendar.ts'
import { compareText } from '../market/order.ts'
import type { Bar, Security, World } from '../market/types.ts'
import { type Answer, type Asked, json } from './answer.ts'
import { type Disorder, slice } from './paging.ts'

interface Listed {
  readonly symbol: string
  readonly bar: Bar
}

/** What the broker serves and allows. */
export interface Account {
  /** Tickers that it does not have. */
  readonly hidden: ReadonlySet<string>
  /** Symbols that it rejects as invalid, with the complete request. */
  readonly refused: ReadonlySet<string>
  readonly is_today_forbidden: boolean
  readonly now: () => Date
}

const LIMIT_DEFAULT = 1000
const LIMIT_MAX = 10_000
/** The newest minutes of the consolidated tape are not in the free plan. */
const DELAY_MS = 15 * 60_000
const KEPT_LISTINGS_MAX = 4

/**
 * `/v2/stocks/bars`: daily bars of many symbols, ordered by symbol and time, so that a page may hold one
 * symbol. The default limit of a thousand points cuts a long answer; only `next_page_token` shows it. With
 * `asof=-` a symbol means whoever traded under it on each day; otherwise it means the company that holds it
 * as of that day (by default today), under all its tickers, and an earlier owner is hidden.
 */
export function createBarsFeed(world: World, disorder: Disorder, account: Account): (asked: Asked) => Answer {
  const market = [...world.securities, ...world.outsiders]
  const kept = new Map<string, readonly Listed[]>()

  return ({ query }) => {
    const fault = faultOf(query, account)
    if (fault !== undefined) return fault
    const limit = Number(query.get('limit') ?? LIMIT_DEFAULT)
    const start = dayOf(query.get('start') ?? '')
    const end = dayOf(query.get('end') ?? '')
    const symbols = [...new Set((query.get('symbols') ?? '').split(','))].sort()
    const asof = query.get('asof') ?? world.end_date
    const key = `${symbols.join()}|${start}|${end}|${asof}`
    const all =
      kept.get(key) ??
      symbols.flatMap((symbol) =>
        account.hidden.has(symbol) ? [] : listing(market, symbol, asof, start, end),
      )
    kept.set(key, all)
    const oldest = kept.keys().next().value
    if (kept.size > KEPT_LISTINGS_MAX && oldest !== undefined) kept.delete(oldest)
    try {
      const { items, next_page_token } = slice(all, keyOf, limit, query.get('page_token'), disorder)
      const bars: Record<string, unknown[]> = {}
      for (const { symbol, bar } of items) {
        bars[symbol] ??= []
        bars[symbol]?.push(wireBar(bar))
      }
      return json(200, { bars, next_page_token })
    } catch (error) {
      if (error instanceof RangeError) return json(400, { message: error.message })
      throw error
    }
  }
}

const keyOf = ({ symbol, bar }: Listed): string =>
  `${symbol}|D|${newYorkMidnight(bar.date).slice(0, -1)}.000000000Z`

function faultOf(query: URLSearchParams, account: Account): Answer | undefined {
  const refuse = (message: string): Answer => json(400, { message })
  const symbols = query.get('symbols') ?? ''
  if (symbols === '') return refuse('symbols is required')
  const invalid = symbols.split(',').find((symbol) => isInvalid(symbol, account))
  if (invalid !== undefined) return refuse(`invalid symbol: ${invalid}`)
  if (!['1Day', '1D'].includes(query.get('timeframe') ?? '')) return refuse('invalid timeframe')
  const limit = Number(query.get('limit') ?? LIMIT_DEFAULT)
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    return refuse(`invalid limit: must be between 1 and ${LIMIT_MAX}`)
  if ((query.get('adjustment') ?? 'raw') !== 'raw') return refuse('this market serves only adjustment=raw')
  const end = query.get('end')
  if ((query.get('feed') ?? 'sip') === 'sip' && (end === null || Date.parse(end) > newestOf(account))) {
    return json(403, { message: 'subscription does not permit querying recent SIP data' })
  }
  return undefined
}

const isInvalid = (symbol: string, { refused }: Account): boolean =>
  refused.has(symbol) || !/^[A-Z]{1,5}(\.[A-Z]{1,4})?$/.test(symbol)

/** The last moment that the plan of the account serves. */
function newestOf({ now, is_today_forbidden }: Account): number {
  const at = now()
  return is_today_forbidden ? Date.parse(at.toISOString().slice(0, 10)) - 1 : at.getTime() - DELAY_MS
}

/** A day, or the New York day of an instant (which is never before 04:00 UTC on a daily bar). */
const dayOf = (text: string): string =>
  /T0[0-3]:/.test(text)
    ? new Date(Date.parse(text) - 86_400_000).toISOString().slice(0, 10)
    : text.slice(0, 10)

function listing(
  market: readonly Security[],
  symbol: string,
  asof: string,
  start: string,
  end: string,
): Listed[] {
  const listed: Listed[] = []
  for (const security of market) {
    const held = security.tickers.filter(
      ({ ticker, valid_from, valid_to }) =>
        ticker === symbol &&
        (asof === '-' || (valid_from <= asof && (valid_to === null || asof <= valid_to))),
    )
    if (held.length === 0) continue
    for (const bar of security.bars) {
      if (bar.date < start || bar.date > end) continue
      const is_his =
        asof !== '-' ||
        held.some(
          ({ valid_from, valid_to }) => valid_from <= bar.date && (valid_to === null || bar.date <= valid_to),
        )
      if (is_his) listed.push({ symbol, bar })
    }
  }
  return listed.sort((a, b) => compareText(a.bar.date, b.bar.date))
}

function wireBar(bar: Bar): unknown {
  const average_millionths = Math.round(((bar.high_cents + bar.low_cents + bar.close_cents) * 10_000) / 3)
  return {
    t: newYorkMidnight(bar.date),
    o: bar.open_cents / 100,
    h: bar.high_cents / 100,
    l: bar.low_cents / 100,
    c: bar.close_cents / 100,
    v: bar.volume_shares,
    n: Math.max(1, Math.floor(bar.volume_shares / 110)),
    vw: average_millionths / 1_000_000,
  }
}
