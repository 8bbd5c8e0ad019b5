import { MINUTE_MS, per, SECOND_MS } from '../../http/budget.ts'
import { isArray, isObject } from '../../http/json.ts'
import type { HttpProfile, HttpRequest } from '../../http/profile.ts'
import { PATTERNS } from './patterns.ts'

const DATA = 'https://data.alpaca.markets'
const PAPER = 'https://paper-api.alpaca.markets'

/** What the free plan allows is 200 a minute; a few are left to whatever else uses the key. */
const REQUESTS_A_MINUTE = 195

export interface AlpacaKeys {
  readonly key_id: string
  readonly secret_key: string
}

export const profileOf = ({ key_id, secret_key }: AlpacaKeys): HttpProfile => ({
  provider: 'alpaca',
  adapter_version: '1',
  patterns: PATTERNS,
  origins: [DATA, PAPER],
  limits: [per(MINUTE_MS, REQUESTS_A_MINUTE), per(SECOND_MS, 8)],
  headers: { 'apca-api-key-id': key_id, 'apca-api-secret-key': secret_key },
  account_key: key_id,
  concurrency_max: 4,
})

// Without a limit the API cuts at 1,000 points and says so only by a token.
export const BARS_A_PAGE = 10_000
const ACTIONS_A_PAGE = 1000

export interface BarsQuestion {
  readonly symbols: readonly string[]
  readonly start_date: string
  /** A day, or an instant. */
  readonly end_date: string
  /** The end is the present moment: a replay finds the answer on any day. */
  readonly is_now: boolean
  readonly page_token: string | undefined
}

/**
 * Daily bars as traded: `adjustment=raw`, the consolidated tape, and `asof=-`, without which a symbol follows
 * its renames and the former owner of a reused ticker disappears.
 */
export const bars = (question: BarsQuestion): HttpRequest => ({
  ...(question.is_now ? { volatile_parameters: ['end'] } : {}),
  url: withQuery(`${DATA}/v2/stocks/bars`, {
    symbols: question.symbols.join(','),
    timeframe: '1Day',
    start: question.start_date,
    end: question.end_date,
    limit: String(BARS_A_PAGE),
    adjustment: 'raw',
    feed: 'sip',
    asof: '-',
    sort: 'asc',
    page_token: question.page_token,
  }),
  expects: 'json',
  shape: ({ json }) => {
    // Without any bar the API has been seen to write null in place of an object.
    if (isObject(json) && (isObject(json['bars']) || json['bars'] === null)) return undefined
    return { outcome: 'malformed', reason: 'the answer has no bars' }
  },
})

/** Some kinds of corporate action of the whole market, processed from `start_date` to `end_date`. */
export const corporateActions = (
  kinds: readonly string[],
  start_date: string,
  end_date: string,
  page_token: string | undefined,
): HttpRequest => ({
  url: withQuery(`${DATA}/v1/corporate-actions`, {
    types: kinds.join(','),
    start: start_date,
    end: end_date,
    limit: String(ACTIONS_A_PAGE),
    sort: 'asc',
    page_token,
  }),
  volatile_parameters: ['end'],
  expects: 'json',
  shape: ({ json }) =>
    isObject(json) && isObject(json['corporate_actions'])
      ? undefined
      : { outcome: 'malformed', reason: 'the answer has no corporate_actions' },
})

export const assets = (status: 'active' | 'inactive'): HttpRequest => ({
  url: withQuery(`${PAPER}/v2/assets`, { status, asset_class: 'us_equity' }),
  expects: 'json',
  shape: ({ json }) =>
    isArray(json) ? undefined : { outcome: 'malformed', reason: 'the answer is not a list' },
})

function withQuery(address: string, query: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}
