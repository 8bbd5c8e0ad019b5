import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Limit, type Spending, waitMs } from './budget.ts'

const limits = fc.array(fc.record({ requests_max: fc.integer({ min: 1, max: 30 }), window_ms: fc.constantFrom(100, 1000, 60_000) }), {
  minLength: 1,
  maxLength: 3,
})

/** Sends as fast as `limits` allow; request i is answered `latency(i)` ms later. Gives the starts. */
function simulate(rules: readonly Limit[], latencies: readonly number[]): Spending[] {
  const spent: Spending[] = []
  let now_ms = 0
  for (const latency_ms of latencies) {
    now_ms += waitMs(rules, spent, now_ms)
    spent.push({ started_ms: now_ms, answered_ms: now_ms + latency_ms })
  }
  return spent
}

test('no span of a window ever holds more requests than its limit, wherever it begins', () => {
  fc.assert(
    fc.property(limits, fc.array(fc.nat(3), { minLength: 1, maxLength: 120 }), (rules, latencies) => {
      const starts = simulate(rules, latencies).map(({ started_ms }) => started_ms)
      for (const { requests_max, window_ms } of rules) {
        for (const from of starts)
          expect(starts.filter((at) => at >= from && at < from + window_ms).length).toBeLessThanOrEqual(requests_max)
      }
    }),
  )
})

test('while the provider counts a request within the slack, its own windows are never overrun', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.record({ latency_ms: fc.nat(40), share: fc.double({ min: 0, max: 1, noNaN: true }) }), { minLength: 1, maxLength: 120 }),
      (requests_max, requests) => {
        const spent = simulate(
          [{ requests_max, window_ms: 1000 }],
          requests.map(({ latency_ms }) => latency_ms),
        )
        const counted = spent.map(({ started_ms }, i) => started_ms + (requests[i]?.latency_ms ?? 0) * (requests[i]?.share ?? 0))
        for (const from of counted) expect(counted.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(requests_max)
      },
    ),
  )
})

test('at least 96 % of a limit is used, however slow the answers are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(5000), (requests_max, latency_ms) => {
      const windows = 10
      const spent = simulate([{ requests_max, window_ms: 1000 }], Array(requests_max * windows + 1).fill(latency_ms))
      const span_ms = spent.at(-1)?.started_ms ?? 0
      expect((requests_max * windows) / (span_ms / 1000) / requests_max).toBeGreaterThanOrEqual(0.96)
    }),
  )
})
