import { expect, test } from 'vitest'
import { classify } from '../http/frame.ts'
import type { Outcome } from '../http/outcome.ts'
import { NOTICES } from '../testing/providers/notices.ts'
import { ADAPTERS } from './registry.ts'

const patternsOf = (provider: string) => ADAPTERS[provider]?.patterns ?? []

for (const [provider, notices] of Object.entries(NOTICES)) {
  test(`what ${provider} says falls into its class`, () => {
    const verdictOf = (http_status: number, body: string, expects: 'json' | 'text'): Outcome =>
      classify(
        { http_status, headers: {}, body: Buffer.from(body) },
        { patterns: patternsOf(provider), expects },
      ).outcome
    expect(notices.map(([status, body]) => [status, body, verdictOf(status, body, 'json')])).toEqual(notices)
    // The same words where a table is expected, e.g. from an endpoint that sends CSV.
    const words = notices.filter(
      ([status, body, outcome]) =>
        status === 200 && !/malformed|truncated/.test(outcome) && !body.startsWith('<'),
    )
    expect(words.map(([status, body]) => [status, body, verdictOf(status, body, 'text')])).toEqual(words)
  })
}

test('a notice that names a window says how long it holds', () => {
  const waitOf = (provider: string, body: string) =>
    classify(
      { http_status: 429, headers: {}, body: Buffer.from(body) },
      { patterns: patternsOf(provider), expects: 'json' },
    ).wait_ms
  expect(waitOf('tiingo', '{"detail":"Error: You have run over your hourly request allocation."}')).toBe(
    3_600_000,
  )
  expect(waitOf('simfin', '{"message":"Daily limit of calls exceeded"}')).toBe(86_400_000)
  expect(waitOf('massive', '{"error":"You have exceeded the maximum requests per minute"}')).toBe(60_000)
  const month =
    waitOf('tiingo', '{"detail":"You have run over your 500 symbol look up for this month."}') ?? 0
  expect(new Date(Date.now() + month).getUTCDate()).toBe(2)
})
