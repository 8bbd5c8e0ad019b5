import type { Database } from '../../postgres/database.ts'
import { isEqual, parseDecimal, type Rational, toDecimal } from '../../simulator/market/rational.ts'
import type { Filer, World } from '../../simulator/market/types.ts'
import { filedFacts, knowledgeOf } from './expected-fundamentals.ts'

export interface FundamentalComparison {
  readonly differences: readonly string[]
  readonly facts: number
  /** Quarters requested, each as of each day on which its filer filed something. */
  readonly look_ups: number
}

interface DerivedRow extends Record<string, unknown> {
  readonly cik: string
  readonly tag: string
  readonly unit: string
  readonly period_start: string
  readonly period_end: string
  readonly known_from: string
  readonly value: string | null
  readonly ttm_value: string | null
  readonly yoy_ratio: string | null
}

/** Ratios are rounded on output. */
const RATIO_MAX = 1e-9

export async function fundamentalDifferences(db: Database, world: World): Promise<FundamentalComparison> {
  const asked = new Set(world.securities.map((security) => security.cik))
  const filers = world.filers.filter((filer) => asked.has(filer.cik))
  const raw = await rawDifferences(db, filers)
  const rows = await db.rows<DerivedRow>(
    `select cik, tag, unit, period_start, period_end, known_from, value, ttm_value, yoy_ratio
       from stocks_research.fundamentals_derived order by known_from`,
  )
  const derived = Map.groupBy(rows, (row) =>
    keyOf(row.cik, row.tag, row.unit, row.period_start, row.period_end),
  )
  const differences = [...raw.differences]
  let look_ups = 0
  for (const filer of filers) {
    for (const difference of derivedDifferences(filer, derived)) {
      if (difference === null) look_ups++
      else differences.push(difference)
    }
  }
  return { differences, facts: raw.count, look_ups }
}

async function rawDifferences(
  db: Database,
  filers: readonly Filer[],
): Promise<{ differences: string[]; count: number }> {
  const rows = await db.rows<{
    line: string
  }>(`select pg_catalog.concat_ws('|', cik, taxonomy, tag, unit, coalesce(period_start::text, '-'),
        period_end, value, accession, form, fiscal_year, fiscal_period, filed, coalesce(frame, '-')) as line
      from stocks_research.fundamentals_raw`)
  const left = new Set(rows.map(({ line }) => line))
  const differences: string[] = []
  let count = 0
  for (const filer of filers) {
    for (const fact of filedFacts(filer)) {
      count++
      const line = [
        fact.cik,
        fact.taxonomy,
        fact.tag,
        fact.unit,
        fact.start ?? '-',
        fact.end,
        fact.value,
        fact.accession,
        fact.form,
        fact.fiscal_year,
        fact.fiscal_period,
        fact.filed,
        fact.frame ?? '-',
      ].join('|')
      if (!left.delete(line)) differences.push(`Missing fact: ${line}`)
    }
  }
  for (const line of left) differences.push(`Unknown fact: ${line}`)
  return { differences, count }
}

/** One item for each look-up: null when it agrees, else the difference. */
function* derivedDifferences(
  filer: Filer,
  derived: ReadonlyMap<string, readonly DerivedRow[]>,
): Generator<string | null> {
  const knowledge = knowledgeOf(filer)
  const days = [...new Set(filer.filings.map((filing) => filing.filed))]
  const tags = new Map(
    filedFacts(filer).flatMap((fact) => (fact.start === null ? [] : [[fact.tag, fact.unit] as const])),
  )
  for (const [tag, unit] of tags) {
    for (const quarter of knowledge.quarters) {
      const rows = derived.get(keyOf(filer.cik, tag, unit, quarter.start, quarter.end)) ?? []
      // A quarter cannot be known before its end; a check of the product verifies that.
      for (const day of days.filter((date) => date > quarter.end)) {
        const row = rows.findLast((one) => one.known_from <= day)
        const name = `${tag} of ${filer.cik}, ${quarter.start} to ${quarter.end}, as of ${day}`
        const expected = knowledge.quarter(tag, unit, quarter, day)
        if (!isValue(row?.value ?? null, expected?.value ?? null)) {
          yield `${name} is ${row?.value ?? null}; it was ${shown(expected?.value ?? null)}.`
          continue
        }
        const year = knowledge.trailingYear(tag, unit, quarter, day)
        const change = knowledge.yearOverYear(tag, unit, quarter, day).ratio
        if (row !== undefined && !isValue(row.ttm_value, year))
          yield `The trailing year of ${name} is ${row.ttm_value}; it was ${shown(year)}.`
        else if (row !== undefined && isFar(row.yoy_ratio, change))
          yield `The change over the year of ${name} is ${row.yoy_ratio}; it was ${shown(change)}.`
        else yield null
      }
    }
  }
}

const keyOf = (...parts: readonly string[]): string => parts.join('|')
const shown = (value: Rational | null): string => (value === null ? 'not known' : toDecimal(value, 6))

const isValue = (got: string | null, wanted: Rational | null): boolean =>
  got === null || wanted === null ? got === wanted : isEqual(parseDecimal(got), wanted)

function isFar(got: string | null, wanted: Rational | null): boolean {
  if (got === null || wanted === null) return got !== wanted
  return Math.abs(Number(got) - Number(toDecimal(wanted, 12))) > RATIO_MAX
}
