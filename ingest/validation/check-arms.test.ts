import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Scratch } from '../../helpers/testing/scratch.ts'
import { offendedBy, smallMarket } from '../testing/validation/small-market.ts'
import type { Check } from './check.ts'
import { CHECKS } from './checks.ts'

// A check that is a union of queries passes its own test when one of them finds the fault. Here each query is
// run alone, so that one that finds nothing is noticed.
let scratch: Scratch
beforeAll(async () => {
  scratch = await smallMarket()
})
afterAll(() => scratch?.drop())

/** The queries of a check at its top level, each with the CTEs that come before the first one. */
function armsOf({ query }: Check): string[] {
  const [first = '', ...others] = query.split(/^union all$/m)
  const ctes = first.slice(0, first.search(/^select$|^select /m))
  return [first, ...others.map((other) => ctes + other)]
}

const orphan = (table: string, change: string): string =>
  `alter table stocks_research.${table} drop constraint if exists ${table}_security_id_fkey; ${change}`
const COPY_OF_FACTORS = `
  alter table stocks_research.adjustment_factors drop constraint adjustment_factors_one_a_day;
  insert into stocks_research.adjustment_factors
    (security_id, first_date, last_date, price_factor, total_return_factor, split_numerator,
      split_denominator, events)
  select security_id, first_date + 1, last_date, 1, 1, 1, 1, '[]' from stocks_research.adjustment_factors`

/** One fault for each query of each check, in their order. */
const FAULTS: Readonly<Record<string, readonly string[]>> = {
  'foreign-keys-present': [
    'alter table stocks_research.prices_daily drop constraint prices_daily_security_id_fkey',
    'alter table stocks_research.prices_daily disable trigger all',
  ],
  'indexes-valid': [
    `update pg_index set indisvalid = false
     where indexrelid = 'stocks_research.prices_daily_pkey'::regclass`,
    'alter table stocks_research.prices_daily drop constraint prices_daily_pkey',
  ],
  'no-look-ahead': [
    `update stocks_research.fundamentals_raw set filed = '2030-01-01'
     where accession in (select accession from stocks_research.fundamentals_derived)`,
    `update stocks_research.fundamentals_raw set filed = '2030-01-01'
     where accession in (select subtracted_accession from stocks_research.fundamentals_derived)`,
  ],
  'no-orphans': [
    orphan('ticker_history', 'update stocks_research.ticker_history set security_id = 9'),
    orphan('prices_daily', 'update stocks_research.prices_daily set security_id = 9'),
    orphan('corporate_actions', 'update stocks_research.corporate_actions set security_id = 9'),
    orphan('adjustment_factors', 'update stocks_research.adjustment_factors set security_id = 9'),
    `update stocks_research.fundamentals_raw set cik = '0000000009'`,
    `update stocks_research.fundamentals_derived set cik = '0000000009'`,
  ],
  'one-factor-a-bar': ['delete from stocks_research.adjustment_factors', COPY_OF_FACTORS],
}

const unions = CHECKS.filter((check) => 'query' in check).filter((check) => armsOf(check).length > 1)

it('each check that is a union has a fault for each of its queries', () => {
  expect(Object.fromEntries(unions.map((check) => [check.name, armsOf(check).length]))).toEqual(
    Object.fromEntries(Object.entries(FAULTS).map(([name, faults]) => [name, faults.length])),
  )
})

const arms = unions.flatMap((check) =>
  armsOf(check).map((query, at) => ({ name: check.name, number: at + 1, query })),
)
it.each(arms)('query $number of $name finds its fault, and nothing without it', async (arm) => {
  const found = (): Promise<unknown[]> => scratch.db.rows(arm.query)
  expect(await found()).toEqual([])
  const fault = FAULTS[arm.name]?.[arm.number - 1] ?? ''
  expect(
    (await offendedBy(scratch, fault, async (tx) => (await tx.rows(arm.query)).map(() => arm.name))).length,
  ).toBeGreaterThan(0)
})
