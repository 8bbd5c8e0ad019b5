import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { scratchDatabase } from '../testing/scratch.ts'
import { dictionaryOf } from './dictionary.ts'

const FILE = join(ROOT_DIRECTORY, 'docs', 'data-dictionary.md')

it('docs/data-dictionary.md says what the schema says, and nothing in the schema is without a comment', async () => {
  const { db, drop } = await scratchDatabase({ migrated: true })
  try {
    const written = await dictionaryOf(db)
    // Set to write the page anew after a migration.
    if (process.env['WRITE_DICTIONARY'] !== undefined) await writeFile(FILE, written)
    expect(await readFile(FILE, 'utf8')).toBe(written)
    expect(written.split('\n').filter((line) => / \| {2}\|$|^(Table|View|Function)\. $/.test(line))).toEqual(
      [],
    )
  } finally {
    await drop()
  }
})
