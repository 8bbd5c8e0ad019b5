/**
 * Documents that are written from a migrated database. `npx vitest run --project unit documents -u` updates
 * them.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { withDiagrams } from '../testing/documents/diagram.ts'
import { dictionaryOf } from '../testing/documents/dictionary.ts'
import { schemaFileOf } from '../testing/documents/schema-file.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'

const docs = (name: string): string => join(ROOT_DIRECTORY, 'docs', name)
let scratch: Scratch

beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch.drop())

test('docs/data-dictionary.md equals the comments of the schema, and every object has one', async () => {
  const schemas = [
    await dictionaryOf(scratch.db, 'stocks_research'),
    await dictionaryOf(scratch.db, 'ingestion'),
  ]
  const written = schemas.join('\n')
  const bare = written.split('\n').filter((line) => / \| {2}\|$|^(Table|View|Function)\. $/.test(line))
  expect(bare).toEqual([])
  await expect(written).toMatchFileSnapshot(docs('data-dictionary.md'))
})

test('docs/schema.sql equals the schema of a migrated database, each object under its noun', async () => {
  const written = await schemaFileOf(scratch.db, join(ROOT_DIRECTORY, 'migrations'))
  expect(written).not.toMatch(/is not in the database|^-- other$/m)
  await expect(written).toMatchFileSnapshot(docs('schema.sql'))
})

test('the diagrams of docs/architecture.md are equal to the keys of the schema', async () => {
  const page = await readFile(docs('architecture.md'), 'utf8')
  await expect(await withDiagrams(scratch.db, page)).toMatchFileSnapshot(docs('architecture.md'))
})
