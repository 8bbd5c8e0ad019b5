/**
 * The drills: what an operator does by mistake or a machine by accident, done on purpose to scratch copies.
 */
import type { Connection } from '../config/connection.ts'
import { dropDatabase, scratchName } from '../database/scratch.ts'

/** What a drill saw. */
export interface Drill {
  /** The message that an operator would read. */
  readonly detected_by: string
  /** Whether all is as it was. */
  readonly recovered: boolean
  readonly recovery_ms: number
}

/** Runs `work` on a database of its own name, which is dropped afterwards whatever happens. */
export async function withScratch<T>(
  server: Connection,
  work: (scratch: Connection) => Promise<T>,
): Promise<T> {
  const scratch = { ...server, database: scratchName() }
  try {
    return await work(scratch)
  } finally {
    await dropDatabase(server, scratch.database)
  }
}

/** Recovers, and says whether that worked and how long it took. */
export async function recover(detected_by: string, repair: () => Promise<boolean>): Promise<Drill> {
  const started = performance.now()
  const recovered = await repair()
  return { detected_by, recovered, recovery_ms: Math.round(performance.now() - started) }
}
