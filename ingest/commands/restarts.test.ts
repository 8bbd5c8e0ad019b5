/** A server that restarts while a command loads data: it is waited for, and the content is complete. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashesOf, RestartedServer } from '../testing/restarted-server.ts'

const RESTARTS = 3
const JOBS = ['securities', 'ticker-history', 'prices-daily']

let server: RestartedServer
beforeAll(async () => {
  server = await RestartedServer.start()
})
afterAll(() => server?.stop())

test('run waits for a server that restarts, resumes, and loads the same content', async () => {
  const clean = await server.databaseNamed('clean')
  expect((await server.run(clean, ['run', ...JOBS])).exitCode).toBe(0)

  const target = await server.databaseNamed('target')
  const args = ['run', ...JOBS, '--group-rows', '2000']
  const { exitCode, all, restarts } = await server.run(target, args, RESTARTS)
  expect(restarts).toBeGreaterThan(0)
  expect(all).toContain('The server answers again, and the run continues.')
  expect(all).toMatch(/^PostgreSQL ended the connection: .+/m)
  expect(exitCode, all).toBe(0)
  expect(await hashesOf(target)).toEqual(await hashesOf(clean))
}, 300_000)
