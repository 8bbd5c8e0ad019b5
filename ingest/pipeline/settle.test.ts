import { expect, onTestFinished, test } from 'vitest'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { Tally } from './read.ts'
import { isFileMalformed, withholdFailed } from './settle.ts'

test.each([
  [0, 7, false],
  [5, 100, false],
  [6, 100, true],
  [5, 99, true],
  // Three of a small file are no reason, if they are fewer than half of it.
  [1, 3, false],
  [3, 7, false],
  [4, 9, true],
  [1, 2, true],
  [2, 4, true],
  [3, 5, true],
] as const)('a file with %i malformed records of %i', (malformed, read, isRefused) => {
  expect(isFileMalformed({ malformed, read }, 0.05)).toBe(isRefused)
})

test('the rows of a failed item are withheld, also a single one', async () => {
  const scratch = await scratchDatabase()
  onTestFinished(() => scratch.drop())
  const items = [
    { item: 'a', item_no: 0, rows: 1, end: undefined },
    { item: 'b', item_no: 1, rows: 1, end: { status: 'failed' } },
    { item: 'c', item_no: 2, rows: 2, end: { status: 'failed' } },
  ]
  const tally = { items: new Map(items.map((each) => [each.item, each])) } as unknown as Tally
  await scratch.db.session(async (session) => {
    await session.execute('create temp table staged (item_no integer)')
    await session.execute('insert into pg_temp.staged values (0), (1), (2), (2)')
    expect(await withholdFailed(session, tally)).toBe(3)
    expect(await session.rows('select item_no from pg_temp.staged')).toEqual([{ item_no: 0 }])
  })
})
