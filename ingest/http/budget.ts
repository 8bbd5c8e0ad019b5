/** One limit of a provider: no more than `requests_max` in any span of `window_ms`. */
export interface Limit {
  readonly requests_max: number
  readonly window_ms: number
}

export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
/** A month of a provider is counted as 31 days: no calendar month is longer. */
export const MONTH_MS = 31 * DAY_MS

export const per = (window_ms: number, requests_max: number): Limit => ({ requests_max, window_ms })

// A slow answer may hold its slot for this share of the window and no longer: what is left is 96 % of the limit.
const SLACK_RATIO = 0.04
export const slackMs = ({ window_ms }: Limit): number => (window_ms < HOUR_MS ? Math.floor(window_ms * SLACK_RATIO) : 0)

/** A request that spends: when it was sent, and when its answer came. */
export interface Spending {
  readonly started_ms: number
  readonly answered_ms: number | undefined
}

/**
 * Milliseconds until one more request keeps within `limits`; 0 = now.
 *
 * Windows slide: in no span of `window_ms` does the provider see more than `requests_max`, so that it does not matter whether
 * it counts in fixed windows, sliding ones or by a bucket. The provider counts a request somewhere between `started_ms` and
 * `answered_ms`, hence the slack. The same rule stands in SQL (`ingestion.take_slot`), where processes share it.
 */
export function waitMs(limits: readonly Limit[], spent: readonly Spending[], now_ms: number): number {
  let until_ms = now_ms
  for (const limit of limits) {
    const slack = slackMs(limit)
    const releases = spent
      .map(({ started_ms, answered_ms }) => Math.min(answered_ms ?? Number.POSITIVE_INFINITY, started_ms + slack) + limit.window_ms)
      .toSorted((a, b) => b - a)
    until_ms = Math.max(until_ms, releases[limit.requests_max - 1] ?? now_ms)
  }
  return until_ms - now_ms
}

/** «195/min, 8/s», for people. */
export function describeLimits(limits: readonly Limit[]): string {
  const units = new Map([
    [SECOND_MS, 's'],
    [MINUTE_MS, 'min'],
    [HOUR_MS, 'h'],
    [DAY_MS, 'day'],
    [MONTH_MS, 'month'],
  ])
  return limits.map(({ requests_max, window_ms }) => `${requests_max}/${units.get(window_ms) ?? `${window_ms} ms`}`).join(', ')
}
