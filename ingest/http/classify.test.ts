import { expect, test } from 'vitest'
import { classify } from './frame.ts'

const outcomeOf = (
  http_status: number,
  body: string | Buffer,
  expects: 'json' | 'text' | 'zip' = 'json',
  headers: Record<string, string> = {},
) => classify({ http_status, headers, body: Buffer.from(body) }, { patterns: [], expects }).outcome

test('a page in place of JSON is malformed, whatever the status says', () => {
  expect(outcomeOf(200, '<!DOCTYPE html><html><body>Maintenance</body></html>')).toBe('malformed')
  expect(outcomeOf(404, '<html><body>nginx</body></html>')).toBe('malformed')
})

test('JSON that breaks off is truncated; JSON that is wrong is malformed', () => {
  const whole = '{"bars":{"A":[{"t":"2022-02-01T05:00:00Z","c":1.5}]},"next_page_token":null}'
  expect(outcomeOf(200, whole)).toBe('ok')
  for (let cut = 1; cut < whole.length; cut++)
    expect([cut, outcomeOf(200, whole.slice(0, cut))]).toEqual([cut, 'truncated'])
  expect(outcomeOf(200, '{"bars":}')).toBe('malformed')
  expect(outcomeOf(200, 'OK')).toBe('malformed')
})

test('fewer bytes than Content-Length are a truncated body', () => {
  expect(outcomeOf(200, '{}', 'json', { 'content-length': '10' })).toBe('truncated')
})

test('a zip without its central directory is truncated, and what is no zip is malformed', () => {
  expect(outcomeOf(200, Buffer.from('PK\u0003\u0004 and so on', 'latin1'), 'zip')).toBe('truncated')
  expect(outcomeOf(200, '<html>', 'zip')).toBe('malformed')
})

test('an empty 200 is malformed; a 204 is empty', () => {
  expect(outcomeOf(200, '')).toBe('malformed')
  expect(outcomeOf(204, '')).toBe('empty')
})

test('a long good body is not searched for the words of an error', () => {
  const body = JSON.stringify({ name: 'Limit Reach Holdings', filler: 'x'.repeat(20_000) })
  expect(outcomeOf(200, body)).toBe('ok')
})
