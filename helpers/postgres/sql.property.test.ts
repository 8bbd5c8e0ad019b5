import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import { withDatabase } from './database.ts'
import { quoteIdentifier, quoteLiteral } from './sql.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'Z', "'", '"', '\\', ' ', ':', '$', ';', '\n', 'é') })

test('a quoted text or name arrives unchanged under either standard_conforming_strings', async () => {
  await withDatabase(inject('testServer'), async (db) => {
    const arrives = fc.asyncProperty(
      text,
      text.filter((name) => name !== '' && Buffer.byteLength(name) < 64),
      fc.constantFrom('on', 'off'),
      (value, name, conforming) =>
        db.transaction(async (tx) => {
          await tx.execute(`set local standard_conforming_strings = ${conforming}`)
          const sql = `select ${quoteLiteral(value)}::text as ${quoteIdentifier(name)}`
          expect(await tx.one(sql)).toEqual({ [name]: value })
        }),
    )
    await fc.assert(arrives, { numRuns: 60 })
  })
})
