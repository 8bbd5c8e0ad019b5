import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { loadCalendar } from '../calendar/load.ts'
import { dayOfWorld, loadWorld, world } from '../testing/validation/random-world.ts'

/** Each derived value with the reason beside it: `is_null` and `reason` of every row. */
const DERIVED: Readonly<Record<string, string>> = {
  'fundamentals_derived.value':
    'select value is null as is_null, reason from stocks_research.fundamentals_derived',
  'fundamentals_derived.yoy_ratio':
    'select yoy_ratio is null as is_null, yoy_reason as reason from stocks_research.fundamentals_derived',
  'fundamentals_derived.ttm_value':
    'select ttm_value is null as is_null, ttm_reason as reason from stocks_research.fundamentals_derived',
  fundamentals_standard_as_of:
    'select value is null as is_null, reason from stocks_research.fundamentals_standard_as_of($1::date)',
  fundamentals_standard_v:
    'select value is null as is_null, reason from stocks_research.fundamentals_standard_v',
  prices_daily_adjusted_as_of: `select (adj_close is null or total_return_close is null) as is_null,
                                  adjustment_reason as reason
    from stocks_research.prices_daily_adjusted_as_of($1::date)`,
  securities_listing_v: `select delisting_return is null as is_null, delisting_return_reason as reason
                         from stocks_research.securities_listing_v`,
  delistings_v: `select delisting_return is null as is_null, delisting_return_reason as reason
                 from stocks_research.delistings_v`,
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.transaction((tx) => loadCalendar(tx, { today: '2022-01-03' }))
})
afterAll(() => scratch?.drop())

const METHODS = readFileSync(join(ROOT_DIRECTORY, 'docs', 'methods.md'), 'utf8')
const isTold = (reason: string): boolean => METHODS.includes(`\`${reason}\``)

it('a derived value has a reason exactly when it is null, and docs/methods.md explains it', async () => {
  const codes = new Set<string>()
  const look = async (tx: Database, day: string): Promise<void> => {
    for (const [name, sql] of Object.entries(DERIVED)) {
      const rows = await tx.rows<{ is_null: boolean; reason: string | null }>(
        `select distinct is_null, reason from (${sql}) d`,
        sql.includes('$1') ? [day] : [],
      )
      expect(
        rows.filter(({ is_null, reason }) => is_null !== (reason !== null)),
        name,
      ).toEqual([])
      // The reason of an adjustment is a day and a sentence.
      if (name !== 'prices_daily_adjusted_as_of')
        for (const { reason } of rows) if (reason !== null) codes.add(reason)
    }
  }
  const undo = new Error('Only to look.')
  await fc.assert(
    fc.asyncProperty(world, dayOfWorld, async (given, day) => {
      await scratch.db
        .transaction(async (tx) => {
          await tx.execute(
            `truncate stocks_research.securities, stocks_research.fundamentals_raw,
               stocks_research.fundamentals_derived,
         stocks_research.fundamentals_standard cascade`,
          )
          await loadWorld(tx, given)
          await look(tx, day)
          throw undo
        })
        .catch((error: unknown) => {
          if (error !== undo) throw error
        })
    }),
    { numRuns: runs(20) },
  )
  const constraints = await scratch.db.rows<{ text: string }>(
    `select pg_get_constraintdef(oid) as text
     from pg_constraint
     where conrelid = 'stocks_research.fundamentals_derived'::regclass and contype = 'c'
       and pg_get_constraintdef(oid) ~ 'reason = '`,
  )
  for (const { text } of constraints)
    for (const [, code] of text.matchAll(/'([a-z_]+)'::text/g)) codes.add(code ?? '')
  expect(codes.size).toBeGreaterThan(8)
  expect([...codes].filter((code) => !isTold(code))).toEqual([])
})
