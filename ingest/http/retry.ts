/** Bounds of the back-off between two tries of one request. */
export const BACKOFF_FIRST_MS = 500
export const BACKOFF_MAX_MS = 30_000

/**
 * Milliseconds that `Retry-After` asks for (RFC 9110, 10.2.3: whole seconds, or an HTTP date); undefined when it says nothing
 * that can be understood. A date in the past asks for no wait.
 */
export function retryAfterMs(value: string | undefined, now_ms: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000)
  // Without this, Date.parse takes almost any digits for a year.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now_ms)
}

/** Exponential back-off with jitter: between half of the doubled wait and all of it, so that clients which failed together part. */
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
