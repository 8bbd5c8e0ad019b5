import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, inject, test } from 'vitest'
import { queryFile } from './query-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(inject('testDirectory'), 'query-'))
  writeFileSync(join(folder, 'plain.sql'), "select $1::text, '12:30', ':quoted'\n")
  writeFileSync(
    join(folder, 'made.sql'),
    'insert into :table (:columns) select :columns from :table where id = $1::int8\n',
  )
})

test('a file without variables is its text', () => {
  expect(queryFile(folder, 'plain')).toBe("select $1::text, '12:30', ':quoted'\n")
})

test('each variable becomes its fragment, wherever it is written; a cast stays', () => {
  expect(queryFile(folder, 'made', { table: 't', columns: 'a, b' })).toBe(
    'insert into t (a, b) select a, b from t where id = $1::int8\n',
  )
})

test('a variable without a fragment, and a fragment without a variable, are refused by name', () => {
  expect(() => queryFile(folder, 'made', { table: 't' })).toThrow('made.sql needs columns.')
  expect(() => queryFile(folder, 'plain', { table: 't' })).toThrow('plain.sql has no table.')
})
