import type { Database } from '../../postgres/database.ts'
import type { World } from '../../simulator/market/types.ts'

/**
 * Compares the filings of the database with those of the world: reports and announcements, each with its
 * moment. Filings that end a listing are not compared. A moment that is not certain may be later than the
 * truth, never before it.
 */
export async function filingDifferences(
  db: Database,
  world: World,
): Promise<{ readonly differences: readonly string[]; readonly count: number }> {
  const rows = await db.rows<{ line: string; accepted_at: string; is_certain: boolean }>(
    `select pg_catalog.concat_ws('|', cik, accession, form, filed, report_date,
       coalesce(array_to_string(items, ','), '-')) as line,
       to_char(accepted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as accepted_at,
       is_accepted_at_certain as is_certain
     from stocks_research.filings
     where form not in ('25-NSE', '15-12B') and not coalesce(items && '{3.01}', false)`,
  )
  const found = new Map(rows.map((row) => [row.line, row]))
  const owned = new Set(world.securities.map(({ cik }) => cik))
  const wanted = world.filers
    .filter(({ cik }) => owned.has(cik))
    .flatMap(({ cik, filings, announcements }) => [
      ...filings.map(({ accession, form, filed, report_date, accepted_at }) => ({
        line: [cik, accession, form, filed, report_date, '-'].join('|'),
        accepted_at,
      })),
      ...announcements.map(({ accession, filed, accepted_at }) => ({
        line: [cik, accession, '8-K', filed, filed, '2.02,9.01'].join('|'),
        accepted_at,
      })),
    ])
  const differences = wanted.flatMap(({ line, accepted_at }) => {
    const row = found.get(line)
    found.delete(line)
    if (row === undefined) return [`Missing filing ${line}`]
    const is_equal = row.accepted_at === accepted_at
    if (is_equal || (!row.is_certain && row.accepted_at > accepted_at)) return []
    return [`Filing ${line} was accepted ${row.accepted_at}, and in truth ${accepted_at}`]
  })
  return {
    differences: [...differences, ...[...found.keys()].map((line) => `Filing that is not in truth ${line}`)],
    count: wanted.length,
  }
}
