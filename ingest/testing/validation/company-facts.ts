import type { Database } from '../../../helpers/postgres/database.ts'
import { parseJson } from '../../http/json.ts'
import { parseCompanyFacts } from '../../providers/sec-edgar/parse.ts'
import { CHECKS } from '../../validation/checks.ts'
import { validate } from '../../validation/validate.ts'
import { deriveFundamentals } from './derive-fundamentals.ts'

/** Filings of one filer in the shape of the SEC's companyfacts. */
export interface Filing {
  readonly form: string
  readonly filed: string
  readonly accn: string
  /** Start (empty for an instant), end, taxonomy and tag, unit, value. */
  readonly facts: readonly (readonly [start: string, end: string, tag: string, unit: string, val: string])[]
}

/** Loads the filings of one filer through the parser of companyfacts, and derives quarters and items. */
export async function fileFacts(db: Database, cik: string, filings: readonly Filing[]): Promise<void> {
  const facts: Record<string, Record<string, { units: Record<string, object[]> }>> = {}
  for (const { form, filed, accn, facts: own } of filings)
    for (const [start, end, qualified, unit, val] of own) {
      const [taxonomy = '', tag = ''] = qualified.split(':')
      const tags = facts[taxonomy] ?? {}
      const { units } = tags[tag] ?? { units: {} }
      const period = start === '' ? { end } : { start, end }
      const fact = { ...period, val: Number(val), accn, fy: 2024, fp: 'FY', form, filed }
      units[unit] = [...(units[unit] ?? []), fact]
      tags[tag] = { units }
      facts[taxonomy] = tags
    }
  const body = parseJson(JSON.stringify({ cik: Number(cik), entityName: 'x', facts }))
  await db.rows(
    `insert into stocks_research.fundamentals_raw
       (cik, taxonomy, tag, unit, period_start, period_end, value, accession, form, filed)
     select r.*
     from jsonb_to_recordset($1::jsonb)
       as r (cik text, taxonomy text, tag text, unit text, period_start date, period_end date, value numeric,
         accession text, form text, filed date)`,
    [JSON.stringify(parseCompanyFacts(body, () => undefined))],
  )
  await deriveFundamentals(db, [cik])
}

/** What was known of an item on a day: "kind start..end value unit", in order. */
export async function itemsOn(db: Database, day: string, cik: string, item: string): Promise<string[]> {
  const rows = await db.rows<{ row: string }>(
    `select concat_ws(' ', period_kind, coalesce(period_start || '..', '') || period_end,
       coalesce(trim_scale(value)::text, reason), unit) as row
     from stocks_research.fundamentals_standard_as_of($1::date, array[$2])
     where item = $3
     order by period_end, period_kind, unit`,
    [day, cik, item],
  )
  return rows.map(({ row }) => row)
}

export const quartersOf = (db: Database, cik: string, tag: string) =>
  db.rows(
    `select period_start, period_end, trim_scale(value) as value, method, is_transition, ttm_value
     from stocks_research.fundamentals_quarters_as_of('2030-01-01', array[$1])
     where tag = $2
     order by period_end`,
    [cik, tag],
  )

const CHECK_NAMES = [
  'quarters-equal-recomputation',
  'standard-items-equal-recomputation',
  'calculated-items-equal-recomputation',
  'balance-identity',
  'quarters-add-up',
  'quarter-equals-its-filing',
  'standard-view-has-the-items',
]

/** How many hard violations the checks of fundamentals find. */
export async function hardViolations(db: Database): Promise<number> {
  const checks = CHECKS.filter(({ name }) => CHECK_NAMES.includes(name))
  if (checks.length !== CHECK_NAMES.length) throw new RangeError('A check of fundamentals has another name.')
  return (await validate(db, { checks, accepted: [] })).hard_count
}
