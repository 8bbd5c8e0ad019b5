import { expect, test } from 'vitest'
import { ContentHasher, contentHash } from '../core/dropbox-hash.ts'

const MIB_4 = 4 * 1024 * 1024

// Published vectors: a number of letters A, and how its hash begins and ends.
test.each([
  [1, '1cd6ef71', '5e42'],
  [MIB_4, 'd4d63bac', 'efa3'],
  [MIB_4 + 1, '8f553da8', '0b92'],
])('the hash of %i bytes is the published one', (bytes, start, end) => {
  const hash = contentHash(Buffer.alloc(bytes, 'A'))
  expect(hash).toHaveLength(64)
  expect(hash.slice(0, 8)).toBe(start)
  expect(hash.slice(-4)).toBe(end)
})

test('nothing has the hash of no blocks', () => {
  expect(contentHash(Buffer.alloc(0))).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
})

test('the hash does not depend on how the bytes arrive', () => {
  const bytes = Buffer.alloc(2 * MIB_4 + 5, 'xyz')
  for (const step of [MIB_4 - 1, MIB_4, MIB_4 + 1, 1_000_003]) {
    const hasher = new ContentHasher()
    for (let from = 0; from < bytes.length; from += step) hasher.update(bytes.subarray(from, from + step))
    expect(hasher.digest()).toBe(contentHash(bytes))
  }
})
