import type { LimitFunction } from 'p-limit'
import { DAY_MS } from '../../helpers/core/days.ts'
import { redact } from '../../helpers/core/redact.ts'
import type { ArchiveEntry } from '../archive/archive.ts'
import type { Incoming } from '../archive/objects.ts'
import { sourceError } from './breaker.ts'
import { HOUR_MS } from './budget.ts'
import { classify } from './frame.ts'
import { type ClientOptions, classifierOf } from './options.ts'
import { type Answer, isResult, type Result, type Verdict } from './outcome.ts'
import { destinationOf, type HttpProfile, type HttpRequest, type HttpResponse } from './profile.ts'
import { httpDateMs, retryAfterMs, wait } from './retry.ts'
import { type Broken, isBroken, type Timeouts, type Transport } from './transport.ts'
import { firstBytes, zipFault } from './zip.ts'

export interface Attempt {
  readonly profile: HttpProfile
  readonly request: HttpRequest & { readonly method: 'GET' | 'POST' }
  readonly account: string
  readonly fingerprint: string
  /** Without secrets. */
  readonly url: string
  readonly transport: Transport
  readonly timeouts: Timeouts
  readonly body_bytes_max: number
  readonly is_download: boolean
  readonly signal: AbortSignal
  readonly options: ClientOptions & { readonly wait_max_ms: number }
  readonly attempt: number
  /** Where requests of this client wait for their slots. */
  readonly queue: LimitFunction
  /** Throws when the provider has meanwhile said something about the account. */
  readonly check: () => void
}
type Tried =
  | { readonly response: HttpResponse & { readonly path: string } }
  | {
      readonly verdict: Verdict
      readonly http_status: number | undefined
      /** What the provider said of waiting, by a header or in words. */
      readonly stated_wait_ms: number | undefined
      /** How long all processes leave it alone for that. */
      readonly pause_ms: number | undefined
    }

const REDIRECTS_MAX = 3
const NOTICE_BYTES_MAX = 4096

/** One try: takes a slot, sends, classifies, archives what passed, and writes down what became of it. */
export async function attemptOnce(base: Attempt): Promise<Tried> {
  const { ledger } = base.options
  const { request_id, start_in_ms } = await takeSlot(base)
  const incoming = base.is_download ? await base.options.archive.incoming() : undefined
  const sending = { at_ms: performance.now() }
  let latency_ms: number | undefined
  const sent = () => {
    const ago_ms = performance.now() - sending.at_ms
    return { ago_ms, latency_ms: latency_ms ?? ago_ms }
  }
  try {
    await wait(start_in_ms, base.signal)
    const answer = withoutKeys(base.profile, base.request.url, await exchange(base, incoming, sending))
    latency_ms = answer.latency_ms
    const http_status = answer.http_status
    const verdict = await judge(answer, base, incoming)
    if (isResult(verdict.outcome) && !isBroken(answer)) {
      const entry = await store(base, answer, verdict.outcome, incoming)
      const reason = redact(verdict.reason)
      await ledger.settle(request_id, {
        outcome: verdict.outcome,
        reason,
        http_status,
        body_bytes: entry.body_bytes,
        archive_sha256: entry.sha256,
        sent: sent(),
      })
      const { url, sha256, fetched_at } = entry
      const path = base.options.archive.path(entry)
      const known = { outcome: verdict.outcome, reason, url, sha256, fetched_at, path, is_archived: false }
      return {
        response: {
          ...known,
          http_status: answer.http_status,
          headers: answer.headers,
          body: answer.body,
          json: verdict.json ?? null,
        },
      }
    }
    const body_bytes = isBroken(answer) ? undefined : answer.body.length
    await ledger.settle(request_id, {
      outcome: verdict.outcome,
      reason: redact(verdict.reason),
      http_status,
      body_bytes,
      sent: sent(),
    })
    const header = isBroken(answer)
      ? undefined
      : retryAfterMs(answer.headers['retry-after'], httpDateMs(answer.headers['date']) ?? Date.now())
    return {
      verdict,
      http_status,
      stated_wait_ms: header ?? verdict.wait_ms,
      pause_ms: pauseMs(header, verdict.wait_ms),
    }
  } catch (error) {
    // The caller gave up, or our own side failed (disk full): either way the request was spent.
    await ledger
      .settle(request_id, { outcome: 'cancelled', reason: redact(String(error)), sent: sent() })
      .catch(() => {}) // The first error matters.
    throw error
  } finally {
    await incoming?.discard()
  }
}

/**
 * A word about a window is our reading of it, and who buys more in the meantime need not wait for the month
 * to end.
 */
function pauseMs(header_ms: number | undefined, words_ms: number | undefined): number | undefined {
  if (header_ms !== undefined) return Math.min(header_ms, DAY_MS)
  return words_ms === undefined ? undefined : Math.min(words_ms, HOUR_MS)
}

// Shorter values are no keys of a provider, and could be digits of a price.
const KEY_CHARACTERS_MIN = 12

/**
 * A body that repeats our key would carry it into the archive; what is read and kept is the body without it,
 * so that a replay reads the same. The keys of this provider alone: any other secret of ours is none of its
 * words, and might be a number in its data.
 */
function withoutKeys(
  { account_key, headers, secret_parameters = [] }: HttpProfile,
  url: string,
  answer: Answer | Broken,
): Answer | Broken {
  if (isBroken(answer) || (account_key === undefined && secret_parameters.length === 0)) return answer
  const asked = new URL(url).searchParams
  const values = [account_key, ...Object.values(headers), ...secret_parameters.map((name) => asked.get(name))]
  const keys = values.flatMap((key) =>
    key == null || key.length < KEY_CHARACTERS_MIN ? [] : [key, encodeURIComponent(key)],
  )
  const text = answer.body.toString('utf8')
  const clean = keys.reduce((left, key) => left.replaceAll(key, '[redacted key]'), text)
  return clean === text
    ? answer
    : { ...answer, headers: withoutLength(answer.headers), body: Buffer.from(clean) }
}
const withoutLength = ({ 'content-length': _, ...headers }: Answer['headers']): Answer['headers'] => headers

/** One at a time: the others of this process would only be asked to try again. */
function takeSlot(base: Attempt): Promise<{ request_id: string; start_in_ms: number }> {
  base.options.permit?.()
  return base.queue(() => askForSlot(base))
}

async function askForSlot(base: Attempt): Promise<{ request_id: string; start_in_ms: number }> {
  const { profile, account, fingerprint, url, attempt, request, options } = base
  for (;;) {
    base.signal.throwIfAborted()
    base.check()
    const slot = await options.ledger.take({
      provider: profile.provider,
      account,
      limits: profile.limits,
      method: request.method,
      url,
      fingerprint,
      attempt,
      cost: request.cost ?? 1,
    })
    if ('request_id' in slot) return slot
    if (slot.wait_ms > options.wait_max_ms) {
      const next_try_at = new Date(Date.now() + slot.wait_ms).toISOString()
      throw sourceError(
        redact(
          `The budget of ${profile.provider} is used up (${slot.because}); ` +
            `the next request may go out at ${next_try_at}. Resume then.`,
        ),
        { error_class: slot.is_quota ? 'quota' : 'throttled', next_try_at, is_long_wait: true },
      )
    }
    await wait(slot.wait_ms, base.signal)
  }
}

async function exchange(
  base: Attempt,
  incoming: Incoming | undefined,
  sending: { at_ms: number },
): Promise<Answer | Broken> {
  const { profile, request, options, transport, signal, body_bytes_max, timeouts } = base
  let url = request.url
  for (let hop = 0; ; hop++) {
    const { origin, host, path } = destinationOf(profile, url, options.stand_ins ?? {})
    const official = new URL(url).origin
    sending.at_ms = performance.now()
    const answer = await transport.exchange({
      method: request.method,
      origin,
      path,
      // Keys stay with the origins of the provider.
      headers: profile.origins.includes(official)
        ? { ...profile.headers, ...request.headers, host }
        : { host },
      body: request.body,
      body_bytes_max,
      timeouts,
      signal,
      sink: incoming?.write,
    })
    if (
      isBroken(answer) ||
      answer.http_status < 300 ||
      answer.http_status > 399 ||
      answer.http_status === 304
    )
      return answer
    const to = redirectTarget(answer.headers['location'], url)
    const is_near = to !== undefined && (to.origin === official || to.origin === origin)
    const is_allowed = is_near || (to !== undefined && profile.redirect_origins?.includes(to.origin) === true)
    if (to === undefined || !is_allowed || hop >= REDIRECTS_MAX) {
      let reason = 'a redirect without a valid address'
      if (to !== undefined && hop >= REDIRECTS_MAX) reason = 'too many redirects'
      else if (to !== undefined) reason = `a redirect to another origin, ${to.origin}, is not followed`
      return {
        broken: 'malformed',
        reason: `HTTP ${answer.http_status}: ${reason}`,
        http_status: answer.http_status,
      }
    }
    url = is_near ? new URL(`${to.pathname}${to.search}`, official).href : to.href
  }
}

function redirectTarget(location: string | undefined, from: string): URL | undefined {
  return location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined
}

async function judge(
  answer: Answer | Broken,
  base: Attempt,
  incoming: Incoming | undefined,
): Promise<Verdict> {
  if (isBroken(answer)) return { outcome: answer.broken, reason: answer.reason }
  if (incoming === undefined || answer.http_status !== 200)
    return classify(answer, classifierOf(base.profile, base.request))
  if (base.request.expects !== 'zip') return { outcome: 'ok', reason: 'HTTP 200' }
  const fault = await zipFault(incoming.part)
  if (fault?.outcome !== 'malformed') return fault ?? { outcome: 'ok', reason: 'HTTP 200' }
  // What came in place of the file may say why.
  const { http_status, headers } = answer
  const body = await firstBytes(incoming.part, NOTICE_BYTES_MAX)
  return classify(
    { http_status, headers: withoutLength(headers), body },
    classifierOf(base.profile, base.request),
  )
}

function store(
  base: Attempt,
  answer: Answer,
  outcome: Result,
  incoming: Incoming | undefined,
): Promise<ArchiveEntry> {
  const { profile, fingerprint, url, request, options } = base
  const asked = {
    fingerprint,
    provider: profile.provider,
    adapter_version: profile.adapter_version,
    method: request.method,
    url,
    http_status: answer.http_status,
    headers: answer.headers,
    outcome,
  }
  if (incoming !== undefined && answer.http_status === 200)
    return options.archive.storeIncoming(asked, incoming)
  return options.archive.store(asked, answer.body)
}
