import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DistinctKeys } from './distinct-keys.ts'

const rows = fc.array(fc.record({ item_no: fc.nat(3), key: fc.string({ maxLength: 2 }) }), { maxLength: 40 })

/** The items that really have a key twice. */
function itemsWithCopies(of: readonly { readonly item_no: number; readonly key: string }[]): Set<number> {
  const seen = new Set<string>()
  const found = new Set<number>()
  for (const { item_no, key } of of) {
    const place = JSON.stringify([item_no, key])
    if (seen.has(place)) found.add(item_no)
    seen.add(place)
  }
  return found
}

const suspectsOf = (of: readonly { readonly item_no: number; readonly key: string }[]): Set<number> => {
  const keys = new DistinctKeys(['key'])
  for (const { item_no, key } of of) keys.take(item_no, { key })
  return keys.suspects
}

test('every work item with a key twice is a suspect, in any order of rows', () => {
  fc.assert(
    fc.property(rows, (of) => {
      const suspects = suspectsOf(of)
      for (const item_no of itemsWithCopies(of)) expect(suspects.has(item_no)).toBe(true)
    }),
  )
})

test('a work item whose rows come together is a suspect only if it has a key twice', () => {
  fc.assert(
    fc.property(rows, (of) => {
      const together = of.toSorted((a, b) => a.item_no - b.item_no)
      expect(suspectsOf(together)).toEqual(itemsWithCopies(together))
    }),
  )
})

test('work items whose keys ascend are no suspects, in whatever order the items come', () => {
  fc.assert(
    fc.property(rows, (of) => {
      const ascending = of.map(({ item_no }, at) => ({ item_no, key: String(at).padStart(3, '0') }))
      expect(suspectsOf(ascending)).toEqual(new Set())
    }),
  )
})
