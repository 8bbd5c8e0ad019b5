import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { reachableBinaries } from '../postgres/binaries.ts'
import { type Cluster, initCluster, SUPERUSER, startCluster, stopCluster } from '../postgres/cluster.ts'
import { withDatabase } from '../postgres/database.ts'
import { handOver, serverUser } from '../postgres/os-user.ts'
import { dump } from './dump.ts'
import { listBackups } from './manifest.ts'
import { verifyRestore } from './verify.ts'

const CANARY = 'canary-5d41402abc4b2a76'
let directory: string
let backups: string
let cluster: Cluster
let connection: Connection
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dump-server-'))
  backups = await mkdtemp(join(tmpdir(), 'dump-server-backups-'))
  const user = await serverUser()
  await handOver(user, directory)
  cluster = { directory, binaries: await reachableBinaries(user, directory), user }
  await initCluster(cluster, CANARY, { fsync: 'off', timezone: 'UTC' }, ['--no-sync'])
  connection = {
    host: '127.0.0.1',
    port: await startCluster(cluster),
    user: SUPERUSER,
    password: CANARY,
    database: 'elsewhere',
    ssl: 'disable',
  }
  await withDatabase({ ...connection, database: 'postgres' }, (db) => db.execute('create database elsewhere'))
  await withDatabase(connection, (db) =>
    db.execute(
      `create role keeper;
       create table public.noise (id int primary key, a text);
       alter table public.noise owner to keeper;
       grant select on public.noise to keeper with grant option;
       insert into public.noise
       select i, md5(i::text) || md5('b' || i) from generate_series(1, 300000) i`,
    ),
  )
})
afterAll(async () => {
  await stopCluster(cluster, 'immediate')
  await rm(directory, { recursive: true, force: true })
  await rm(backups, { recursive: true, force: true })
})

const bytesSoFar = async (): Promise<number> => {
  const name = (await readdir(backups)).find((each) => each.endsWith('.partial'))
  return name === undefined ? 0 : (await stat(join(backups, name)).catch(() => ({ size: 0 }))).size
}

test('a backup of another server, with roles that are not here, restores equal', async () => {
  const backup = await dump(connection, { directory: backups, mode: 'rehearsal' })
  const { database, rows } = await verifyRestore(backup, inject('testServer'))
  expect(rows).toBe(300_000)
  const left = await withDatabase(inject('testServer'), (db) =>
    db.rows('select from pg_database where datname = $1', [database]),
  )
  expect(left, 'the scratch database is gone').toEqual([])
  expect(JSON.stringify(backup.manifest)).not.toContain(CANARY)
})

test('a server that is restarted in the middle of a dump fails it, and nothing is published', async () => {
  const before = await listBackups(backups)
  let restarted: Promise<unknown> = Promise.resolve()
  const dumping = dump(connection, {
    directory: backups,
    mode: 'rehearsal',
    onStart: () => {
      restarted = (async () => {
        while ((await bytesSoFar()) < 1_000_000) await sleep(2)
        await stopCluster(cluster, 'immediate')
        await startCluster(cluster)
      })()
    },
  })
  const error = await dumping.then(
    () => expect.fail('the dump went through'),
    (thrown: unknown) => thrown,
  )
  await restarted
  expect(inspect(error, { depth: 10 })).not.toContain(CANARY)
  expect(await listBackups(backups)).toEqual(before)
  expect((await readdir(backups)).filter((name) => name.includes('partial'))).toEqual([])
  expect(
    (
      await verifyRestore(
        await dump(connection, { directory: backups, mode: 'rehearsal' }),
        inject('testServer'),
      )
    ).rows,
  ).toBe(300_000)
})

test('a wrong password is in no message', async () => {
  const error = await dump(
    { ...connection, password: 'another-canary' },
    { directory: backups, mode: 'rehearsal' },
  ).catch((thrown: unknown) => thrown)
  expect(inspect(error, { depth: 10 })).toMatch(/password authentication failed/)
  expect(inspect(error, { depth: 10 })).not.toContain('another-canary')
})
