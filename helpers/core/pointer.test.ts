import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pointTo, resolvePointer } from './pointer.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pointer-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('a pointer moves from folder to folder, with links and where links are not allowed', () => {
  const refuse = (): never => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' })
  }
  const pointer = join(directory, 'latest')
  for (const [name, link] of [
    ['one', undefined],
    ['two', refuse],
    ['three', refuse],
    ['four', undefined],
  ] as const) {
    mkdirSync(join(directory, 'runs', name), { recursive: true })
    pointTo(pointer, join(directory, 'runs', name), link)
    const resolved = resolvePointer(pointer)
    expect(lstatSync(resolved, { throwIfNoEntry: false }) !== undefined).toBe(true)
    expect(readdirSync(join(directory, 'runs')).includes(name)).toBe(true)
    if (link !== undefined) expect(resolved).toBe(join(directory, 'runs', name))
  }
  expect(readdirSync(directory).toSorted()).toEqual(['latest', 'runs'])
})
