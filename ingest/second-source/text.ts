import { join } from 'node:path'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'

const SQL = join(import.meta.dirname, 'sql')
const NAMES_MAX = 20

interface SourceRow extends Record<string, unknown> {
  readonly source: string
  readonly has_splits: boolean
  readonly has_dividends: boolean
  readonly rows_kept: string
  readonly rows_skipped: string
  readonly rows_rejected: string
  readonly rows_contradicted: string
}
interface Coverage extends Record<string, unknown> {
  readonly closes: number
  readonly compared: number
  readonly without: readonly string[]
}

/** What was compared with the second source, and what was not; undefined when none was read. */
export async function secondSourceText(db: Database): Promise<string | undefined> {
  const [held] = await db.rows<SourceRow>('select * from ingestion.second_source')
  if (held === undefined) return undefined
  const { closes, compared, without } = await db.one<Coverage>(queryFile(SQL, 'coverage'))
  const lines = [
    `Second source ${held.source}: ${compared} of our ${closes} closes were compared; ` +
      `it does not have the other ${closes - compared}.`,
  ]
  const more = without.length > NAMES_MAX ? ' …' : ''
  const names = `${without.slice(0, NAMES_MAX).join(', ')}${more}`
  if (without.length > 0) lines.push(`  Securities without any close in it: ${without.length} (${names}).`)
  if (!held.has_splits) lines.push('  It has no splits, so none was compared.')
  if (!held.has_dividends) lines.push('  It has no dividends, so none was compared.')
  lines.push(
    `  Records: ${held.rows_kept} kept, ${held.rows_skipped} skipped (other securities or kinds), ` +
      `${held.rows_rejected} rejected, ${held.rows_contradicted} that contradict each other.`,
  )
  return `${lines.join('\n')}\n`
}
