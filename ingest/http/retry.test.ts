import { expect, test } from 'vitest'
import { RETRY_AFTER_MAX_MS, retryAfterMs } from './retry.ts'

const NOW_MS = Date.parse('2026-11-23T12:00:00Z')

test.each([
  ['0', 0],
  ['7', 7000],
  [' 1.5 ', 1500],
  ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
  ['Monday, 23-Nov-26 12:00:30 GMT', 30_000],
  ['Mon Nov 23 12:00:30 2026', 30_000],
  ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['31536000', RETRY_AFTER_MAX_MS],
  ['9'.repeat(400), RETRY_AFTER_MAX_MS],
  ['Fri, 31 Dec 9999 23:59:59 GMT', RETRY_AFTER_MAX_MS],
])('Retry-After "%s" asks for %i ms', (value, wait_ms) => {
  expect(retryAfterMs(value, NOW_MS)).toBe(wait_ms)
})

test.each(['', '-5', 'soon', '1e9', '0x10', 'NaN', 'Infinity', 'Mon, 99 Foo 2026', '10, 20', undefined])(
  'Retry-After "%s" says nothing',
  (value) => {
    expect(retryAfterMs(value, NOW_MS)).toBeUndefined()
  },
)
