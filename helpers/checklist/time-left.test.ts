import { expect, test } from 'vitest'
import { TimeLeft } from './time-left.ts'

test('a long box counts down, and the run with it', () => {
  const left = new TimeLeft(
    ['load', 'check', 'note'],
    new Map(Object.entries({ load: 60_000, check: 90_000, note: 0 })),
  )
  left.started('load', 0)
  expect(left.text(0)).toBe(' · about 1 min 00 s left · run: about 2 min 30 s left')
  expect(left.text(20_000)).toBe(' · about 40.0 s left · run: about 2 min 10 s left')
  expect(left.text(61_000)).toBe(' · longer than the 1 min 00 s of the last run · run: about 1 min 30 s left')
  left.ended('load')
  left.started('check', 61_000)
  expect(left.text(61_000)).toBe(' · about 1 min 30 s left · run: about 1 min 30 s left')
})

test('nothing is said of a short box and of one that never ran, and the sum is then a lower bound', () => {
  const left = new TimeLeft(['note', 'new', 'load'], new Map(Object.entries({ note: 900, load: 60_000 })))
  left.started('note', 0)
  expect(left.text(0)).toBe('')
  left.started('new', 0)
  expect(left.text(0)).toBe('')
  left.started('load', 0)
  expect(left.text(0)).toContain('run: more than 1 min 01 s left')
})
