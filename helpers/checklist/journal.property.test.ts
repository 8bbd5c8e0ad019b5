import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Journal, readJournal, verifyJournal } from './journal.ts'

const directory = mkdtempSync(join(tmpdir(), 'journal-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let count = 0
const newFile = (): string => {
  count += 1
  return join(directory, `${count}.jsonl`)
}
/** The bytes of a journal of boxes with these claims. */
function journalOf(claims: readonly string[]): Buffer {
  const file = newFile()
  const journal = Journal.create(file)
  for (const claim of claims) journal.append({ event: 'box-started', phase: '00-a', claim })
  journal.close()
  return readFileSync(file)
}
const claims = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 6 })

test('a journal is verified line by line as it was written', () => {
  fc.assert(
    fc.property(claims, (given) => {
      const reading = readJournal(journalOf(given))
      expect(reading.fault).toBeUndefined()
      expect(reading.entries.map((entry) => ('claim' in entry ? entry.claim : ''))).toEqual(
        given.map((claim) => claim.toWellFormed()),
      )
    }),
    { numRuns: 50 },
  )
})

test('a journal begins in a folder that is not there yet, and takes no event after it was closed', () => {
  const file = join(directory, 'new', 'folder', 'journal.jsonl')
  const journal = Journal.create(file)
  journal.append({ event: 'box-started', phase: '00-a', claim: 'a' })
  journal.close()
  const written = readFileSync(file)
  expect(() => journal.append({ event: 'box-started', phase: '00-a', claim: 'b' })).toThrow(/EBADF/)
  expect(readFileSync(file)).toEqual(written)
})

test('one changed bit is found, with its line', () => {
  fc.assert(
    fc.property(claims, fc.nat(), fc.integer({ min: 0, max: 7 }), (given, place, bit) => {
      const bytes = journalOf(given)
      const index = place % bytes.length
      const line = bytes.subarray(0, index).toString('latin1').split('\n').length
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
      const { fault } = readJournal(bytes)
      expect(fault).toBeDefined()
      expect(fault?.line).toBe(line)
    }),
    { numRuns: 300 },
  )
})

test('a line that was removed, doubled or moved is found', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 3, maxLength: 6 }), fc.nat(), (given, place) => {
      const lines = journalOf(given).toString().trimEnd().split('\n')
      const index = place % (lines.length - 1)
      const here = lines[index] ?? ''
      const next = lines[index + 1] ?? ''
      for (const changed of [
        lines.toSpliced(index, 1),
        lines.toSpliced(index, 0, here),
        lines.toSpliced(index, 2, next, here),
      ]) {
        const { fault } = readJournal(Buffer.from(`${changed.join('\n')}\n`))
        expect(fault?.line).toBeLessThanOrEqual(index + 2)
      }
    }),
    { numRuns: 50 },
  )
})

test('a process that dies while it writes loses at most its last line, and the journal goes on', () => {
  fc.assert(
    fc.property(claims, fc.nat(), (given, place) => {
      const bytes = journalOf(given)
      const cut = bytes.subarray(0, place % (bytes.length + 1))
      const whole = cut.toString('latin1').split('\n').length - 1
      const file = newFile()
      writeFileSync(file, cut)
      const reading = verifyJournal(file)
      expect(reading.entries.length).toBe(whole)
      expect(reading.fault === undefined || reading.is_torn).toBe(true)
      const journal = Journal.recover(file, reading)
      journal.append({ event: 'box-started', phase: '00-a', claim: 'after the kill' })
      journal.close()
      expect(verifyJournal(file).fault).toBeUndefined()
      expect(verifyJournal(file).entries.length).toBe(whole + 1)
    }),
    { numRuns: 50 },
  )
})
