import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { startCluster, stopCluster } from './cluster.ts'
import { type Database, withDatabase } from './database.ts'
import { ConnectionLostError, lossIn } from './lost.ts'

let own: OwnCluster
beforeAll(async () => {
  own = await ownCluster({ max_connections: 20 })
})
afterAll(() => own.stop())

const pidOf = async (db: Database): Promise<number> =>
  (await db.one<{ pid: number }>('select pg_backend_pid() as pid')).pid
const terminate = (pid: number): Promise<unknown> =>
  withDatabase(own.connection, (db) => db.rows('select pg_terminate_backend($1, 5000)', [pid]))
const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  )
const linesOf = (error: Error): string[] => error.message.split('\n')

const ENDED = 'PostgreSQL ended the connection: terminating connection due to administrator command (57P01).'

test('a session that was ended while idle says so in each later statement', async () => {
  await withDatabase(own.connection, (db) =>
    db.session(async (session) => {
      await terminate(await pidOf(session))
      for (let statement = 0; statement < 3; statement += 1) {
        const failure = await failureOf(session.rows('select 1'))
        expect(failure).toBeInstanceOf(ConnectionLostError)
        expect(failure).toMatchObject({ transient: true, sqlstate: '57P01' })
        expect(linesOf(failure)[0]).toBe(ENDED)
        expect(linesOf(failure)[1]).toContain('Start it, or ask the administrator; then run again.')
      }
    }),
  )
})

test('a statement whose session is ended says so', async () => {
  const failure = await failureOf(
    withDatabase(own.connection, (db) =>
      db.session(async (session) => {
        const pid = await pidOf(session)
        const running = session.rows('select pg_sleep(60)')
        await sleep(100)
        await Promise.all([terminate(pid), running])
      }),
    ),
  )
  expect(linesOf(failure)[0]).toBe(ENDED)
})

test('a COPY whose server stops says the reason, not EPIPE', async () => {
  const failure = await failureOf(
    withDatabase(own.connection, (db) =>
      db.transaction(async (tx) => {
        await tx.execute('create temporary table pg_temp.copied (line text)')
        const pid = await pidOf(tx)
        async function* lines() {
          yield 'a\n'
          await terminate(pid)
          for (let line = 0; line < 10_000; line += 1) yield `${'x'.repeat(1_000)}\n`
        }
        const copy = tx.client().query(copyFrom('copy pg_temp.copied from stdin'))
        await pipeline(Readable.from(lines()), copy)
      }),
    ),
  )
  expect(lossIn(failure)).toBeInstanceOf(ConnectionLostError)
  expect(linesOf(failure)[0]).toBe(ENDED)
})

test.for(['fast', 'immediate'] as const)('a server that stops (%s) is named as the cause', async (mode) => {
  const failure = await failureOf(
    withDatabase(own.connection, (db) =>
      db.session(async (session) => {
        await session.rows('select 1')
        await stopCluster(own.cluster, mode)
        await session.rows('select 1')
      }),
    ),
  )
  await startCluster(own.cluster)
  expect(linesOf(failure)[0]).toMatch(
    /^PostgreSQL ended the connection: terminating connection .*\(57P0[12]\)\.$/,
  )
})

test('a standby or read-only server, and one without connections, say what to do', async () => {
  const readOnly = await failureOf(
    withDatabase(own.connection, (db) => db.execute('create schema refused'), {
      settings: { default_transaction_read_only: 'on' },
    }),
  )
  expect(linesOf(readOnly)).toEqual([
    'PostgreSQL reports 25006: cannot execute CREATE SCHEMA in a read-only transaction.',
    expect.stringContaining('Set PGHOST and PGPORT to the primary'),
    'The product was about to run "create schema refused".',
  ])
})
