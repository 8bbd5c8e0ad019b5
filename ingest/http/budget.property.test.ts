import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Limit, type Spending, waitMs } from './budget.ts'

const limits = fc.array(
  fc.record({ requests_max: fc.integer({ min: 1, max: 30 }), window_ms: fc.constantFrom(100, 1000, 60_000) }),
  {
    minLength: 1,
    maxLength: 3,
  },
)

/**
 * Sends as fast as `rules` allow; request i goes out `delay` after its slot and its answer begins `latency`
 * later.
 */
function simulate(
  rules: readonly Limit[],
  requests: readonly { delay_ms: number; latency_ms: number }[],
): Required<Spending>[] {
  const spent: Required<Spending>[] = []
  let now_ms = 0
  for (const { delay_ms, latency_ms } of requests) {
    now_ms += waitMs(rules, spent, now_ms)
    spent.push({ started_ms: now_ms, sent: { at_ms: now_ms + delay_ms, latency_ms } })
    now_ms += delay_ms
  }
  return spent
}
const most = (times: readonly number[], window_ms: number): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + window_ms).length))

test('no window of time contains more requests than the limit, however long sending was delayed', () => {
  const requests = fc.array(fc.record({ delay_ms: fc.nat(400), latency_ms: fc.constant(3) }), {
    minLength: 1,
    maxLength: 120,
  })
  fc.assert(
    fc.property(limits, requests, (rules, each) => {
      const sent = simulate(rules, each).map(({ sent }) => sent?.at_ms ?? 0)
      for (const { requests_max, window_ms } of rules)
        expect(most(sent, window_ms)).toBeLessThanOrEqual(requests_max)
    }),
  )
})

test('journeys of different length do not overrun the windows of the provider, within the allowance', () => {
  const one = fc.record({
    delay_ms: fc.nat(50),
    latency_ms: fc.integer({ min: 20, max: 270 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(one, { minLength: 1, maxLength: 120 }),
      (requests_max, requests) => {
        // The first one is the quickest there can be; how much of a latency lies before the counting differs
        // from request to request.
        const each = [{ delay_ms: 0, latency_ms: 20, share: 0 }, ...requests]
        const spent = simulate([{ requests_max, window_ms: 1000 }], each)
        const counted = spent.map(
          ({ sent }, i) => (sent?.at_ms ?? 0) + ((sent?.latency_ms ?? 0) - 20) * (each[i]?.share ?? 0),
        )
        expect(most(counted, 1000)).toBeLessThanOrEqual(requests_max)
      },
    ),
  )
})

test('with answers of equal duration the whole limit is used, once the duration is known', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(5000), (requests_max, latency_ms) => {
      const windows = 10
      const cold = 20 // Answers until it is known how quick the quickest is.
      const spent = simulate(
        [{ requests_max, window_ms: 1000 }],
        Array(cold + requests_max * windows + 1).fill({ delay_ms: 0, latency_ms }),
      )
      const starts = spent.slice(cold).map(({ started_ms }) => started_ms)
      // Slots that were taken while it was not known are given back within one window more.
      expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThanOrEqual((windows + 1) * 1000)
    }),
  )
})
