import { expect, onTestFinished, test } from 'vitest'
import { withDatabase } from '../postgres/database.ts'
import { filledDatabase, scratchDatabase } from './scratch.ts'

test('a scratch database is new, in UTF8, and gone afterwards', async () => {
  const { db, drop } = await scratchDatabase()
  const { encoding, tables_count } = await db.one(
    `select pg_encoding_to_char(encoding) as encoding, (select count(*)::int from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')) as tables_count
     from pg_database where datname = current_database()`,
  )
  expect({ encoding, tables_count }).toEqual({ encoding: 'UTF8', tables_count: 0 })
  await drop()
  await expect(db.rows('select 1')).rejects.toThrow()
})

test('a migrated scratch database has every migration and no data; two of them share nothing', async () => {
  const [one, other] = await Promise.all([
    scratchDatabase({ migrated: true }),
    scratchDatabase({ migrated: true }),
  ])
  onTestFinished(async () => {
    await one.drop()
    await other.drop()
  })
  await one.db.execute(
    "insert into stocks_research.securities (security_id, source_id, ticker) values (1, 'a', 'A')",
  )
  const count = 'select count(*)::int as rows from stocks_research.securities'
  expect(await one.db.one(count)).toEqual({ rows: 1 })
  expect(await other.db.one(count)).toEqual({ rows: 0 })
})

test('a database is filled once, however many ask for it, and each has a copy of its own', async () => {
  let filled_count = 0
  const ask = () =>
    filledDatabase('of_scratch_test', async (connection) => {
      filled_count += 1
      await withDatabase(connection, (db) => db.execute('create table public.t as select 1 as id'))
    })
  const [one, other] = await Promise.all([ask(), ask()])
  onTestFinished(async () => {
    await one.drop()
    await other.drop()
  })
  await one.db.execute('insert into public.t values (2)')
  const count = 'select count(*)::int as rows from public.t'
  expect(filled_count).toBe(1)
  expect(await one.db.one(count)).toEqual({ rows: 2 })
  expect(await other.db.one(count)).toEqual({ rows: 1 })
})
