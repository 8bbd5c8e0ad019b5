import pLimit from 'p-limit'
import { redact } from '../../helpers/core/redact.ts'
import { type Archive, type ArchiveEntry, fingerprintOf } from '../archive/archive.ts'
import type { SourceError } from '../contract/provider.ts'
import { type Attempt, attemptOnce } from './attempt.ts'
import { type Breaker, openBreaker, sourceError } from './breaker.ts'
import { classify } from './frame.ts'
import { type ClientOptions, classifierOf } from './options.ts'
import { type Failure, isAboutAccount, isResult, isWorthRetry, type Verdict } from './outcome.ts'
import { accountOf, destinationOf, type HttpProfile, type HttpRequest, type HttpResponse } from './profile.ts'
import { backoffMs, wait } from './retry.ts'
import { DEFAULT_TIMEOUTS, openTransport, type Timeouts, type Transport } from './transport.ts'

export interface HttpClient {
  readonly profile: HttpProfile
  /**
   * Asks, classifies, archives. Only `ok`, `empty` and `not_found` come back.
   *
   * @throws SourceError for everything else, after the retries that its class allows; quota, auth and
   *   entitlement stop every later call too.
   */
  fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>
  /** The same for a body too large for memory; `path` is the archived file. */
  download(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse & { readonly path: string }>
  close(): Promise<void>
}

const BODY_BYTES_MAX = 256 * 1024 * 1024
const DOWNLOAD_BYTES_MAX = 8 * 1024 * 1024 * 1024
const ATTEMPTS_MAX = 5
const WAIT_MAX_MS = 15 * 60_000

export function openClient(stated: HttpProfile, options: ClientOptions): HttpClient {
  const { haste = 1 } = options
  const limits = stated.limits.map((limit) => ({ ...limit, requests_max: limit.requests_max * haste }))
  const profile = { ...stated, limits }
  const timeouts: Timeouts = { ...DEFAULT_TIMEOUTS, ...profile.timeouts }
  let transport: Transport | undefined
  const breaker = openBreaker()
  const opened_at = new Date().toISOString()
  const places = pLimit(profile.concurrency_max)
  const queue = pLimit(1)
  // p-limit keeps an aborted caller in its queue until its turn. That is soon: the requests before it carry
  // the signal of the same run and end with it, and each one has a time limit of its own.
  const inTurn = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    places(() => {
      signal.throwIfAborted()
      return work()
    })

  const under_way = new Map<string, Promise<HttpResponse>>()
  /** A shared request that is under way is not sent a second time. */
  function once(request: HttpRequest, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
    if (request.is_shared !== true) return send()
    const sent = under_way.get(request.url) ?? send().finally(() => under_way.delete(request.url))
    under_way.set(request.url, sent)
    return sent
  }

  async function ask(
    request: HttpRequest,
    signal: AbortSignal,
    is_download: boolean,
  ): Promise<HttpResponse & { path: string }> {
    const method = request.method ?? 'GET'
    const { fingerprint, url } = fingerprintOf({
      ...request,
      method,
      secret_parameters: profile.secret_parameters,
    })
    destinationOf(profile, request.url, options.stand_ins ?? {}) // The allow-list holds for a replay too.
    const reused_since = [
      options.reuse_since_at ?? (request.is_shared === true ? opened_at : undefined),
      request.reuse_since_at,
    ]
      .filter((at) => at !== undefined)
      .toSorted()[0]
    const since = options.mode === 'replay' ? undefined : reused_since
    const stored =
      options.mode === 'replay' || since !== undefined
        ? await options.archive.find(fingerprint, since)
        : undefined
    if (stored !== undefined) return fromArchive(options.archive, stored, request, profile, is_download)
    if (options.mode === 'replay') {
      throw sourceError(
        `The archive ${options.archive.directory} has no answer to ${method} ${url} ` +
          `(fingerprint ${fingerprint.slice(0, 12)}…). ` +
          'A replay makes no requests: use the archive of a complete run, or run live again.',
        { error_class: 'internal' },
      )
    }
    transport ??= openTransport(timeouts)
    const attempt: Omit<Attempt, 'attempt'> = {
      profile,
      request: { ...request, method },
      account: accountOf(profile),
      fingerprint,
      url,
      transport,
      timeouts: is_download
        ? { ...timeouts, total_ms: Math.max(timeouts.total_ms, 4 * 3_600_000) }
        : timeouts,
      body_bytes_max: request.body_bytes_max ?? (is_download ? DOWNLOAD_BYTES_MAX : BODY_BYTES_MAX),
      is_download,
      signal,
      queue,
      check: breaker.check,
      options: { ...options, wait_max_ms: options.wait_max_ms ?? WAIT_MAX_MS },
    }
    return retried(attempt, breaker, options)
  }

  return {
    profile,
    fetch: (request, signal) => once(request, () => inTurn(signal, () => ask(request, signal, false))),
    download: (request, signal) => inTurn(signal, () => ask(request, signal, true)),
    close: async () => transport?.close(),
  }
}

async function retried(
  base: Omit<Attempt, 'attempt'>,
  breaker: Breaker,
  options: ClientOptions,
): Promise<HttpResponse & { path: string }> {
  const attempts_max = options.attempts_max ?? ATTEMPTS_MAX
  const { provider } = base.profile
  const wait_max_ms = base.options.wait_max_ms
  for (let attempt = 1; ; attempt++) {
    const result = await attemptOnce({ ...base, attempt }).catch((error: SourceError) => {
      if (error.name === 'SourceError') breaker.note(error)
      throw error
    })
    if ('response' in result) return result.response
    const { verdict, http_status, stated_wait_ms, pause_ms } = result
    const error_class = verdict.outcome as Failure
    // Even after "Retry-After: 0" we wait before the next try.
    const wait_ms = Math.max(stated_wait_ms ?? 0, backoffMs(attempt) / (options.haste ?? 1))
    // A redirect that is not followed and a refusal of the question would be the same next time.
    const is_refusal =
      error_class === 'malformed' &&
      http_status !== undefined &&
      http_status >= 300 &&
      http_status < 500 &&
      http_status !== 404
    const is_last = attempt >= attempts_max || !isWorthRetry(error_class) || is_refusal
    options.log.info(
      {
        provider,
        url: base.url,
        attempt,
        class: error_class,
        reason: redact(verdict.reason),
        wait_ms: is_last ? 0 : wait_ms,
      },
      'request failed',
    )
    // All processes leave the provider alone, also when it is this request's last try.
    if (
      pause_ms !== undefined &&
      (error_class === 'throttled' || error_class === 'quota' || error_class === 'transient')
    ) {
      const is_quota = error_class === 'quota'
      await options.ledger.pause(provider, base.account, {
        is_quota,
        reason: verdict.reason,
        until_ms: Date.now() + pause_ms,
      })
    }
    if (is_last || wait_ms > wait_max_ms) {
      const is_long_wait = stated_wait_ms !== undefined && stated_wait_ms > wait_max_ms
      const error = failure(base, verdict, { http_status, attempt, stated_wait_ms, is_long_wait })
      breaker.note(error)
      throw error
    }
    await wait(wait_ms, base.signal)
  }
}

interface Failed {
  readonly http_status: number | undefined
  readonly attempt: number
  readonly stated_wait_ms: number | undefined
  readonly is_long_wait: boolean
}

function failure(
  base: Omit<Attempt, 'attempt'>,
  verdict: Verdict,
  { http_status, attempt, stated_wait_ms, is_long_wait }: Failed,
): SourceError {
  const error_class = verdict.outcome as Failure
  const next_try_at =
    stated_wait_ms === undefined ? undefined : new Date(Date.now() + stated_wait_ms).toISOString()
  let advice = next_try_at === undefined ? '' : ` Not before ${next_try_at}.`
  if (isAboutAccount(error_class) || is_long_wait)
    advice = ' Every other request of this account would get the same answer; the rest is deferred.'
  return sourceError(
    redact(
      `${base.profile.provider} answered ${error_class} to ${base.request.method} ${base.url} ` +
        `(attempt ${attempt}): ${verdict.reason}.${advice}`,
    ),
    { error_class, http_status, next_try_at, is_long_wait },
  )
}

async function fromArchive(
  archive: Archive,
  entry: ArchiveEntry,
  request: HttpRequest,
  profile: HttpProfile,
  is_download: boolean,
): Promise<HttpResponse & { path: string }> {
  const { outcome, http_status, headers, url, sha256, fetched_at } = entry
  const found = {
    outcome,
    http_status,
    headers,
    url,
    sha256,
    fetched_at,
    is_archived: true,
    reason: `archived ${fetched_at}`,
    path: archive.path(entry),
  }
  if (is_download) return { ...found, body: Buffer.alloc(0), json: null }
  const body = await archive.body(entry)
  // The classifier of today judges the body of yesterday: what it no longer believes is not read.
  const verdict = classify({ http_status, headers: {}, body }, classifierOf(profile, request))
  if (!isResult(verdict.outcome)) {
    throw sourceError(
      `The archived answer to ${url} (SHA-256 ${sha256.slice(0, 12)}…) is ${verdict.outcome}: ` +
        `${verdict.reason}. Fetch it again.`,
      {
        error_class: verdict.outcome as Failure,
        http_status,
      },
    )
  }
  return { ...found, outcome: verdict.outcome, body, json: verdict.json ?? null }
}
