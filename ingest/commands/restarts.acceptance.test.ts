/** A server that restarts while a command loads data: it is waited for, and the content is complete. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashesOf, RestartedServer } from '../testing/restarted-server.ts'

const RESTARTS = 10
/** Short enough for ten of them within one load. */
const PAUSE_MS = 150
const JOBS = ['securities', 'ticker-history', 'prices-daily']

const CONTINUES = /The server answers again, and the run continues\./g

let server: RestartedServer
beforeAll(async () => {
  server = await RestartedServer.start()
})
afterAll(() => server?.stop())

test('run waits for a server that restarts, resumes, and loads the same content', async () => {
  const clean = await server.databaseNamed('clean_jobs')
  expect((await server.run(clean, ['run', ...JOBS])).exitCode).toBe(0)

  const target = await server.databaseNamed('target_jobs')
  const args = ['run', ...JOBS, '--group-rows', '2000']
  const { exitCode, all, restarts } = await server.run(target, args, 3)
  expect(restarts).toBeGreaterThan(0)
  expect(all).toContain('The server answers again, and the run continues.')
  expect(all).toMatch(/^PostgreSQL ended the connection: .+/m)
  expect(exitCode, all).toBe(0)
  expect(await hashesOf(target)).toEqual(await hashesOf(clean))
})

test('run outlives ten restarts of the server, and loads the same content', async () => {
  const clean = await server.databaseNamed('clean_run')
  expect((await server.run(clean, ['run', 'all'])).exitCode).toBe(0)
  const target = await server.databaseNamed('target_run')
  const args = ['run', 'all', '--group-rows', '500']
  const { exitCode, all, restarts } = await server.run(target, args, RESTARTS, PAUSE_MS)
  expect(restarts, all).toBe(RESTARTS)
  expect(all.match(CONTINUES)?.length).toBeGreaterThanOrEqual(RESTARTS)
  expect(exitCode, all).toBe(0)
  expect(await hashesOf(target)).toEqual(await hashesOf(clean))
})

test('daily outlives ten restarts of the server, and loads the same content', async () => {
  const ends: (number | undefined)[] = []
  const contents: Record<string, string[]>[] = []
  for (const [name, restarts_max] of [
    ['clean_daily', 0],
    ['target_daily', RESTARTS],
  ] as const) {
    const database = await server.databaseNamed(name)
    const before = await server.run(database, ['run', 'all'], 0, 0, '2010-06-30')
    expect(before.exitCode, before.all).toBe(0)
    const { exitCode, all, restarts } = await server.run(database, ['daily'], restarts_max, PAUSE_MS)
    expect(restarts, all).toBe(restarts_max)
    expect(all.match(CONTINUES)?.length ?? 0, all).toBeGreaterThanOrEqual(restarts_max)
    ends.push(exitCode)
    contents.push(await hashesOf(database))
  }
  // The prices ended years ago, which a check finds with and without restarts.
  expect(ends).toEqual([1, 1])
  expect(contents[1]).toEqual(contents[0])
  expect(contents[0]?.['prices_daily']?.length).toBeGreaterThan(10_000)
})
