import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from './json.ts'

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
const bySource: Reviver = (_key, value, context) => (typeof value === 'number' ? context.source : value)
const reference = (text: string): unknown => JSON.parse(text, bySource as never)

test('every document parses as the engine parses it, with the source text in place of each number', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      expect(parseJson(text)).toEqual(reference(text))
    }),
  )
})

test('what the engine refuses is refused', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '1', '-', '.', 'e', '"', '01', '1.', '\\', ',', '}', ']'),
      (json, at, noise) => {
        const cut = at % (json.length + 1)
        const text = json.slice(0, cut) + noise + json.slice(cut + 1)
        const outcome = (parse: (text: string) => unknown): unknown => {
          try {
            return parse(text)
          } catch {
            return 'refused'
          }
        }
        expect(outcome(parseJson)).toEqual(outcome(reference))
      },
    ),
    { numRuns: 2000 },
  )
})

test('a number keeps its digits', () => {
  expect(parseJson('[1.10,12345678901234567890,1e5,-0.0,239.64999389648438]')).toEqual([
    '1.10',
    '12345678901234567890',
    '1e5',
    '-0.0',
    '239.64999389648438',
  ])
})
