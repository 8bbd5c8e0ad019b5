import { DAY_MS } from '../../helpers/core/days.ts'

/** One limit of a provider: no more than `requests_max` in any span of `window_ms`. */
export interface Limit {
  readonly requests_max: number
  readonly window_ms: number
}

export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
/** A month of a provider is counted as 31 days: no calendar month is longer. */
export const MONTH_MS = 31 * DAY_MS

export const per = (window_ms: number, requests_max: number): Limit => ({ requests_max, window_ms })

/**
 * How far the journeys of two requests may differ, at most: within this, no window is overrun. `hold_ms` is
 * what a request that is still under way is granted.
 */
export function allowanceOf({ window_ms }: Limit): { jitter_ms: number; hold_ms: number } {
  // Counted by the minute, which is coarser than any journey.
  if (window_ms >= HOUR_MS) return { jitter_ms: 0, hold_ms: 0 }
  return {
    jitter_ms: Math.min(Math.ceil(window_ms * 0.25), 2000),
    hold_ms: Math.min(Math.ceil(window_ms * 0.25), 3000),
  }
}

/**
 * A request that spends: when its slot was taken, and, once answered, when it was sent and how long the
 * answer took to begin.
 */
export interface Spending {
  readonly started_ms: number
  readonly sent?: { readonly at_ms: number; readonly latency_ms: number } | undefined
}

// A handful of answers, all of them held up by one cold start, does not show what quick is: then nothing is
// deducted.
const LATENCIES_MIN = 20

/**
 * Milliseconds until one more request keeps within `limits`; 0 = now.
 *
 * Windows slide: in no span of `window_ms` does the provider see more than `requests_max`, so that it does
 * not matter whether it counts in fixed windows, in sliding ones or by a bucket. When exactly it counts a
 * request we cannot know; but two requests are seen as far apart as they were sent, less what the first
 * travelled longer than the second. The least latency bounds the second from below, hence the rule: a slot is
 * free `window_ms` after its request was sent, plus its latency above the least. The same rule is in SQL
 * (`ingestion.take_slot`), where processes share it.
 */
export function waitMs(limits: readonly Limit[], spent: readonly Spending[], now_ms: number): number {
  const latencies = spent.flatMap(({ sent }) => (sent === undefined ? [] : [sent.latency_ms]))
  const quickest_ms =
    latencies.length < LATENCIES_MIN ? 0 : latencies.reduce((least, each) => Math.min(least, each))
  let until_ms = now_ms
  for (const limit of limits) {
    const { jitter_ms, hold_ms } = allowanceOf(limit)
    const releases = spent
      .map(({ started_ms, sent }) =>
        sent === undefined
          ? started_ms + hold_ms
          : sent.at_ms + Math.min(sent.latency_ms - quickest_ms, jitter_ms),
      )
      .toSorted((a, b) => b - a)
    const last = releases[limit.requests_max - 1]
    if (last !== undefined) until_ms = Math.max(until_ms, last + limit.window_ms)
  }
  return until_ms - now_ms
}

/** "195/min, 8/s", for people. */
export function describeLimits(limits: readonly Limit[]): string {
  const units = new Map([
    [SECOND_MS, 's'],
    [MINUTE_MS, 'min'],
    [HOUR_MS, 'h'],
    [DAY_MS, 'day'],
    [MONTH_MS, 'month'],
  ])
  return limits
    .map(({ requests_max, window_ms }) => `${requests_max}/${units.get(window_ms) ?? `${window_ms} ms`}`)
    .join(', ')
}
