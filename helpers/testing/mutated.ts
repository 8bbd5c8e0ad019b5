import fc from 'fast-check'

const TOKENS = [
  '\u0000',
  '"',
  "'",
  ',',
  '\n',
  '\r',
  '\uFEFF',
  '{',
  '}',
  '[]',
  'null',
  '-1',
  '1e999',
  'NaN',
  '0000-00-00',
  '9999-12-31',
  '2020-02-30',
  '\\',
  '__proto__',
  'é',
  '\uD800',
  '99999999999999999999',
  '0.1',
  'true',
] as const

/** A change of some bytes: a flipped bit, a part that is cut out, repeated or put elsewhere, or a token. */
const change = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'repeat', 'end', 'token', 'token'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 40 }),
  bit: fc.integer({ min: 0, max: 7 }),
  token: fc.constantFrom(...TOKENS),
})

/** One of the bodies with one to four changes. */
export function mutated(bodies: readonly Buffer[]): fc.Arbitrary<{ body: Buffer; seed: number }> {
  return fc
    .record({
      seed: fc.integer({ min: 0, max: bodies.length - 1 }),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    })
    .map(({ seed, changes }) => {
      let body = Buffer.from(bodies[seed] ?? Buffer.alloc(0))
      for (const { kind, at, length, bit, token } of changes) {
        const place = Math.floor(at * body.length)
        const head = body.subarray(0, place)
        const tail = body.subarray(place)
        if (kind === 'flip' && place < body.length) body[place] = (body[place] ?? 0) ^ (1 << bit)
        else if (kind === 'cut') body = Buffer.concat([head, tail.subarray(length)])
        else if (kind === 'repeat') body = Buffer.concat([head, tail.subarray(0, length), tail])
        else if (kind === 'end') body = Buffer.from(head)
        else body = Buffer.concat([head, Buffer.from(token), tail])
      }
      return { body, seed }
    })
}
