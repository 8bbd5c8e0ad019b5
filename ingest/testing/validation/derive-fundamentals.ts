import type { Database } from '../../../helpers/postgres/database.ts'

/** Derives quarters and standard items of these filers, as the job does; what was derived before is replaced. */
export async function deriveFundamentals(db: Database, ciks: readonly string[]): Promise<void> {
  for (const [table, derive] of [
    ['fundamentals_derived', 'derive_fundamentals'],
    ['fundamentals_standard', 'derive_standard_items'],
  ] as const) {
    await db.rows(`delete from stocks_research.${table} where cik = any ($1)`, [ciks])
    await db.rows(
      `insert into stocks_research.${table} select * from stocks_research.${derive}($1::text[])`,
      [ciks],
    )
  }
}
