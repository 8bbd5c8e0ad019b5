import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withDatabase } from '../postgres/database.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { killDump } from './backups.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase()
  await withDatabase(scratch.connection, (db) =>
    db.execute('create table public.measured as select n, md5(n::text) from generate_series(1, 50000) as n'),
  )
})
afterAll(() => scratch.drop())

const BUSY_MS = 3_000

/** Blocks this process as soon as pg_dump works, as the boxes beside the drill do, and longer than they. */
const blockDuringDump = (signal: AbortSignal): Promise<void> =>
  withDatabase(scratch.connection, async (db) => {
    const session = `select from pg_stat_activity where datname = current_database()
      and application_name = 'stocks-research' and pid <> pg_backend_pid()`
    while (!signal.aborted && (await db.rows(session)).length === 0) await sleep(1)
    const until = performance.now() + BUSY_MS
    while (performance.now() < until);
  })

test('pg_dump is killed after it has written, also by a process that has other work', async () => {
  const ended = new AbortController()
  const [drill] = await Promise.all([
    killDump(scratch.connection, 'rehearsal').finally(() => ended.abort()),
    blockDuringDump(ended.signal),
  ])
  expect(drill.detected_by).toMatch(/pg_dump.*SIGKILL/s)
  expect(drill).toMatchObject({ recovered: true, files_left: 0 })
  expect(drill.killed_after_bytes).toBeGreaterThan(0)
})
