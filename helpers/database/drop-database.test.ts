import { afterAll, beforeAll, expect, test } from 'vitest'
import { withDatabase } from '../postgres/database.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { dropDatabase, isThere } from './scratch.ts'

// Vacuums start within a second, and take long.
const SLOW_VACUUM = {
  autovacuum_naptime: '1s',
  autovacuum_vacuum_cost_delay: '100ms',
  autovacuum_vacuum_cost_limit: '1',
}

const WORKERS = `
  select from pg_stat_activity
  where datname = 'busy' and backend_type = 'autovacuum worker'`

let own: OwnCluster
beforeAll(async () => {
  own = await ownCluster(SLOW_VACUUM)
})
afterAll(() => own?.stop())

test('a role that is no superuser drops its database during a vacuum', async () => {
  await withDatabase(own.connection, (db) => db.execute("create role maker login createdb password 'of it'"))
  const maker = { ...own.connection, user: 'maker', password: 'of it' }
  await withDatabase(maker, (db) => db.execute('create database busy'))
  await withDatabase({ ...maker, database: 'busy' }, (db) =>
    db.execute('create table public.t as select i from generate_series(1, 200000) i; delete from public.t'),
  )
  await withDatabase(own.connection, async (db) => {
    while ((await db.rows(WORKERS)).length === 0) await new Promise((done) => setTimeout(done, 50))
  })
  await dropDatabase(maker, 'busy')
  expect(await isThere(own.connection, 'busy')).toBe(false)
})
