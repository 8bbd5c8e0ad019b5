import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { killDump } from './backups.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase()
})
afterAll(() => scratch.drop())

test('a dump that ends before it can be killed fails the drill', async () => {
  for (let count = 0; count < 12; count += 1) {
    const { detected_by } = await killDump(scratch.connection, 'rehearsal').catch((error: Error) => ({
      detected_by: `threw ${error.message}`,
    }))
    expect(detected_by).toMatch(/^$|pg_dump/)
  }
})
