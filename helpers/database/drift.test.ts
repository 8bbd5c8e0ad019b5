import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { withDatabase } from '../postgres/database.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { driftOf, objectsOf } from './drift.ts'

const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')

async function migrated(): Promise<Scratch> {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(scratch.drop)
  return scratch
}

test('a database that only migrations changed has no drift, and the scratch copy is removed', async () => {
  const { connection, db } = await migrated()
  await db.execute(
    "insert into stocks_research.securities (security_id, source_id, ticker) values (1, 'a', 'A')",
  ) // Data is not drift.
  const drift = await driftOf(connection, MIGRATIONS)
  expect(drift.objects).toEqual([])
  expect(drift.found_sha256).toBe(drift.expected_sha256)
  // Polled, since another test file may be comparing at the same time.
  await expect
    .poll(
      () =>
        db.rows(
          `select datname from pg_database
            where datname ~ '^drift_[0-9a-f]{12}$' and datname !~ '^drift_0000'`,
        ),
      {
        timeout: 60_000,
      },
    )
    .toEqual([])
})

test('every hand on the schema is named with its object', async () => {
  const { connection, db } = await migrated()
  await db.execute(`
    alter table stocks_research.securities add column note text;
    drop trigger change_delete on stocks_research.securities;
    drop index ingestion.items_by_job_status;
    create table public.mine (n int);
    alter table stocks_research.ticker_history drop constraint ticker_history_from_before_to;
    comment on column stocks_research.securities.name is 'Something else.'`)
  const { objects, expected_sha256, found_sha256 } = await driftOf(connection, MIGRATIONS)
  expect(found_sha256).not.toBe(expected_sha256)
  expect(objects.map(({ object, difference }) => `${difference} ${object}`)).toEqual([
    'changed COMMENT stocks_research.COLUMN securities.name',
    'missing INDEX ingestion.items_by_job_status',
    'unexpected TABLE public.mine',
    'changed TABLE stocks_research.securities',
    'changed TABLE stocks_research.ticker_history',
    'missing TRIGGER stocks_research.securities change_delete',
  ])
})

test('the scratch copy of a killed comparison is removed; a recent or foreign one is kept', async () => {
  const { connection, db } = await migrated()
  const names = ['drift_00000000000a', 'drift_00000000000b', 'drift_00000000000c'] as const
  onTestFinished(() =>
    withDatabase({ ...connection, database: 'postgres' }, async (server) => {
      for (const name of names) await server.execute(`drop database if exists ${name}`)
    }),
  )
  const comments = [
    'stocks-research schema comparison of 2020-01-01T00:00:00Z',
    `stocks-research schema comparison of ${new Date().toISOString()}`,
    'mine',
  ]
  for (const [index, name] of names.entries()) {
    await db.execute(`create database ${name} template template0`)
    await db.execute(`comment on database ${name} is '${comments[index]}'`)
  }
  await driftOf(connection, MIGRATIONS)
  expect(
    await db.rows(
      "select datname::text as name from pg_database where datname like 'drift\\_0000%' order by 1",
    ),
  ).toEqual([{ name: names[1] }, { name: names[2] }])
})

test('a dump is split into its objects, without what differs from dump to dump', () => {
  const dump = (key: string) => `\\restrict ${key}

--
-- Name: a; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA a;

--
-- Name: t; Type: TABLE; Schema: a; Owner: -
--

SET default_tablespace = '';

CREATE TABLE a.t (
    n integer
);

\\unrestrict ${key}
`
  expect([...objectsOf(dump('abc'))]).toEqual([
    ['SCHEMA a', 'CREATE SCHEMA a;'],
    ['TABLE a.t', 'CREATE TABLE a.t (\n    n integer\n);'],
  ])
  expect(objectsOf(dump('abc'))).toEqual(objectsOf(dump('xyz')))
})
