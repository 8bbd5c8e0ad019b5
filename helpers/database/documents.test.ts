/** Documents that are written from a migrated database. `npx vitest run --project unit documents -u` updates them. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { dictionaryOf } from '../testing/documents/dictionary.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'

const docs = (name: string): string => join(ROOT_DIRECTORY, 'docs', name)
let scratch: Scratch

beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch.drop())

test('docs/data-dictionary.md is equal to the comments of the schema, and no object is without a comment', async () => {
  const written = await dictionaryOf(scratch.db)
  const bare = written.split('\n').filter((line) => / \| {2}\|$|^(Table|View|Function)\. $/.test(line))
  expect(bare).toEqual([])
  await expect(written).toMatchFileSnapshot(docs('data-dictionary.md'))
})
