import { MONTH_MS } from './budget.ts'

/** Bounds of the back-off between two tries of one request. */
const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 30_000

/** No provider counts in longer windows than a month; whoever asks for more is not understood. */
export const RETRY_AFTER_MAX_MS = MONTH_MS

/**
 * Milliseconds that `Retry-After` asks for (RFC 9110, 10.2.3: whole seconds, or a date in any of the three
 * forms of HTTP); undefined when it says nothing that can be understood. A date in the past asks for no wait.
 * At most RETRY_AFTER_MAX_MS.
 *
 * `now_ms`: the moment of the answer, best by the clock of who sent it: ours may be wrong.
 */
export function retryAfterMs(value: string | undefined, now_ms: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(RETRY_AFTER_MAX_MS, Math.ceil(Number(text) * 1000))
  const at = httpDateMs(text)
  return at === undefined ? undefined : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, at - now_ms))
}

/** Unix milliseconds of a date as HTTP writes it; undefined when it is none. */
export function httpDateMs(text: string | undefined): number | undefined {
  // Without this, Date.parse takes almost any digits for a year.
  if (text === undefined || !/^[A-Za-z]{3,9},? /.test(text)) return undefined
  // The old form of C's asctime() names no zone, and means GMT.
  const at = Date.parse(/(GMT|UTC|[+-]\d{4})$/.test(text) ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : at
}

/**
 * Exponential back-off with jitter: between half of the doubled wait and all of it, so that clients which
 * failed together part.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (attempt - 1))
  return Math.round(ceiling / 2 + (random() * ceiling) / 2)
}

/** Waits, unless `signal` ends it first; then throws the signal's reason. */
export async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  if (ms <= 0) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      signal?.removeEventListener('abort', stop)
      resolve()
    }
    function stop(): void {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}
