import { expect, it } from 'vitest'
import { nearest } from './entry.ts'
import { wrapped } from './status.ts'

it('a line is cut at the width of the terminal, at spaces, and is whole when there is no terminal', () => {
  const line = 'one two three four five six seven'
  expect(wrapped(line, undefined)).toEqual([line])
  expect(wrapped(line, 20)).toEqual(['one two three four', '      five six seven'])
  expect(wrapped('averyveryverylongword and more', 10)).toEqual([
    'averyveryverylongword',
    '      and',
    '      more',
  ])
})

it('the nearest word is the one with the fewest edits, and none when all are far', () => {
  expect(nearest('statsu', ['run', 'status'])).toBe('status')
  expect(nearest('nonsense', ['run', 'status'])).toBe(undefined)
})
