import type { Outcome, Verdict } from './outcome.ts'

/**
 * What providers say in words. One line a sentence; the first that fits wins, so that the special stands before the general.
 * Providers without an adapter yet stand here too: a fallback to one of them must not store a quota notice as prices.
 */
interface Pattern {
  readonly provider: string
  readonly says: RegExp
  readonly outcome: Outcome
  readonly reason: string
  /** Statuses for which it holds; any when left out. */
  readonly statuses?: readonly number[]
  readonly wait_ms?: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

const PATTERNS: readonly Pattern[] = [
  // SEC: a 403 means three things, and only its body tells them apart.
  {
    provider: 'sec-edgar',
    says: /Request Rate Threshold Exceeded|exceeded the SEC.s Traffic Limit/i,
    outcome: 'throttled',
    reason: 'the SEC counts too many requests from this address',
    wait_ms: 10 * MINUTE_MS,
  },
  {
    provider: 'sec-edgar',
    says: /Undeclared Automated Tool|declare your (traffic|user.?agent)/i,
    outcome: 'auth',
    reason: 'the SEC wants a User-Agent of the form «Name contact@example.com»; set SEC_USER_AGENT',
  },
  {
    provider: 'sec-edgar',
    statuses: [403, 404],
    says: /<Code>(AccessDenied|NoSuchKey)<\/Code>/,
    outcome: 'not_found',
    reason: 'the SEC has no such file',
  },

  // Alpaca. One sentence about recent SIP data is a fact about the plan; «forbidden» about the keys.
  {
    provider: 'alpaca',
    statuses: [403],
    says: /subscription does not permit|not permit querying|not entitled/i,
    outcome: 'entitlement',
    reason: 'the subscription does not permit this query',
  },
  {
    provider: 'alpaca',
    statuses: [401, 403],
    says: /forbidden|unauthorized|access key|authentication|not authorized/i,
    outcome: 'auth',
    reason: 'Alpaca does not accept the keys',
  },
  {
    provider: 'alpaca',
    statuses: [400, 422],
    says: /invalid symbol|symbol .*not found|no data found for symbol/i,
    outcome: 'not_found',
    reason: 'Alpaca does not know a symbol of the request',
  },
  { provider: 'alpaca', statuses: [429], says: /./s, outcome: 'throttled', reason: 'more requests than the plan allows in a minute' },

  // Yahoo: the throttle is a line of text, which must not pass for a crumb or a price.
  { provider: 'yahoo', says: /^(Edge: )?Too Many Requests\s*$/i, outcome: 'throttled', reason: 'Too Many Requests', wait_ms: MINUTE_MS },
  {
    provider: 'yahoo',
    says: /Invalid (Crumb|Cookie)|Unauthorized/i,
    statuses: [401, 403],
    outcome: 'auth',
    reason: 'Yahoo refuses the session',
  },
  {
    provider: 'yahoo',
    says: /"code"\s*:\s*"Not Found"|symbol may be delisted/i,
    outcome: 'not_found',
    reason: 'Yahoo does not know the symbol; it may be delisted',
  },
  { provider: 'yahoo', says: /Data doesn.t exist for startDate/i, outcome: 'empty', reason: 'Yahoo has no rows in the window' },

  { provider: 'massive', statuses: [401], says: /./s, outcome: 'auth', reason: 'Unknown API Key' },
  { provider: 'massive', says: /Unknown API Key/i, outcome: 'auth', reason: 'Unknown API Key' },
  { provider: 'massive', says: /NOT_AUTHORIZED|not entitled/i, outcome: 'entitlement', reason: 'the plan does not hold this data' },
  {
    provider: 'massive',
    says: /maximum requests per minute/i,
    outcome: 'throttled',
    reason: 'more requests than the plan allows in a minute',
    wait_ms: MINUTE_MS,
  },
  { provider: 'massive', says: /"status"\s*:\s*"NOT_FOUND"/i, outcome: 'not_found', reason: 'Massive does not know it' },

  // Tiingo: the cap of symbols comes as 200.
  { provider: 'tiingo', says: /run over your .*symbol look ?up/i, outcome: 'quota', reason: 'the symbols of this month are used up' },
  {
    provider: 'tiingo',
    says: /run over your hourly|hourly request allocation/i,
    outcome: 'quota',
    reason: 'the requests of this hour are used up',
    wait_ms: HOUR_MS,
  },
  {
    provider: 'tiingo',
    says: /run over your (daily|monthly|bandwidth)|run over your/i,
    outcome: 'quota',
    reason: 'the allocation is used up',
  },
  {
    provider: 'tiingo',
    says: /Ticker '.*' not found|"detail"\s*:\s*"(Error: )?Not found/i,
    outcome: 'not_found',
    reason: 'Tiingo does not know the ticker',
  },
  {
    provider: 'tiingo',
    says: /Invalid token|supply a token|Authentication credentials/i,
    outcome: 'auth',
    reason: 'Tiingo does not accept the token',
  },
  {
    provider: 'tiingo',
    says: /do(es)? not have permission|upgrade your (plan|account)|limited to the DOW 30/i,
    outcome: 'entitlement',
    reason: 'the plan does not hold this data',
  },

  { provider: 'eodhd', says: /^Unauthenticated\.?$/i, outcome: 'auth', reason: 'EODHD does not accept the token' },
  { provider: 'eodhd', statuses: [401], says: /./s, outcome: 'auth', reason: 'EODHD does not accept the token' },
  { provider: 'eodhd', statuses: [402], says: /./s, outcome: 'quota', reason: 'the credits of the day are used up' },
  {
    provider: 'eodhd',
    says: /exceeded your daily|daily API (requests|limit)/i,
    outcome: 'quota',
    reason: 'the credits of the day are used up',
  },
  {
    provider: 'eodhd',
    statuses: [403],
    says: /Unauthenticated|invalid (api )?token|api_token/i,
    outcome: 'auth',
    reason: 'EODHD does not accept the token',
  },
  { provider: 'eodhd', says: /^Ticker Not Found/i, outcome: 'not_found', reason: 'EODHD does not know the ticker' },
  {
    provider: 'eodhd',
    says: /Only EOD data allowed|free (users|plan)|upgrade your (plan|subscription)/i,
    outcome: 'entitlement',
    reason: 'the plan does not hold this data',
  },

  // Alpha Vantage answers 200 whatever happened.
  {
    provider: 'alphavantage',
    says: /Invalid API call/i,
    outcome: 'not_found',
    reason: 'Alpha Vantage does not know the symbol or function',
  },
  {
    provider: 'alphavantage',
    says: /apikey is invalid|the parameter apikey/i,
    outcome: 'auth',
    reason: 'Alpha Vantage does not accept the key',
  },
  {
    provider: 'alphavantage',
    says: /premium (endpoint|feature|function)|premium (plan|membership) .*(endpoint|function)/i,
    outcome: 'entitlement',
    reason: 'a premium endpoint',
  },
  {
    provider: 'alphavantage',
    says: /requests? per second|spreading out/i,
    outcome: 'throttled',
    reason: 'more requests than one a second',
  },
  {
    provider: 'alphavantage',
    says: /requests per day|calls? per (minute|day)|rate limit|call frequency/i,
    outcome: 'quota',
    reason: 'the requests of the day are used up',
  },

  { provider: 'fmp', says: /Limit Reach/i, outcome: 'quota', reason: 'the requests of the day are used up' },
  { provider: 'fmp', says: /Invalid API KEY/i, outcome: 'auth', reason: 'FMP does not accept the key' },
  {
    provider: 'fmp',
    says: /(Exclusive|Special|Premium|Legacy) (Endpoint|Query)|not available under your current subscription/i,
    outcome: 'entitlement',
    reason: 'the plan does not hold this endpoint',
  },

  {
    provider: 'nasdaq-datalink',
    says: /QELx0[1235]|daily limit|anonymous user limit/i,
    outcome: 'quota',
    reason: 'the calls of the day are used up',
  },
  { provider: 'nasdaq-datalink', says: /QELx\d\d|API speed limit/i, outcome: 'throttled', reason: 'calls come too fast' },
  { provider: 'nasdaq-datalink', says: /QEAx\d\d/, outcome: 'auth', reason: 'Nasdaq Data Link does not accept the key' },
  { provider: 'nasdaq-datalink', says: /QEPx\d\d/, outcome: 'entitlement', reason: 'the subscription does not hold this table' },
  { provider: 'nasdaq-datalink', says: /QECx\d\d/, outcome: 'not_found', reason: 'Nasdaq Data Link does not know it' },

  {
    provider: 'sharadar',
    statuses: [403],
    says: /cloudflare|error code: 10\d\d|attention required/i,
    outcome: 'auth',
    reason: 'the gateway refuses this User-Agent',
  },
  { provider: 'sharadar', statuses: [403], says: /./s, outcome: 'entitlement', reason: 'the tier does not hold this data' },

  { provider: 'stooq', says: /Exceeded the daily hits limit/i, outcome: 'quota', reason: 'the hits of the day are used up' },
  { provider: 'stooq', says: /^No data\s*$/i, outcome: 'not_found', reason: 'Stooq has no data' },
]

/** What `text`, the beginning of a body, is known to mean when `provider` says it. */
export function matchPattern(provider: string, http_status: number, text: string): Verdict | undefined {
  for (const pattern of PATTERNS) {
    if (pattern.provider !== provider) continue
    if (pattern.statuses !== undefined && !pattern.statuses.includes(http_status)) continue
    if (!pattern.says.test(text)) continue
    return { outcome: pattern.outcome, reason: pattern.reason, ...(pattern.wait_ms === undefined ? {} : { wait_ms: pattern.wait_ms }) }
  }
  return undefined
}
