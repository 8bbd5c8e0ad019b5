import { expect, it } from 'vitest'
import { rowsOf } from './columns.ts'

it('gives the rows of a group again, nulls and empty texts apart', () => {
  expect(rowsOf({ a: '1\x1f\\N\x1f', b: 'x\x1fy\x1fz' }, ['a', 'b'])).toEqual([
    { a: '1', b: 'x' },
    { a: null, b: 'y' },
    { a: '', b: 'z' },
  ])
})

it('refuses columns that no longer stand side by side', () => {
  expect(() => rowsOf({ a: '1\x1f2', b: 'x\x1fy\x1fz' }, ['a', 'b'])).toThrow(
    /A value of a, b holds the control character/,
  )
})
