/** The list stays true: `npm run mutants` applies it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../config/config.ts'
import { MUTANTS } from './mutants.ts'

test('each mutant has one place in the code, and tests that exist', () => {
  for (const { fault, file, find, replace, tests } of MUTANTS) {
    const pieces = readFileSync(join(ROOT_DIRECTORY, file), 'utf8').split(find)
    expect(pieces.length - 1, `${fault}: places in ${file}`).toBe(1)
    expect(replace).not.toBe(find)
    for (const path of tests) expect(existsSync(join(ROOT_DIRECTORY, path)), path).toBe(true)
  }
  expect(new Set(MUTANTS.map(({ fault }) => fault)).size).toBe(MUTANTS.length)
})
