import { DAY_MS } from '../../helpers/core/days.ts'
import { HOUR_MS, MINUTE_MS } from './budget.ts'
import type { Outcome } from './outcome.ts'

/** What a notice means by its words, whoever says it. */
export interface Meaning {
  readonly outcome: Outcome
  /** How long what it says will hold, where its words name a window. */
  readonly wait_ms?: number
}

/** A group of which one word must be there. */
const oneOf = (words: readonly string[]): string => `(${words.join('|')})`
const anyOf = (patterns: readonly string[]): RegExp => new RegExp(patterns.join('|'))

const KEY_OF = '(api[ _-]?(access )?|access[ _-]?|secret[ _-]?|auth(entication|orization)?[ _-]?)?'
const KEY = `${KEY_OF}(key|token|credential)s?`
const WRONG = oneOf([
  'invalid',
  'incorrect',
  'unknown',
  'missing',
  'wrong',
  'bad',
  'no',
  'expired',
  'revoked',
  'inactive',
  'disabled',
  'unrecogni[sz]ed',
  'required?',
  'recogni[sz]e',
  'supply',
  'provide',
  'not (supplied|provided|entered|given)',
])
const IS_WRONG = oneOf([
  'invalid',
  'incorrect',
  'missing',
  'required',
  'expired',
  'revoked',
  'inactive',
  'disabled',
  'unknown',
  'suspended',
  'not (been )?(valid|provided|found|recogni[sz]ed|supplied|active|authorized)',
])
const AUTH = anyOf([
  String.raw`\b${WRONG}( or (missing|invalid|expired))?( (a|an|the|your|valid))* ${KEY}\b`,
  String.raw`\b${KEY}\b.{0,30}\b${IS_WRONG}\b`,
  'unauthenticated',
  'unauthori[sz]ed',
  'authentication (is )?(required|failed|credentials)',
  'not (authenticated|logged in)',
  'request is not authorized',
])
const PAGE_TOKEN = /page[ _-]?token|next[ _-]?token|cursor/

const SHORT = anyOf([
  String.raw`\b(per|a|every|each|one|this) (second|sec|minute|min)\b`,
  String.raw`\/ ?(s|sec|min|minute)\b`,
  String.raw`\bburst\b`,
  'spreading out',
])
const SPEED = anyOf([
  'too many (requests|calls)',
  'rate[ -]?limit',
  'request rate',
  'speed limit',
  'slow down',
  'throttl',
  'too (fast|quickly|frequent)',
])
const LONG = anyOf([
  String.raw`\b(hourly|daily|weekly|monthly)\b`,
  String.raw`\b(per|an?|every|this|the|of the|for the) (hour|day|week|month)\b`,
  String.raw`\b(to)?day'?s\b`,
])
const SPENT = /limit|exceed|alloca|quota|allowance|run over|used up|reached|look ?up/
const USED_UP = anyOf([
  'quota',
  'limit reach',
  [
    '(reached|exceeded|exhausted|used up|used all|run out of|run over|ran out of|over)',
    '( of)?( your| the| its| all)?( [a-z]+){0,3} ',
    '(limit|allocation|allowance|quota|requests|calls|hits|credits|bandwidth)',
  ].join(''),
  '(insufficient|not enough|no) (api )?(credits|calls|requests)( left| remaining)?',
])

const PLAN = anyOf([
  'subscri',
  'upgrade',
  'premium',
  String.raw`\b(your|current|free|basic|starter|paid)( \w+)? (plan|tier|account|users?)\b`,
  'entitle',
  'permission',
  'permit',
  'not authori[sz]ed',
  'licen[cs]e',
  'forbidden',
  'access denied',
  'restricted endpoint',
  'not available (under|for|with|on|in) your',
])
const NO_ADDRESS = anyOf([
  [
    String.raw`\b(endpoint|route|page|path|function|method|resource url)\b.{0,40}`,
    "(not found|does(n't| not) exist)",
  ].join(''),
  'no such (endpoint|route)',
])
const NOBODY = anyOf([
  'not found',
  'not_found',
  'no (data|identifier|result|content|match|record|such)',
  '(unknown|invalid|unrecogni[sz]ed) (symbol|ticker|stock|cik|isin|identifier)',
  "(does(n't| not)|do(n't| not)) exist",
  'not exist',
  'delisted',
  "(could|can)( ?not|n't) find",
])
const PASSING = anyOf([
  'temporar',
  'try again',
  'maintenance',
  'unavailable',
  'time(d)?[ -]?out',
  'internal (server )?error',
  'overloaded',
  'server error',
])

/**
 * What a notice means, by its words: the key first (whoever has a wrong one is often asked to upgrade), then
 * the limits, the shorter window before the longer, then the plan, then the item. Undefined when no rule
 * fits.
 */
export function meaningOf(notice: string): Meaning | undefined {
  const words = notice.toLowerCase().replaceAll('’', "'")
  if (AUTH.test(words) && !PAGE_TOKEN.test(words)) return { outcome: 'auth' }
  return limitOf(words) ?? restOf(words)
}

/**
 * Whether the words speak of a limit, and of which: those of a second or a minute pass while we wait, the
 * others do not.
 */
export function limitOf(words: string): Meaning | undefined {
  const isSpent = SPENT.test(words)
  if (SHORT.test(words) && (isSpent || SPEED.test(words) || /request|call|spread|burst/.test(words))) {
    return { outcome: 'throttled', ...(/minute|\bmin\b/.test(words) ? { wait_ms: MINUTE_MS } : {}) }
  }
  if (LONG.test(words) && isSpent) return { outcome: 'quota', ...windowOf(words) }
  if (SPEED.test(words)) return { outcome: 'throttled' }
  if (USED_UP.test(words)) return { outcome: 'quota', ...windowOf(words) }
  return undefined
}

function windowOf(words: string): { wait_ms?: number } {
  if (/hour/.test(words)) return { wait_ms: HOUR_MS }
  if (/month/.test(words)) return { wait_ms: untilNextMonthMs(Date.now()) }
  return /day|daily/.test(words) ? { wait_ms: DAY_MS } : {}
}

/** Milliseconds to the second day of the next month, UTC: then it has begun everywhere. */
function untilNextMonthMs(now_ms: number): number {
  const now = new Date(now_ms)
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 2) - now_ms
}

function restOf(words: string): Meaning | undefined {
  if (PLAN.test(words)) return { outcome: 'entitlement' }
  if (NO_ADDRESS.test(words)) return undefined
  if (NOBODY.test(words)) return { outcome: 'not_found' }
  return PASSING.test(words) ? { outcome: 'transient' } : undefined
}

/** The address itself is wrong: our mistake, and no word about an item. */
export const isNoAddress = (notice: string): boolean => NO_ADDRESS.test(notice.toLowerCase())
