import { expect, it } from 'vitest'
import { rowsOf } from './batches.ts'

it('returns the rows of a group, and distinguishes null from empty text', () => {
  expect(rowsOf({ a: '1\x1f\\N\x1f', b: 'x\x1fy\x1fz' }, ['a', 'b'])).toEqual([
    { a: '1', b: 'x' },
    { a: null, b: 'y' },
    { a: '', b: 'z' },
  ])
})

it('rejects columns of different length', () => {
  expect(() => rowsOf({ a: '1\x1f2', b: 'x\x1fy\x1fz' }, ['a', 'b'])).toThrow(
    /A value of a, b contains the control character/,
  )
})
