import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../helpers/postgres/database.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { quartersRecomputation } from './recompute-quarters.ts'

/**
 * One filer whose filings contradict each other as often as they can: first days a day off, a change of
 * fiscal year, quarters of 12 to 17 weeks, restatements, several filings on one day. Whatever a later filing
 * says, an earlier day keeps its answer.
 */
const CIK = '0000000001'
const dayOf = (days: number, from = '2018-01-01'): string =>
  new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10)
const TAGS = [
  ['Revenues', 'USD'],
  ['EarningsPerShareDiluted', 'USD/shares'],
  ['InterestRate', 'pure'],
  ['Revenues', 'EUR'],
] as const

const fact = fc.record({
  tag: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3),
  first: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 6),
  spans: fc.constantFrom(1, 1, 1, 2, 3, 4),
  start_off: fc.constantFrom(0, 0, 0, 1),
  // 11 days are one more than the last day of a year before may be off.
  end_off: fc.constantFrom(0, 0, 0, 0, 0, 0, 6, 11),
  filed_after: fc.constantFrom(30, 30, 31, 90, 180, 365, 366, 500, 700, -3),
  is_amendment: fc.boolean(),
  form: fc.constantFrom('10-Q', '10-Q', '10-K', '10-KT', '10-QT', '20-F', '6-K', '8-K'),
  value: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -1, max: 6 }) },
    // One value, and the same one rounded: no restatement.
    { weight: 1, arbitrary: fc.constantFrom(999_725_000, 999_725_400, 999_700_000, 1_000_000_000) },
  ),
  accession: fc.integer({ min: 0, max: 5 }),
})
const world = fc.record({
  weeks: fc.array(fc.constantFrom(13, 13, 13, 13, 14, 12, 12, 16, 17), { minLength: 12, maxLength: 12 }),
  facts: fc.array(fact, { minLength: 30, maxLength: 80, size: 'max' }),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function factsOf({ weeks, facts }: World): Record<string, unknown>[] {
  const starts = [0]
  for (const count of weeks) starts.push((starts.at(-1) ?? 0) + 7 * count)
  const rows = facts.map((each) => {
    const [tag, unit] = TAGS[each.tag] ?? TAGS[0]
    const period_start = dayOf((starts[each.first] ?? 0) + each.start_off)
    const period_end = dayOf((starts[each.first + each.spans] ?? 0) - 1 + each.end_off)
    const filed = dayOf(each.filed_after, period_end)
    const form = `${each.form}${each.is_amendment ? '/A' : ''}`
    const accession = `${filed} ${each.accession} ${form}`
    return { cik: CIK, tag, unit, period_start, period_end, value: each.value, accession, form, filed }
  })
  return [
    ...new Map(
      rows.map((row) => [
        JSON.stringify([row.tag, row.unit, row.period_start, row.period_end, row.accession]),
        row,
      ]),
    ).values(),
  ]
}

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

const derive = (tx: Database): Promise<void> =>
  tx.execute(`
    delete from stocks_research.fundamentals_derived;
    insert into stocks_research.fundamentals_derived
    select *
    from stocks_research.derive_fundamentals(array['${CIK}'])`)
const quartersOn = (tx: Database, day: string): Promise<unknown[]> =>
  tx.rows('select q::text as row from stocks_research.fundamentals_quarters_as_of($1::date) q order by 1', [
    day,
  ])

/** Loads the world in a transaction that is taken back, and looks. */
async function within(given: World, look: (tx: Database, days: string[]) => Promise<void>): Promise<void> {
  const undo = new Error('Only to look.')
  const rows = factsOf(given)
  await scratch.db
    .transaction(async (tx) => {
      await tx.execute('truncate stocks_research.fundamentals_raw, stocks_research.fundamentals_derived')
      await tx.rows(
        `insert into stocks_research.fundamentals_raw (cik, taxonomy, tag, unit, period_start, period_end,
           value, accession, form, filed)
         select cik, 'us-gaap', tag, unit, period_start, period_end, value, accession, form, filed
         from jsonb_to_recordset($1::jsonb)
           as r (cik text, tag text, unit text, period_start date, period_end date, value numeric,
             accession text, form text, filed date)`,
        [JSON.stringify(rows)],
      )
      await derive(tx)
      await look(tx, [...new Set(rows.map((row) => String(row['filed'])))].toSorted())
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
}

it('no later filing changes what an earlier day knew, whatever periods the filings state', async () => {
  await fc.assert(
    fc.asyncProperty(world, (given) =>
      within(given, async (tx, days) => {
        const whole = new Map<string, unknown[]>()
        for (const day of days) whole.set(day, await quartersOn(tx, day))
        for (const day of days.toReversed().filter((_, at) => at % 4 === 1)) {
          await tx.rows('delete from stocks_research.fundamentals_raw where filed > $1::date', [day])
          await derive(tx)
          expect(whole.get(day), `as of ${day}`).toEqual(await quartersOn(tx, day))
        }
      }),
    ),
    { numRuns: runs(40) },
  )
})

it('every vintage, with its reasons, equals a recomputation from the facts day by day', async () => {
  await fc.assert(
    fc.asyncProperty(world, (given) =>
      within(given, async (tx) => expect(await quartersRecomputation.find(tx)).toEqual([])),
    ),
    { numRuns: runs(150) },
  )
})
