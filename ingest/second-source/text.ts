import type { Database } from '../../helpers/postgres/database.ts'

/** What was compared, and what was not, in words; undefined when no second source was read. */
export async function secondSourceText(db: Database): Promise<string | undefined> {
  const [held] = await db.rows<{
    source: string
    has_splits: boolean
    has_dividends: boolean
    rows_kept: string
    rows_skipped: string
    rows_rejected: string
    rows_contradicted: string
  }>('select * from ingestion.second_source')
  if (held === undefined) return undefined
  const { closes, compared, without } = await db.one<{
    closes: number
    compared: number
    without: readonly string[]
  }>(
    `select coalesce(sum(closes_count), 0)::integer as closes, coalesce(sum(compared_count), 0)::integer as compared,
       coalesce(array_agg(source_id order by source_id) filter (where compared_count = 0 and closes_count > 0), '{}') as without
     from ingestion.second_source_coverage_v`,
  )
  const events = [held.has_splits ? [] : ['splits'], held.has_dividends ? [] : ['dividends']].flat()
  return [
    `Second source ${held.source}: ${compared} of our ${closes} closes compared, ${closes - compared} not, since it does not hold them.`,
    ...(without.length > 0
      ? [
          `  It holds none of ${without.length} securities: ${without.slice(0, NAMES_MAX).join(', ')}${without.length > NAMES_MAX ? ' …' : ''}`,
        ]
      : []),
    ...(events.length > 0 ? [`  It says nothing of ${events.join(' and ')}: none was compared.`] : []),
    `  Of its records ${held.rows_kept} were taken, ${held.rows_skipped} are of others, ${held.rows_rejected} were no good, ${held.rows_contradicted} contradict each other.`,
    '',
  ].join('\n')
}
const NAMES_MAX = 20
