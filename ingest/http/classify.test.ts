import { expect, test } from 'vitest'
import { classify } from './frame.ts'
import type { Outcome } from './outcome.ts'

const outcomeOf = (
  provider: string,
  http_status: number,
  body: string | Buffer,
  expects: 'json' | 'text' | 'zip' = 'json',
  headers: Record<string, string> = {},
) => classify({ http_status, headers, body: Buffer.from(body) }, { provider, expects }).outcome

const SAYINGS: readonly [string, number, string, Outcome][] = [
  ['sec-edgar', 403, '<html><title>SEC.gov | Request Rate Threshold Exceeded</title>', 'throttled'],
  ['sec-edgar', 403, '<html><h1>Your Request Originates from an Undeclared Automated Tool</h1>', 'auth'],
  ['sec-edgar', 403, '<Error><Code>AccessDenied</Code></Error>', 'not_found'],
  ['sec-edgar', 403, 'something else', 'entitlement'],
  ['sec-edgar', 429, '', 'throttled'],
  ['alpaca', 403, '{"message":"forbidden."}', 'auth'],
  ['alpaca', 401, '{"message":"unauthorized."}', 'auth'],
  ['alpaca', 429, '{"message":"too many requests."}', 'throttled'],
  ['alpaca', 400, '{"message":"invalid symbol: NO-PE"}', 'not_found'],
  ['yahoo', 429, 'Edge: Too Many Requests', 'throttled'],
  ['yahoo', 200, 'Too Many Requests\r\n', 'throttled'],
  ['massive', 429, '', 'throttled'],
  ['massive', 503, '', 'transient'],
  ['eodhd', 402, 'Payment Required', 'quota'],
  ['eodhd', 403, '{"message":"Unauthenticated"}', 'auth'],
  ['fmp', 200, '{"Error Message":"Limit Reach . Please upgrade"}', 'quota'],
  ['fmp', 401, '{"Error Message":"Invalid API KEY."}', 'auth'],
  [
    'alphavantage',
    200,
    '{"Note":"Please consider spreading out your free API requests more sparingly (1 request per second)"}',
    'throttled',
  ],
  ['alphavantage', 200, '{"Information":"This is a premium endpoint."}', 'entitlement'],
  ['tiingo', 401, '{"detail":"Invalid token."}', 'auth'],
  [
    'nasdaq-datalink',
    403,
    '{"quandl_error":{"code":"QEPx04","message":"You do not have permission"}}',
    'entitlement',
  ],
]
for (const [provider, status, body, outcome] of SAYINGS) {
  test(`${provider} means ${outcome} by ${status} "${body.slice(0, 60)}"`, () =>
    expect(outcomeOf(provider, status, body)).toBe(outcome))
}

test('a page in place of JSON is malformed, whatever the status says', () => {
  expect(outcomeOf('alpaca', 200, '<!DOCTYPE html><html><body>Maintenance</body></html>')).toBe('malformed')
  expect(outcomeOf('alpaca', 404, '<html><body>nginx</body></html>')).toBe('malformed')
})

test('JSON that breaks off is truncated; JSON that is wrong is malformed', () => {
  const whole = '{"bars":{"A":[{"t":"2022-02-01T05:00:00Z","c":1.5}]},"next_page_token":null}'
  expect(outcomeOf('alpaca', 200, whole)).toBe('ok')
  for (let cut = 1; cut < whole.length; cut++)
    expect([cut, outcomeOf('alpaca', 200, whole.slice(0, cut))]).toEqual([cut, 'truncated'])
  expect(outcomeOf('alpaca', 200, '{"bars":}')).toBe('malformed')
  expect(outcomeOf('alpaca', 200, 'OK')).toBe('malformed')
})

test('fewer bytes than Content-Length told are truncated', () => {
  expect(outcomeOf('alpaca', 200, '{}', 'json', { 'content-length': '10' })).toBe('truncated')
})

test('a zip without its central directory is truncated, and what is no zip is malformed', () => {
  expect(outcomeOf('sec-edgar', 200, Buffer.from('PK\u0003\u0004 and so on', 'latin1'), 'zip')).toBe(
    'truncated',
  )
  expect(outcomeOf('sec-edgar', 200, '<html>', 'zip')).toBe('malformed')
})

test('an empty 200 is malformed; a 204 is empty', () => {
  expect(outcomeOf('alpaca', 200, '')).toBe('malformed')
  expect(outcomeOf('alpaca', 204, '')).toBe('empty')
})

test('a long good body is not searched for the words of an error', () => {
  const body = JSON.stringify({ name: 'Limit Reach Holdings', filler: 'x'.repeat(20_000) })
  expect(outcomeOf('fmp', 200, body)).toBe('ok')
})
