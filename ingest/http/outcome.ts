import type { ErrorClass } from '../contract/provider.ts'
import type { TextJson } from './json.ts'

/**
 * What a response is. The first three are results and are archived; the others are failures and never are.
 */
const OUTCOMES = [
  'ok',
  'empty',
  'not_found',
  'quota',
  'throttled',
  'auth',
  'entitlement',
  'transient',
  'malformed',
  'truncated',
] as const
export type Outcome = (typeof OUTCOMES)[number]
export type Result = Extract<Outcome, 'ok' | 'empty' | 'not_found'>
export type Failure = Exclude<Outcome, Result> & ErrorClass

export const isResult = (outcome: Outcome): outcome is Result =>
  outcome === 'ok' || outcome === 'empty' || outcome === 'not_found'

/** Facts about the account: they hold for every other request of the provider too. */
export const isAboutAccount = (outcome: Outcome): boolean =>
  outcome === 'quota' || outcome === 'auth' || outcome === 'entitlement'

/** The same request may succeed a moment later. */
export const isWorthRetry = (outcome: Outcome): boolean =>
  outcome === 'throttled' || outcome === 'transient' || outcome === 'truncated' || outcome === 'malformed'

export interface Verdict {
  readonly outcome: Outcome
  /**
   * Why, in a sentence fragment: "HTTP 429: Too Many Requests". Never holds a secret after redaction at the
   * sink.
   */
  readonly reason: string
  /** How long the provider wants to be left alone, when its body says so and no header does. */
  readonly wait_ms?: number
  /** The parsed body, when it was JSON: numbers are text. */
  readonly json?: TextJson
}

/** One answer of a server, whole and unpacked. */
export interface Answer {
  readonly http_status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Milliseconds from sending to the head of the answer. */
  readonly latency_ms?: number
}
