/** A limit that slides: so many requests in any stretch of the window. */
export interface Limit {
  readonly requests: number
  readonly window_ms: number
}

export interface Limiter {
  /** True when the request is within the limit; a refused one does not count against it. */
  admit(now_ms: number): boolean
  /** How many more would be admitted now. */
  remaining(now_ms: number): number
  readonly limit: Limit
}

export function createLimiter(limit: Limit): Limiter {
  let admitted: number[] = []
  const recent = (now_ms: number): number[] => {
    if ((admitted[0] ?? now_ms) <= now_ms - limit.window_ms)
      admitted = admitted.filter((at) => at > now_ms - limit.window_ms)
    return admitted
  }
  return {
    limit,
    admit: (now_ms) => {
      if (recent(now_ms).length >= limit.requests) return false
      admitted.push(now_ms)
      return true
    },
    remaining: (now_ms) => Math.max(0, limit.requests - recent(now_ms).length),
  }
}
