import type { Database } from './database.ts'

/** Beyond it, "filed today" and "known from" would mean different days here and on the server. */
export const CLOCK_OFFSET_MAX_MS = 2_000

/** By how much the clock of the server is ahead of ours, milliseconds; negative when it is behind. */
export async function clockOffset(db: Database, now: () => number = Date.now): Promise<number> {
  const asked_at_ms = now()
  const { server_ms } = await db.one<{ server_ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as server_ms',
  )
  // Half of the round trip belongs to the way there.
  return Math.round(server_ms - (asked_at_ms + now()) / 2)
}
