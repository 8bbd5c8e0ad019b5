import { HOUR_MS, MINUTE_MS } from './budget.ts'
import type { Outcome, Verdict } from './outcome.ts'

/**
 * What a provider means where its words alone would mislead, or where we know what to do about it. The first
 * that fits wins, so that the special stands before the general. Everything else is judged by its words
 * (`words.ts`) and its status (`frame.ts`). Providers without an adapter yet stand here too: a fallback to
 * one of them must not store a quota notice as prices.
 */
interface Pattern {
  readonly says: RegExp
  readonly outcome: Outcome
  readonly reason: string
  /** Statuses for which it holds; any when left out. */
  readonly statuses?: readonly number[]
  readonly wait_ms?: number
}
type Details = Pick<Pattern, 'statuses' | 'wait_ms'>

const when = (says: RegExp, outcome: Outcome, reason: string, details: Details = {}): Pattern => ({
  says,
  outcome,
  reason,
  ...details,
})
const ANYTHING = /^/

const PATTERNS: Readonly<Record<string, readonly Pattern[]>> = {
  // A 403 of the SEC means three things, and only its body tells them apart.
  'sec-edgar': [
    when(
      /Request Rate Threshold Exceeded|exceeded the SEC.s Traffic Limit/i,
      'throttled',
      'the SEC counts too many requests from this address',
      {
        wait_ms: 10 * MINUTE_MS,
      },
    ),
    when(
      /Undeclared Automated Tool|declare your (traffic|user.?agent)/i,
      'auth',
      'the SEC wants a User-Agent of the form "Name contact@example.com"; set SEC_USER_AGENT',
    ),
    when(/<Code>(AccessDenied|NoSuchKey)<\/Code>/, 'not_found', 'the SEC has no such file', {
      statuses: [403, 404],
    }),
    when(/page not found|file not found/i, 'not_found', 'the SEC has no such page', { statuses: [404] }),
    when(
      /You don.t have permission to access/i,
      'auth',
      'the gateway of the SEC refuses us; does SEC_USER_AGENT say who asks?',
      {
        statuses: [403],
      },
    ),
  ],
  alpaca: [
    when(
      /subscription does not permit|not permit querying|not entitled/i,
      'entitlement',
      'the subscription does not permit this query',
      {
        statuses: [401, 402, 403],
      },
    ),
    when(ANYTHING, 'auth', 'Alpaca does not accept the keys', { statuses: [401] }),
    when(
      /forbidden|unauthorized|access key|authentication|not authorized/i,
      'auth',
      'Alpaca does not accept the keys',
      {
        statuses: [403],
      },
    ),
    when(
      /invalid symbol|symbol .*not found|no data found for symbol|asset not found/i,
      'not_found',
      'Alpaca does not know a symbol of the request',
      {
        statuses: [400, 404, 422],
      },
    ),
  ],
  // The throttle is a line of text, which must not pass for a crumb or a price.
  yahoo: [
    when(/Too Many Requests\s*$/i, 'throttled', 'Too Many Requests', { wait_ms: MINUTE_MS }),
    when(ANYTHING, 'throttled', 'Yahoo does not answer this address for a while', {
      statuses: [999],
      wait_ms: MINUTE_MS,
    }),
    when(
      /Invalid (Crumb|Cookie)|Unauthorized|unable to access this feature/i,
      'auth',
      'Yahoo refuses the session',
    ),
    when(
      /"code":"Not Found"|symbol may be delisted|No data found/i,
      'not_found',
      'Yahoo does not know the symbol; it may be delisted',
    ),
    when(/Data doesn.t exist for startDate/i, 'empty', 'Yahoo has no rows in the window'),
  ],
  massive: [
    when(ANYTHING, 'auth', 'Massive does not accept the key', { statuses: [401] }),
    when(/NOT_AUTHORIZED|not entitled/i, 'entitlement', 'the plan does not hold this data'),
    when(/"status":"NOT_FOUND"/i, 'not_found', 'Massive does not know it'),
  ],
  // The cap of symbols comes as 200.
  tiingo: [
    when(/run over your hourly/i, 'quota', 'the requests of this hour are used up', { wait_ms: HOUR_MS }),
    when(/limited to the DOW 30/i, 'entitlement', 'the plan does not hold this data'),
  ],
  eodhd: [
    when(ANYTHING, 'auth', 'EODHD does not accept the token', { statuses: [401] }),
    when(/free users|prohibited for/i, 'entitlement', 'the plan does not hold this data'),
    when(ANYTHING, 'quota', 'the credits of the day are used up', { statuses: [402] }),
  ],
  // Alpha Vantage answers 200 whatever happened.
  alphavantage: [
    when(
      /Invalid API call|API function \(.*\) does not exist/i,
      'not_found',
      'Alpha Vantage does not know the symbol or function',
    ),
    when(
      /apikey is invalid|the parameter apikey|demo.{0,6} API key/i,
      'auth',
      'Alpha Vantage does not accept the key',
    ),
    when(/premium (endpoint|feature|function)/i, 'entitlement', 'a premium endpoint'),
    when(/requests? per second|spreading out/i, 'throttled', 'more requests than one a second'),
  ],
  // It says "payment required" of what the plan does not hold, and "limit reach" of what is used up.
  fmp: [
    when(/Limit Reach/i, 'quota', 'the requests of the day are used up'),
    when(/Invalid API KEY/i, 'auth', 'FMP does not accept the key'),
    when(ANYTHING, 'entitlement', 'the plan does not hold this query', { statuses: [402] }),
    when(
      /(Exclusive|Special|Premium|Legacy|Restricted) (Endpoint|Query)|under your current subscription|plan is limited to/i,
      'entitlement',
      'the plan does not hold this endpoint',
    ),
  ],
  // Its codes say it: L limit, A authentication, P permission, C code, S syntax, X server.
  'nasdaq-datalink': [
    when(/QELx0[123]/, 'quota', 'the calls of the day are used up'),
    when(/QELx0[45]/, 'throttled', 'more calls than ten minutes allow', { wait_ms: 10 * MINUTE_MS }),
    when(/QELx\d\d|QESx\d\d|QECx0[35]/, 'malformed', 'Nasdaq Data Link does not take the question'),
    when(/QEAx\d\d/, 'auth', 'Nasdaq Data Link does not accept the key'),
    when(/QEPx\d\d/, 'entitlement', 'the subscription does not hold this table'),
    when(/QECx\d\d/, 'not_found', 'Nasdaq Data Link does not know it'),
    when(/QEXx\d\d/, 'transient', 'Nasdaq Data Link has a fault of its own'),
  ],
  sharadar: [
    when(/cloudflare|error code: 10\d\d|attention required/i, 'auth', 'the gateway refuses this User-Agent', {
      statuses: [403],
    }),
  ],
  openfigi: [
    when(ANYTHING, 'malformed', 'more jobs in one request than OpenFIGI takes', { statuses: [413] }),
  ],
  // In the language of whoever asks; a page with a puzzle or a form stands in place of the table.
  stooq: [
    when(
      /Exceeded the daily hits limit|Przekroczony dzienny limit/i,
      'quota',
      'the hits of the day are used up',
    ),
    when(/^(No data|Brak danych)\.?\s*$/i, 'not_found', 'Stooq has no data'),
    when(/get_apikey|apikey/i, 'auth', 'Stooq wants a key'),
    when(/Write to www@stooq\.com/i, 'entitlement', 'Stooq does not serve programs'),
  ],
}

/**
 * What `text`, in which `provider` says something in place of data, is known to mean; empty text is a status
 * without words.
 */
export function matchPattern(provider: string, http_status: number, text: string): Verdict | undefined {
  for (const { says, outcome, reason, statuses, wait_ms } of PATTERNS[provider] ?? []) {
    if (statuses !== undefined && !statuses.includes(http_status)) continue
    if (!says.test(text)) continue
    return { outcome, reason, ...(wait_ms === undefined ? {} : { wait_ms }) }
  }
  return undefined
}
