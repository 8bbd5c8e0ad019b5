import { createHash } from 'node:crypto'
import type { Limit } from './budget.ts'
import type { Expectation } from './frame.ts'
import type { TextJson } from './json.ts'
import type { Result, Verdict } from './outcome.ts'
import type { Pattern } from './pattern.ts'
import type { Timeouts } from './transport.ts'

/** What the client must know of a provider. An adapter declares it; nothing else knows a provider. */
export interface HttpProfile {
  readonly provider: string
  /** Goes up when the adapter asks or reads differently; stored with every response. */
  readonly adapter_version: string
  /** The only origins that are ever asked. */
  readonly origins: readonly string[]
  /**
   * Origins to which an answer may redirect, e.g. the store of a bulk file. Our headers, and so our keys,
   * stay behind.
   */
  readonly redirect_origins?: readonly string[]
  /** Limits of the account, as the provider states them; windows slide. */
  readonly limits: readonly Limit[]
  /** Sent with every request, keys included. They never go to another origin. */
  readonly headers: Readonly<Record<string, string>>
  /** Query parameters that carry a key, for providers that take it nowhere else. */
  readonly secret_parameters?: readonly string[]
  /** The key that names the account of the budget; a hash of it is stored. Left out: anonymous. */
  readonly account_key?: string
  /** Requests at once. */
  readonly concurrency_max: number
  /** What the provider is known to mean by certain words. */
  readonly patterns?: readonly Pattern[]
  readonly timeouts?: Partial<Timeouts>
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST'
  /** Official address, whatever the rehearsal puts in its place. */
  readonly url: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly expects: Expectation
  readonly shape?: (content: { readonly json: TextJson; readonly text: string }) => Verdict | undefined
  /** In the provider's credits; 1 by default. */
  readonly cost?: number
  /** Query parameters that name the present moment, so that a replay finds the answer on any day. */
  readonly volatile_parameters?: readonly string[]
  readonly body_bytes_max?: number
  /** Two jobs of a run ask the same: the second one takes the answer that this client has archived. */
  readonly is_shared?: boolean
  /** An answer that was archived since then (ISO 8601) is as good as a new one. */
  readonly reuse_since_at?: string
}

/** An answer that passed its classifier, fresh or archived. */
export interface HttpResponse {
  readonly outcome: Result
  readonly reason: string
  readonly http_status: number
  readonly headers: Readonly<Record<string, string>>
  /** Address without secrets. */
  readonly url: string
  readonly sha256: string
  /** ISO 8601 UTC; of the archived answer when it came from the archive. */
  readonly fetched_at: string
  readonly is_archived: boolean
  /** Empty after a download. */
  readonly body: Buffer
  /** The parsed body with numbers as text, when JSON was expected; null otherwise. */
  readonly json: TextJson
}

export const accountOf = (profile: HttpProfile): string =>
  profile.account_key === undefined
    ? 'anonymous'
    : `key-${createHash('sha256').update(profile.account_key).digest('hex').slice(0, 12)}`

/**
 * Where a request goes: the official origin, checked against the allow-list, or the loopback server that a
 * rehearsal puts in its place.
 *
 * @throws TypeError for an address outside the allow-list, for one without a stand-in where others have one,
 *   and for a stand-in that
 * is not loopback: these are our own mistakes.
 */
export function destinationOf(
  profile: HttpProfile,
  url: string,
  stand_ins: Readonly<Record<string, string>>,
): { origin: string; host: string; path: string } {
  const asked = new URL(url)
  if (!profile.origins.includes(asked.origin) && profile.redirect_origins?.includes(asked.origin) !== true) {
    throw new TypeError(
      `${profile.provider} may not send requests to ${asked.origin}; its allow-list is ` +
        `${profile.origins.join(', ')}.`,
    )
  }
  const override = stand_ins[asked.origin]
  if (override === undefined && Object.keys(stand_ins).length > 0) {
    throw new TypeError(
      `This rehearsal has no stand-in for ${asked.origin}, and a rehearsal requests only its stand-ins.`,
    )
  }
  if (override !== undefined && !isLoopback(override)) {
    throw new TypeError(
      `${override} is not a loopback address; only a rehearsal on this machine may replace a provider.`,
    )
  }
  return { origin: override ?? asked.origin, host: asked.host, path: `${asked.pathname}${asked.search}` }
}

function isLoopback(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return (
    protocol === 'http:' &&
    (/^127(\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]' || hostname === 'localhost')
  )
}
