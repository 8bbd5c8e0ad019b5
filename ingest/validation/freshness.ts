import { join } from 'node:path'
import { counted } from '../../helpers/core/text.ts'
import type { Database } from '../../helpers/postgres/database.ts'
import { queryFile } from '../../helpers/postgres/query-file.ts'

const SQL = join(import.meta.dirname, 'sql')

/** The age of the stored prices on a day. */
export interface Freshness {
  /** The last session that had ended at the moment of reference; null before the calendar is loaded. */
  readonly last_session_date: string | null
  /** Null without a bar. */
  readonly newest_bar_date: string | null
  /** Sessions from the newest bar to the last session. */
  readonly newest_bar_age_sessions: number | null
  readonly listed_count: number
  /** Listed securities whose newest bar is older than `security_bar_max_sessions`, oldest first. */
  readonly stale: readonly {
    readonly source_id: string
    readonly ticker: string
    readonly newest_bar_date: string
    readonly age_sessions: number
  }[]
}

/** A session counts as finished so long after its close: free plans delay the last 15 minutes of prices. */
const DELAY_MS = 16 * 60_000

/** The moment whose finished sessions count at `now`. */
export const finishedBy = (now: Date): string => new Date(now.getTime() - DELAY_MS).toISOString()

/**
 * How old the prices are at `now`, for people and monitors. The hard checks of freshness measure from the end
 * of the newest run's window instead, so that a window that ends in the past by its own wish is not stale.
 */
export async function freshnessOf(
  db: Database,
  now: Date,
  { security_bar_max_sessions }: { readonly security_bar_max_sessions: number },
): Promise<Freshness> {
  const { freshness } = await db.one<{ freshness: Freshness }>(queryFile(SQL, 'freshness'), [
    finishedBy(now),
    security_bar_max_sessions,
  ])
  return freshness
}

/** The age of the prices in a sentence. */
export function freshnessText({
  last_session_date,
  newest_bar_date,
  newest_bar_age_sessions: age,
  listed_count,
  stale,
}: Freshness): string {
  if (newest_bar_date === null || age === null) return 'newest bar: none'
  const behind = age === 0 ? 'the last session' : `${counted(age, 'session')} before ${last_session_date}`
  const old =
    stale.length === 0
      ? ''
      : `; ${stale.length} of ${counted(listed_count, 'listed security')} without a recent bar`
  return `newest bar: ${newest_bar_date}, ${behind}${old}`
}
