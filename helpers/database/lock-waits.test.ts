import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openDatabase } from '../postgres/database.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { watchLockWaits } from './lock-waits.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase()
  await scratch.db.execute('create table public.held (n integer)')
})
afterAll(() => scratch.drop())

/** Lines that a watch prints while a session of ours waits for a table that another one holds. */
async function linesWhileWaiting(from: 'the database' | 'another database'): Promise<string[]> {
  const lines: string[] = []
  const { connection } = scratch
  const ours = openDatabase(connection, { application: 'ingest 1' })
  const stop = watchLockWaits(
    from === 'the database' ? connection : inject('testServer'),
    connection.database,
    (line) => lines.push(line),
    { interval_ms: 50, waited_s_min: 0 },
  )
  try {
    await scratch.db.transaction(async (tx) => {
      await tx.execute('lock table public.held in access exclusive mode')
      const waiting = ours.rows('select count(*) from public.held')
      await expect.poll(() => lines.length).toBeGreaterThan(0)
      await tx.execute('insert into public.held values (1)')
      waiting.catch(() => {})
    })
  } finally {
    await stop()
    await ours.close()
  }
  return lines
}

test('a wait for the lock of another session names the table, the session, and how to end it', async () => {
  const [line] = await linesWhileWaiting('the database')
  expect(line).toMatch(/^Waiting for (public\.)?held for \d+ s: session \d+ holds it \(\w+, scratch, from /)
  expect(line).toMatch(/session (\d+) .*, in a transaction for \d+ s\)\..* pg_terminate_backend\(\1\)$/)
})

test('it is seen from another database of the server too', async () => {
  const [line] = await linesWhileWaiting('another database')
  expect(line).toMatch(/^Waiting for a lock of the kind relation for \d+ s: session \d+ holds it/)
})
