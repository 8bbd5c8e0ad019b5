import { setTimeout as sleep } from 'node:timers/promises'
import { Dropbox, type DropboxRequestOptions } from 'dropbox'
import { RemoteError, type RemoteErrorKind } from './errors.ts'
import { type Failure, readFailure } from './reply.ts'
import { type Credentials, Tokens } from './tokens.ts'

export interface ClientOptions {
  readonly credentials: Credentials
  /** Sends every request to a server on loopback instead, for rehearsals. Any other host is rejected. */
  readonly origin?: string
  /** How many attempts of one call may fail in a row. Default 8. */
  readonly attempts_max?: number
  /** First wait after a failure, doubled each time. Default 250 ms. */
  readonly delay_ms?: number
}

/** Longest wait between two attempts, unless Retry-After is longer. */
const DELAY_MAX_MS = 30_000
/** After a longer Retry-After, the call fails, and the next run tries again. */
const RETRY_AFTER_MAX_MS = 15 * 60_000
const TIMEOUT_MS = 5 * 60_000

/** One call of the package, with a client that has a valid token. */
export type Call<T> = (dropbox: Dropbox, options: DropboxRequestOptions) => Promise<{ readonly result: T }>

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Failures that the caller handles itself, at once and without a retry: return a value to end the call with
   * it.
   */
  readonly onFailure?: (failure: Failure) => { readonly value: unknown } | undefined
}

/**
 * The `dropbox` package with what it lacks: tokens refreshed one at a time, replay after 401, and retries of
 * temporary failures.
 */
export class Client {
  readonly #tokens: Tokens
  readonly #fetch: typeof fetch
  readonly #attempts_max: number
  readonly #delay_ms: number
  /** Attempts that were repeated until now. */
  retries = 0

  constructor({ credentials, origin, attempts_max = 8, delay_ms = 250 }: ClientOptions) {
    this.#fetch =
      origin === undefined ? (input, init) => fetch(input, { ...init, redirect: 'error' }) : fetchAt(origin)
    this.#tokens = new Tokens(credentials, this.#fetch)
    this.#attempts_max = attempts_max
    this.#delay_ms = delay_ms
  }

  /**
   * @param doing what the call is for, e.g. "upload x.dump"; it is part of the error.
   * @throws RemoteError when a retry cannot help.
   */
  async call<T>(doing: string, call: Call<T>, { signal, onFailure }: CallOptions = {}): Promise<T> {
    let refused: string | undefined
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted()
      let failure: Failure
      let token: string | undefined
      try {
        token = await this.#tokens.take(refused)
        // The package prints its tokens when it is inspected, so a client lives for one call only and never
        // leaves this function.
        const dropbox = new Dropbox({ accessToken: token, fetch: this.#fetch })
        return (await call(dropbox, { timeout: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) }))
          .result
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof RemoteError && !error.transient) throw error
        failure = readFailure(error)
      }
      const handled = onFailure?.(failure)
      if (handled !== undefined) return handled.value as T
      const isStale = failure.status === 401 && /^(expired|invalid)_access_token$/.test(failure.tags[0] ?? '')
      if (isStale && refused === undefined) {
        refused = token
        continue
      }
      const kind = kindOf(failure)
      const wait = failure.retry_after_ms ?? 0
      if (!isWorthRetrying(kind) || attempt >= this.#attempts_max || wait > RETRY_AFTER_MAX_MS)
        throw toError(doing, kind, failure, attempt)
      this.retries += 1
      await this.#wait(wait, attempt, signal)
    }
  }

  /** Waits before the next attempt of a call that failed this many times in a row. */
  async pause(failures: number, signal?: AbortSignal): Promise<void> {
    this.retries += 1
    await this.#wait(0, failures, signal)
  }

  async #wait(least_ms: number, failures: number, signal: AbortSignal | undefined): Promise<void> {
    const backOff = Math.min(this.#delay_ms * 2 ** (failures - 1), DELAY_MAX_MS)
    // Never before Retry-After: a limited request counts too. A little later, so that two clients do not meet
    // again.
    await sleep(
      Math.max(least_ms, backOff) + Math.random() * this.#delay_ms,
      undefined,
      signal === undefined ? {} : { signal },
    )
  }
}

function kindOf({ status, tags }: Failure): RemoteErrorKind {
  if (status === undefined) return 'network'
  if (tags.includes('missing_scope')) return 'scope'
  if (status === 401 || status === 403) return 'auth'
  if (status === 429 || tags.includes('too_many_write_operations') || tags.includes('too_many_requests'))
    return 'throttled'
  if (status >= 500 || status === 408) return 'server'
  if (
    tags.includes('insufficient_space') ||
    tags.includes('upload_traffic_limit_reached') ||
    tags.includes('insufficient_quota')
  )
    return 'space'
  if (tags.includes('conflict')) return 'conflict'
  if (tags.includes('not_found')) return 'not_found'
  return 'refused'
}

const isWorthRetrying = (kind: RemoteErrorKind): boolean =>
  kind === 'network' || kind === 'throttled' || kind === 'server'

const NEXT: Readonly<Record<RemoteErrorKind, string>> = {
  auth: 'Link the app again and set its tokens (see .env.example).',
  scope: 'Give the app this permission in the Dropbox App Console, link it again, and set the new tokens.',
  space:
    'Free space in Dropbox, then run again: the upload continues where it stopped. The local backup is kept.',
  conflict: 'Rename or remove the file in Dropbox; nothing was overwritten.',
  not_found: 'Look for it with the list of backups.',
  throttled: 'Run again later: the upload continues where it stopped.',
  network: 'Check the network, then run again: the upload continues where it stopped.',
  server: 'Run again later: the upload continues where it stopped.',
  damaged: 'Run again.',
  refused: 'Read the reason that Dropbox gives.',
}

function toError(doing: string, kind: RemoteErrorKind, failure: Failure, attempts: number): RemoteError {
  const scope =
    failure.required_scope === undefined ? '' : ` The permission ${failure.required_scope} is missing.`
  const tries = attempts === 1 ? '' : ` after ${attempts} attempts`
  return new RemoteError(kind, `Dropbox did not ${doing}${tries}: ${failure.text}.${scope} ${NEXT[kind]}`)
}

/**
 * The package has the hosts of Dropbox built in: their names become the first part of the path at `origin`.
 */
function fetchAt(origin: string): typeof fetch {
  const base = new URL(origin)
  if (!['127.0.0.1', '[::1]', 'localhost'].includes(base.hostname))
    throw new TypeError(`"${origin}" is not on loopback: backups are led to no other host.`)
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    return fetch(new URL(`/${url.host}${url.pathname}${url.search}`, base), { ...init, redirect: 'error' })
  }
}
