import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fingerprintOf } from '../database/fingerprint.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { type Backup, dump } from './dump.ts'
import { repairTable } from './repair.ts'

let directory: string
let damaged: Scratch
let backup: Backup
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'repair-'))
  damaged = await scratchDatabase()
  // Whatever COPY has to write in another way, a key that knows null, a reference, an identity, and more rows
  // than one chunk.
  await damaged.db.execute(String.raw`
    create schema "My, schema";
    create table "My, schema"."Odd ""table""" (
      "a, b" text, part date, id int generated always as identity, "Wert" numeric,
      unique nulls not distinct ("a, b", part));
    insert into "My, schema"."Odd ""table""" ("a, b", part, "Wert")
      select e'\\.\n\ttab \\N ' || i, case when i % 3 > 0 then date '2020-01-01' + i end, i / 7.0
        from generate_series(1, 20000) i;
    create table public.parent (id int primary key, name text not null);
    insert into public.parent select i, 'name ' || i from generate_series(1, 300) i;
    create table public.child (id int primary key references public.parent);
    insert into public.child select id from public.parent where id <= 200;
    create table public.empty (id int primary key);
    create table public.heap (v text)`)
  backup = await dump(damaged.connection, { directory, mode: 'rehearsal' })
})
afterEach(async () => {
  await damaged.drop()
  await rm(directory, { recursive: true, force: true })
})

const repair = (table: string) => repairTable(backup, damaged.connection, table)
const hashes = async () => {
  const { tables } = await fingerprintOf(damaged.connection, { scope: 'full' })
  return Object.fromEntries(Object.entries(tables).map(([name, { sha256 }]) => [name, sha256]))
}
const expected = () =>
  Object.fromEntries(
    Object.entries(backup.manifest.fingerprint.tables).map(([name, { sha256 }]) => [name, sha256]),
  )

test.each([
  [
    'update public.parent set name = $$oops$$',
    'public.parent',
    { rows_deleted: 0, rows_updated: 300, rows_inserted: 0 },
  ],
  [
    'delete from public.parent where id > 250',
    'public.parent',
    { rows_deleted: 0, rows_updated: 0, rows_inserted: 50 },
  ],
  [
    'insert into public.empty values (1), (2)',
    'public.empty',
    { rows_deleted: 2, rows_updated: 0, rows_inserted: 0 },
  ],
  [
    'truncate "My, schema"."Odd ""table"""',
    '"My, schema"."Odd ""table"""',
    { rows_deleted: 0, rows_updated: 0, rows_inserted: 20_000 },
  ],
  [
    'update "My, schema"."Odd ""table""" set "Wert" = -1 where part is null and "Wert" > 2850',
    '"My, schema"."Odd ""table"""',
    { rows_deleted: 0, rows_updated: 16, rows_inserted: 0 },
  ],
])('"%s" is undone in %s, row by row, and nothing else is touched', async (harm, table, counts) => {
  await damaged.db.execute(harm)
  expect(await hashes()).not.toEqual(expected())
  expect(await repair(table)).toEqual({ ...counts, sha256: expected()[table] })
  expect(await hashes()).toEqual(expected())
})

test('a table that is as it was is left alone', async () => {
  expect(await repair('public.parent')).toMatchObject({ rows_deleted: 0, rows_updated: 0, rows_inserted: 0 })
})

test('a row that cannot come back leaves the table as it is', async () => {
  await damaged.db.execute('delete from public.child; delete from public.parent where id = 7')
  await expect(repair('public.child')).rejects.toThrow(/violates foreign key constraint/)
  expect(await damaged.db.rows('select from public.child')).toEqual([])
})

test('a table without a key, one that is not in the backup, and one that is gone are refused', async () => {
  await expect(repair('public.heap')).rejects.toThrow('Restore the complete backup')
  await expect(repair('public.none')).rejects.toThrow('Restore the complete backup')
  await damaged.db.execute('drop table public.empty')
  await expect(repair('public.empty')).rejects.toThrow(/does not exist/)
})
