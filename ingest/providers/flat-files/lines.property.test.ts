import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RecordSplitter } from './lines.ts'

const field = fc.oneof(
  fc.stringMatching(/^[a-z0-9 .:-]{0,8}$/),
  fc
    .array(fc.constantFrom('a', ',', '"', '\n', '\r\n', ' '), { maxLength: 6 })
    .map((parts) => parts.join('')),
)
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Reads `text` in pieces that end at the given places. */
function split(text: string, cuts: readonly number[]) {
  const splitter = new RecordSplitter()
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b)
  const pieces = [0, ...places].map((from, at) => text.slice(from, places[at] ?? text.length))
  return [...pieces.flatMap((piece) => splitter.take(piece)), ...splitter.take('', true)]
}

it('reads every well-formed file as csv-parse does, however it is cut into pieces', () => {
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 8 }))
  fc.assert(
    fc.property(
      table,
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 6 }),
      (rows, end, isEnded, cuts) => {
        const text = rows.map((row) => row.map(quoted).join(',')).join(end) + (isEnded ? end : '')
        const expected = parse(text, {
          record_delimiter: ['\r\n', '\n'],
          relax_column_count: true,
          skip_empty_lines: true,
        }) as string[][]
        expect(split(text, cuts).map(({ fields }) => fields)).toEqual(expected)
      },
    ),
    { numRuns: 500 },
  )
})

it('makes one bad record of a quote that does not close, and reads on', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 6 }), fc.integer({ min: 0, max: 40 }), (cuts, before) => {
      const good = Array.from({ length: before }, (_, at) => `x,${at}`)
      const text = [...good, 'x,"open', ...Array.from({ length: 40 }, (_, at) => `y,${at}`), ''].join('\n')
      const records = split(text, cuts)
      expect(records.filter(({ fields }) => fields === undefined)).toEqual([
        { line: before + 1, fields: undefined, text: 'x,"open' },
      ])
      expect(records.length).toBe(before + 41)
      expect(records.map(({ line }) => line)).toEqual(Array.from({ length: before + 41 }, (_, at) => at + 1))
    }),
  )
})
