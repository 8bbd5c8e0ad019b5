import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { messageOf } from '../core/errors.ts'
import { expectAtLeast, expectAtMost, expectEqual, expectNone, expectThat } from './expectations.ts'

const failureOf = (assert: () => void): string => {
  try {
    assert()
  } catch (error) {
    return messageOf(error)
  }
  return ''
}

test('a claim that holds passes', () => {
  expectThat(true, 'a sentence')
  expectEqual('the exit code', 0, 0)
  expectAtLeast('coverage', 0.95, 0.95)
  expectAtMost('the clock offset', 3, 3)
  expectNone([], 'violation')
})

test('a failure says what was found and what was expected', () => {
  expect(failureOf(() => expectEqual('the exit code of createdb', 1, 0))).toBe(
    'the exit code of createdb: found 1, expected 0',
  )
  expect(failureOf(() => expectEqual('the hash', undefined, 'ab'))).toBe(
    'the hash: found nothing, expected "ab"',
  )
  expect(failureOf(() => expectAtLeast('bars', 1200, 12_000, 'Load the rest'))).toBe(
    'bars: found 1,200, expected at least 12,000. Load the rest',
  )
  expect(failureOf(() => expectAtMost('ratio', 0.25, 0.1))).toBe('ratio: found 0.25, expected at most 0.1')
})

test('a list says how many there are, the first one first, and equal reasons once', () => {
  const refused = (name: string) => ({ name, reason: 'prices.csv is refused: line 3 is no CSV' })
  const other = { name: 'KO', reason: 'the source has no bar' }
  expect(failureOf(() => expectNone([refused('AAPL'), other, refused('MSFT')], 'failed security'))).toBe(
    'found 3 failed securities, expected none: prices.csv is refused: line 3 is no CSV (AAPL, MSFT)\n' +
      '  the source has no bar (KO)',
  )
})

test('a long list is cut, and says by how much', () => {
  const many = Array.from({ length: 2_000 }, (_, index) => `row ${index}`)
  const lines = failureOf(() => expectNone(many, 'violation of a hard check', { count: 2_345 })).split('\n')
  expect(lines[0]).toBe('found 2,345 violations of a hard check, expected none: row 0')
  expect(lines).toHaveLength(22)
  expect(lines.at(-1)).toBe('  … and 1979 more')
})

test('a count without an example fails too', () => {
  expect(failureOf(() => expectNone([], 'violation', { count: 2 }))).toBe(
    'found 2 violations, expected none: none is listed',
  )
})

test('no phase asserts by a matcher alone: each failure begins with a sentence', () => {
  const phases = globSync('phases/*.ts')
  expect(phases.length).toBeGreaterThan(10)
  const bare = phases.filter((file) => /(?<![.\w])(expect|assert)(\.\w+)*\(/.test(readFileSync(file, 'utf8')))
  expect(bare).toEqual([])
})
