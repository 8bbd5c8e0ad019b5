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

// A dump holds the text that PostgreSQL prints of a view. A literal whose type follows from another row is
// printed once as written and once with a cast: the restored view would have "another definition".
test('a view that is created from its own text has the same text', async () => {
  const views = await scratch.db.rows<{ name: string; text: string }>(
    `select oid::regclass::text as name, pg_get_viewdef(oid) as text from pg_class
     where relkind = 'v' and relnamespace::regnamespace::text in ('stocks_research', 'ingestion')`,
  )
  expect(views.length).toBeGreaterThan(10)
  const changed: string[] = []
  for (const { name, text } of views) {
    await scratch.db.rows(`create view public.again as ${text}`)
    const again = await scratch.db.one<{ text: string }>(
      `select pg_get_viewdef('public.again'::regclass) as text`,
    )
    await scratch.db.rows('drop view public.again')
    if (again.text !== text) changed.push(`${name}: ${differentLines(text, again.text)}`)
  }
  expect(changed).toEqual([])
})

const differentLines = (text: string, again: string): string => {
  const before = new Set(text.split('\n'))
  return again
    .split('\n')
    .filter((line) => !before.has(line))
    .join('\n')
}

test('the diagrams of docs/architecture.md are equal to the keys of the schema', async () => {
  const page = await readFile(docs('architecture.md'), 'utf8')
  await expect(await withDiagrams(scratch.db, page)).toMatchFileSnapshot(docs('architecture.md'))
})
