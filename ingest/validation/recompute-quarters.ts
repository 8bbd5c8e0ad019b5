import type { Database } from '../../helpers/database.ts'
import type { Offender } from './findings.ts'
import { agree, daysOf, type Kind, vintagesOf } from './quarters.ts'
import { equals, isNear, rational } from './rational.ts'
import { batchesOf, readAhead } from './read-ahead.ts'

const FORMS = ['10-K', '10-K/A', '10-Q', '10-Q/A']

/** Filers read at once: bounds memory, whatever the universe. */
const FILERS_A_BATCH = 20
const CIK_DIGITS = 10

interface FactRow extends Record<string, unknown> {
  readonly cik: string
  readonly series: string
  readonly unit: string
  readonly tag: string
  readonly period_start: string
  readonly period_end: string
  readonly value: string
  readonly filed: string
  readonly accession: string
  readonly form: string
}
interface DerivedRow extends Record<string, unknown> {
  readonly cik: string
  readonly series: string
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
  readonly is_fourteen_weeks: boolean
}

/** Every row of `fundamentals_derived` that facts do not give, and every one that they give and that is not there. */
export async function recomputeQuarters(db: Database): Promise<Offender[]> {
  const filers = await db.rows<{ cik: string }>('select distinct cik from stocks_research.fundamentals_raw order by cik')
  const offenders: Offender[] = []
  const batches = batchesOf(
    filers.map(({ cik }) => cik),
    FILERS_A_BATCH,
  )
  const read = async (ciks: readonly string[]) => ({
    facts: Map.groupBy(await db.rows<FactRow>(FACTS, [ciks, FORMS]), ({ cik, series }) => `${cik} ${series}`),
    derived: Map.groupBy(await db.rows<DerivedRow>(DERIVED, [ciks]), ({ cik, series }) => `${cik} ${series}`),
  })
  for await (const { facts, derived } of readAhead(batches, read)) {
    for (const key of new Set([...facts.keys(), ...derived.keys()])) {
      const [cik, series] = [key.slice(0, CIK_DIGITS), key.slice(CIK_DIGITS + 1)]
      offenders.push(...compareSeries(cik, series, facts.get(key) ?? [], derived.get(key) ?? []))
    }
  }
  return offenders
}

function compareSeries(cik: string, series: string, facts: readonly FactRow[], derived: readonly DerivedRow[]): Offender[] {
  const kind = kindOf(facts[0]?.unit ?? '', facts[0]?.tag ?? '')
  const expected = vintagesOf(
    facts.map((fact) => ({ ...fact, value: rational(fact.value), is_amendment: fact.form.endsWith('/A') })),
    kind,
  )
  const keyOf = (row: { period_start: string; period_end: string; known_from: string }): string =>
    `${row.period_start}..${row.period_end} known from ${row.known_from}`
  const wanted = new Map(expected.map((vintage) => [keyOf(vintage), vintage]))
  const offenders: Offender[] = []
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
      daysOf(row.period_start, row.period_end) >= 95 === row.is_fourteen_weeks &&
      (vintage.value === null || row.value === null ? vintage.value === row.value : equals(rational(row.value), vintage.value)) &&
      (vintage.ttm_value === null || row.ttm_value === null
        ? vintage.ttm_value === row.ttm_value
        : equals(rational(row.ttm_value), vintage.ttm_value)) &&
      isNearRatio(row.yoy_ratio, vintage.yoy_ratio)
    if (!isRight)
      offenders.push({
        subject: cik,
        series,
        quarter: keyOf(row),
        fault: vintage === undefined ? 'nothing gives it' : 'it differs',
        value: row.value,
      })
  }
  for (const quarter of wanted.keys()) offenders.push({ subject: cik, series, quarter, fault: 'it is missing' })
  return offenders
}

/** The table rounds a ratio to 20 decimals. */
function isNearRatio(value: string | null, expected: Parameters<typeof agree>[0]): boolean {
  if (value === null || expected === null) return value === null && expected === null
  const stored = rational(value)
  return agree(stored, expected, 12) || isNear({ n: stored.n + stored.d, d: stored.d }, { n: expected.n + expected.d, d: expected.d }, 18)
}

function kindOf(unit: string, tag: string): Kind {
  if (unit.endsWith('/shares')) return 'per_share'
  if (unit === 'shares') return 'shares'
  const isRatio = ['Average', 'PerShare', 'PerUnit', 'Percent', 'Ratio', 'Maximum', 'Minimum'].some((word) => tag.includes(word))
  return /^[A-Z]{3}$/.test(unit) && !isRatio && !tag.endsWith('Rate') && !tag.endsWith('Price') ? 'amount' : 'other'
}

const FACTS = `
  select f.cik, concat_ws(' ', f.taxonomy, f.tag, f.unit) as series, f.unit, f.tag, f.period_start, f.period_end, f.value, f.filed, f.accession, f.form
  from stocks_research.fundamentals_raw f
  where f.cik = any ($1::text[]) and f.form = any ($2::text[]) and f.period_start is not null and f.filed >= f.period_end`
const DERIVED = `
  select d.cik, concat_ws(' ', d.taxonomy, d.tag, d.unit) as series, d.period_start, d.period_end, d.known_from, d.value, d.method, d.reason,
    d.yoy_ratio, d.yoy_reason, d.yoy_base_period_end, d.ttm_value, d.ttm_reason, d.is_fourteen_weeks
  from stocks_research.fundamentals_derived d where d.cik = any ($1::text[])`
