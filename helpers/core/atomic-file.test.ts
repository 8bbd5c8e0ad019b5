import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  fillAtomically,
  partialOf,
  publishFile,
  publishFolder,
  publishNewFile,
  writeAtomically,
  writeAtomicallySync,
} from './atomic-file.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'atomic-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const WAYS = [
  ['at once', async (file: string, text: string) => writeAtomicallySync(file, text)],
  ['asynchronously', (file: string, text: string) => writeAtomically(file, text)],
  [
    'by a stream',
    (file: string, text: string) => fillAtomically(file, async (partial) => writeFileSync(partial, text)),
  ],
] as const

describe.each(WAYS)('written %s', (_way, write) => {
  test('a file is replaced completely, also in a new folder, and no partial file remains', async () => {
    const file = join(directory, 'a', 'report.xml')
    await write(file, 'first, and long')
    await write(file, 'second')
    expect(readFileSync(file, 'utf8')).toBe('second')
    expect(readdirSync(join(directory, 'a'))).toEqual(['report.xml'])
  })

  test('what cannot be replaced keeps its content, and no partial file remains', async () => {
    mkdirSync(join(directory, 'taken', 'inner'), { recursive: true })
    await expect(write(join(directory, 'taken'), 'text')).rejects.toThrow()
    expect(readdirSync(directory)).toEqual(['taken'])
    expect(readdirSync(join(directory, 'taken'))).toEqual(['inner'])
  })
})

test('content that fails half-way leaves the former file and no partial file', async () => {
  const file = join(directory, 'a.json')
  await writeAtomically(file, 'former')
  const failing = fillAtomically(file, async (partial) => {
    writeFileSync(partial, 'ha')
    throw new Error('the source ended')
  })
  await expect(failing).rejects.toThrow('the source ended')
  expect(readFileSync(file, 'utf8')).toBe('former')
  expect(readdirSync(directory)).toEqual(['a.json'])
})

test.skipIf(process.platform === 'win32')(
  'a secret file has its permissions before it has its name',
  async () => {
    const file = join(directory, 'secret')
    let seen = 0
    await writeAtomically(file, 'x', {
      mode: 0o600,
      prepare: async (partial) => {
        expect(existsSync(file)).toBe(false)
        seen = statSync(partial).mode & 0o777
      },
    })
    expect(seen).toBe(0o600)
  },
)

test('a new file never replaces another one; a published file does', async () => {
  const file = join(directory, 'archive.dump')
  const partial = partialOf(file)
  writeFileSync(partial, 'one')
  expect(await publishNewFile(partial, file)).toBe(true)
  writeFileSync(partial, 'two')
  expect(await publishNewFile(partial, file)).toBe(false)
  expect(readFileSync(file, 'utf8')).toBe('one')
  await publishFile(partial, file)
  expect(readFileSync(file, 'utf8')).toBe('two')
  expect(readdirSync(directory)).toEqual(['archive.dump'])
})

test('a folder gets its name with everything in it', async () => {
  const partial = join(directory, 'delivery.partial')
  mkdirSync(join(partial, 'prices'), { recursive: true })
  writeFileSync(join(partial, 'prices', 'a.csv'), 'x')
  await publishFolder(partial, join(directory, 'delivery'))
  expect(readdirSync(directory, { recursive: true }).toSorted()).toEqual([
    'delivery',
    join('delivery', 'prices'),
    join('delivery', 'prices', 'a.csv'),
  ])
})
