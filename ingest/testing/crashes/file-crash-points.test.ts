/**
 * Everything that is written to files, by a process that is killed at any operation on them: a reader then
 * finds the old content or the new one, or is told that there is none; and the same work, done again, is
 * complete.
 */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { DATA_WORKS } from './data-works.ts'
import { FileCrash, MOMENTS } from './file-operations.ts'
import { RUN_WORKS } from './run-works.ts'

let crash: FileCrash
beforeAll(async () => {
  crash = await FileCrash.in(inject('testDirectory'))
})
afterAll(() => crash?.undo())

test.each([...DATA_WORKS, ...RUN_WORKS])(
  '$name: intact after a kill at any operation, complete when done again',
  async (each) => {
    const fresh = async (): Promise<string> => {
      const root = await mkdtemp(join(inject('testDirectory'), 'crash-'))
      await each.prepare?.(root)
      return root
    }
    const first = await fresh()
    expect(await crash.during(first, undefined, () => each.work(first))).toBe(false)
    await each.complete(first)
    const { operations } = crash
    expect(operations.length).toBeGreaterThan(2)
    for (const [index, name] of operations.entries()) {
      for (const moment of MOMENTS) {
        const root = await fresh()
        const point = { operation: index + 1, moment }
        const where = `${moment} operation ${index + 1}, ${name}, in ${root}`
        expect(await crash.during(root, point, () => each.work(root)), where).toBe(true)
        try {
          await each.read(root)
          await (each.again ?? each.work)(root)
          await each.complete(root)
        } catch (error) {
          throw new Error(`After a kill ${where}: ${(error as Error).message}`, { cause: error })
        }
      }
    }
  },
)
