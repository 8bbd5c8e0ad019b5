import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { asStated, type EdgeCase, edgeCases, edgeMarket } from '../testing/validation/edge-market.ts'
import { offendedBy } from '../testing/validation/small-market.ts'
import type { Check } from './check.ts'
import { CHECKS } from './checks.ts'

// The cases of a check are in ingest/testing/validation/edges/<check>.sql.
let scratch: Scratch
beforeAll(async () => {
  scratch = await edgeMarket()
})
afterAll(() => scratch?.drop())

const checks = CHECKS.filter((check): check is Check => 'query' in check)
const cases = edgeCases()

/** What the check finds with the case in the market, and then without it. */
const foundBy = (check: Check, edge: EdgeCase): Promise<readonly string[]> =>
  offendedBy(scratch, edge.sql, async (tx) => asStated(await tx.rows(check.query), edge))

it.each(checks)('$name finds what lies beyond its edges, and nothing else', async (check) => {
  expect(await scratch.db.rows(check.query), 'the market without a fault').toEqual([])
  for (const edge of cases.get(check.name) ?? [])
    expect((await foundBy(check, edge)).toSorted(), edge.title).toEqual(edge.finds.toSorted())
})

it('every check states a case that it finds, and one that it must not find', () => {
  const stated = [...cases].filter(([, edges]) => {
    const counts = edges.map(({ finds }) => finds.length)
    return counts.includes(0) && counts.some((count) => count > 0)
  })
  expect(stated.map(([name]) => name)).toEqual(checks.map(({ name }) => name).toSorted())
})
