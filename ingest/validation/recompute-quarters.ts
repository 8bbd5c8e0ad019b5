import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'
import { batchesOf, type Columns, gathered, readAhead, rowsOf } from './batches.ts'
import type { Recomputation, Violation } from './check.ts'
import { isTransition, PERIODIC_FORMS } from './forms.ts'
import { daysOf } from './quarter-ways.ts'
import { agree, type Kind, vintagesOf } from './quarters.ts'
import { equals, isNear, rational } from './rational.ts'

const SQL = join(import.meta.dirname, 'sql')
const SERIES = "r.cik, r.tag, r.unit, concat_ws(' ', r.taxonomy, r.tag, r.unit) as series"

/** Filers read at once: bounds memory, whatever the universe. */
const FILERS_A_BATCH = 20

interface Series extends Record<string, unknown> {
  readonly cik: string
  readonly series: string
  readonly unit: string
  readonly tag: string
}
interface FactRow {
  readonly period_start: string
  readonly period_end: string
  readonly value: string
  readonly filed: string
  readonly accession: string
  readonly form: string
}
interface DerivedRow {
  readonly period_start: string
  readonly period_end: string
  readonly known_from: string
  readonly value: string | null
  readonly method: string
  readonly reason: string | null
  readonly yoy_ratio: string | null
  readonly yoy_reason: string | null
  readonly yoy_base_period_end: string | null
  readonly ttm_value: string | null
  readonly ttm_reason: string | null
  readonly is_long_quarter: 't' | 'f'
  readonly is_transition: 't' | 'f'
  readonly accession: string
  readonly subtracted_accession: string | null
}
const FACT_COLUMNS = ['period_start', 'period_end', 'value', 'filed', 'accession', 'form'] as const
const DERIVED_COLUMNS = [
  'period_start',
  'period_end',
  'known_from',
  'value',
  'method',
  'reason',
  'yoy_ratio',
  'yoy_reason',
  'yoy_base_period_end',
  'ttm_value',
  'ttm_reason',
  'is_long_quarter',
  'is_transition',
  'accession',
  'subtracted_accession',
] as const

export const quartersRecomputation: Recomputation = {
  name: 'quarters-equal-recomputation',
  claim: 'derived quarters, every vintage, equal an independent recomputation',
  severity: 'hard',
  why:
    'The recomputation goes day by day through what was filed, in exact fractions, and shares nothing with ' +
    'the SQL that derives quarters. Values agree exactly, growth rates to twelve digits.',
  job: 'fundamentals-derived',
  is_acceptable: false,
  find: recomputeQuarters,
}

/** Every row of `fundamentals_derived` that facts do not give, and every one that they give and it lacks. */
async function recomputeQuarters(db: Database): Promise<Violation[]> {
  const filers = await db.rows<{ cik: string }>(
    'select distinct cik from stocks_research.fundamentals_raw order by cik',
  )
  const violations: Violation[] = []
  const batches = batchesOf(
    filers.map(({ cik }) => cik),
    FILERS_A_BATCH,
  )
  const keyOf = ({ cik, series }: Series): string => `${cik} ${series}`
  const facts_sql = queryFile(SQL, 'quarter-facts', { series: SERIES, columns: gathered(FACT_COLUMNS) })
  const rows_sql = queryFile(SQL, 'quarter-rows', { series: SERIES, columns: gathered(DERIVED_COLUMNS) })
  const read = async (ciks: readonly string[]) => ({
    facts: Map.groupBy(
      await db.rows<Series & Columns<keyof FactRow>>(facts_sql, [ciks, PERIODIC_FORMS]),
      keyOf,
    ),
    derived: Map.groupBy(await db.rows<Series & Columns<keyof DerivedRow>>(rows_sql, [ciks]), keyOf),
  })
  for await (const { facts, derived } of readAhead(batches, read)) {
    for (const key of new Set([...facts.keys(), ...derived.keys()])) {
      const stated = facts.get(key) ?? []
      const made = derived.get(key) ?? []
      const of = stated[0] ?? made[0]
      if (of === undefined) continue
      violations.push(
        ...compareSeries(
          of,
          stated.flatMap((columns) => rowsOf<FactRow>(columns, FACT_COLUMNS)),
          made.flatMap((columns) => rowsOf<DerivedRow>(columns, DERIVED_COLUMNS)),
        ),
      )
    }
  }
  return violations
}

function compareSeries(
  { cik, series, unit, tag }: Series,
  facts: readonly FactRow[],
  derived: readonly DerivedRow[],
): Violation[] {
  const expected = vintagesOf(
    facts.map(({ period_start, period_end, value, filed, accession, form }) => ({
      period_start,
      period_end,
      value: rational(value),
      filed,
      accession,
      is_amendment: form.endsWith('/A'),
    })),
    kindOf(unit, tag),
  )
  const keyOf = (row: { period_start: string; period_end: string; known_from: string }): string =>
    `${row.period_start}..${row.period_end} known from ${row.known_from}`
  const wanted = new Map(expected.map((vintage) => [keyOf(vintage), vintage]))
  const transitions = new Set(
    facts.filter(({ form }) => isTransition(form)).map(({ accession }) => accession),
  )
  const violations: Violation[] = []
  for (const row of derived) {
    const vintage = wanted.get(keyOf(row))
    wanted.delete(keyOf(row))
    const isRight =
      vintage !== undefined &&
      vintage.method === row.method &&
      (vintage.method === 'none' ? 'not_additive' : null) === row.reason &&
      vintage.yoy_reason === row.yoy_reason &&
      vintage.yoy_base_period_end === row.yoy_base_period_end &&
      vintage.ttm_reason === row.ttm_reason &&
      daysOf(row.period_start, row.period_end) >= 95 === (row.is_long_quarter === 't') &&
      (transitions.has(row.accession) || transitions.has(row.subtracted_accession ?? '')) ===
        (row.is_transition === 't') &&
      (vintage.value === null || row.value === null
        ? vintage.value === row.value
        : equals(rational(row.value), vintage.value)) &&
      (vintage.ttm_value === null || row.ttm_value === null
        ? vintage.ttm_value === row.ttm_value
        : equals(rational(row.ttm_value), vintage.ttm_value)) &&
      isNearRatio(row.yoy_ratio, vintage.yoy_ratio)
    if (!isRight)
      violations.push({
        subject: cik,
        series,
        quarter: keyOf(row),
        fault: vintage === undefined ? 'nothing gives it' : 'it differs',
        value: row.value,
      })
  }
  for (const quarter of wanted.keys())
    violations.push({ subject: cik, series, quarter, fault: 'it is missing' })
  return violations
}

/** The table rounds a ratio to 20 decimals. */
function isNearRatio(value: string | null, expected: Parameters<typeof agree>[0]): boolean {
  if (value === null || expected === null) return value === null && expected === null
  const stored = rational(value)
  return (
    agree(stored, expected, 12) ||
    isNear({ n: stored.n + stored.d, d: stored.d }, { n: expected.n + expected.d, d: expected.d }, 18)
  )
}

function kindOf(unit: string, tag: string): Kind {
  if (unit.endsWith('/shares')) return 'per_share'
  if (unit === 'shares') return 'shares'
  const isRatio = ['Average', 'PerShare', 'PerUnit', 'Percent', 'Ratio', 'Maximum', 'Minimum'].some((word) =>
    tag.includes(word),
  )
  return /^[A-Z]{3}$/.test(unit) && !isRatio && !tag.endsWith('Rate') && !tag.endsWith('Price')
    ? 'amount'
    : 'other'
}
