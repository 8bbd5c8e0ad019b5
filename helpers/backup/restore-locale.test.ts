import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { dropDatabase, scratchName } from '../database/scratch.ts'
import { withDatabase } from '../postgres/database.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { dump } from './dump.ts'
import { restoreInto } from './verify.ts'

let own: OwnCluster
let source: Scratch
let directory: string
beforeAll(async () => {
  own = await ownCluster({}, ['--encoding=SQL_ASCII'])
  source = await scratchDatabase()
  directory = await mkdtemp(join(tmpdir(), 'restore-locale-'))
})
afterAll(async () => {
  await source.drop()
  await own.stop()
  await rm(directory, { recursive: true, force: true })
})

test('a restore under another encoding and without the roles has equal encoding and rows', async () => {
  const role = `keeper_${source.connection.database}`
  await source.db.execute(
    `create role ${role};
     create table public.names (name text primary key);
     alter table public.names owner to ${role};
     grant select on public.names to ${role} with grant option;
     insert into public.names values ('Zürich'), ('Äpfel'), ('日本'), ('a'), ('Z')`,
  )
  const backup = await dump(source.connection, { directory, mode: 'rehearsal' })
  await source.db.execute(`drop owned by ${role}; drop role ${role}`)

  const theirs = await withDatabase(own.connection, (db) =>
    db.one("select current_setting('server_encoding') as encoding"),
  )
  expect(theirs, 'the other server would not hold it as it is').toEqual({ encoding: 'SQL_ASCII' })
  const database = scratchName()
  await restoreInto(backup, own.connection, database)
  const found = await withDatabase({ ...own.connection, database }, async (db) => ({
    ...(await db.one(
      `select current_setting('server_encoding') as encoding, datcollate as collate
         from pg_database where datname = current_database()`,
    )),
    ...(await db.one(
      `select length('Zürich') as characters,
              (select array_agg(name order by name) from public.names) as names`,
    )),
  }))
  expect(found).toEqual({
    encoding: 'UTF8',
    collate: backup.manifest.collate,
    characters: 6,
    names: ['Z', 'Zürich', 'a', 'Äpfel', '日本'],
  })
  await dropDatabase(own.connection, database)
  expect(inject('testServer').port).not.toBe(own.connection.port)
})

test('a locale that the server does not have is named, with what to do', async () => {
  await source.db.execute('create table public.t (id int primary key)')
  const { archive, manifest } = await dump(source.connection, { directory, mode: 'rehearsal' })
  const elsewhere = { archive, manifest: { ...manifest, collate: 'xx_XX.UTF-8' } }
  await expect(restoreInto(elsewhere, own.connection, scratchName())).rejects.toThrow(
    /no locale xx_XX\.UTF-8, .* Install that locale/,
  )
})
