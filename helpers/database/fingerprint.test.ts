import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { dump } from '../backup/dump.ts'
import { verifyRestore } from '../backup/verify.ts'
import { compareText } from '../core/text.ts'
import { withDatabase } from '../postgres/database.ts'
import { type Scratch, scratchDatabase } from '../testing/scratch.ts'
import { compareFingerprints, describeDifferences } from './compare.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'

let source: Scratch
beforeEach(async () => {
  source = await scratchDatabase()
})
afterEach(() => source.drop())

const print = (): Promise<Fingerprint> => fingerprintOf(source.connection, { scope: 'full' })
/** What differs after a change. */
const after = async (sql: string) => {
  const before = await print()
  await source.db.execute(sql)
  return compareFingerprints(before, await print())
}
const BARS = `create table public.bars (d date, id int, c numeric, primary key (id, d));
  insert into public.bars
  select date '2020-01-01' + n, s, s + n * 0.01
    from generate_series(1, 20) s, generate_series(1, 1500) n`

/** What people put into databases, and what such a tool likes to forget. */
const ODD = `
  create schema "Odd schema";
  create type "Odd schema".mood as enum ('sad', 'ok', 'glad');
  create domain "Odd schema".code as varchar(8) check (value in ('a', 'b'));
  create table "Odd schema"."select" (
    "from" text primary key, "Ünïcode ""quoted""" text, mood "Odd schema".mood, code "Odd schema".code,
    kind varchar(4) check (kind in ('x', 'y')));
  insert into "Odd schema"."select" values
    ('b', E'tab\\t newline\\n back\\\\slash', 'ok', 'a', 'x'), ('a', null, 'sad', 'b', 'y'),
    ('B', '', 'glad', null, null);
  create table public.without_key (a int, b jsonb, c text[]);
  insert into public.without_key values
    (1, '{"b": 1, "a": [1.0, 2]}', '{a,NULL,"x y"}'), (1, '{"b": 1, "a": [1.0, 2]}', '{a,NULL,"x y"}'),
    (null, null, null);
  create table public.nullable_key (a int unique, b text);
  insert into public.nullable_key values (null, 'x'), (null, 'y'), (1, 'z');
  create table public.parent (
    id int generated always as identity primary key, doubled int generated always as (id * 2) stored,
    note text default 'x');
  create table public.child (extra text) inherits (public.parent);
  insert into public.parent (note) values ('p');
  insert into public.child (id, note, extra) overriding system value values (9, 'c', 'e');
  create table public.events (
    at timestamptz not null, amount numeric(10, 2), payload bytea, span interval) partition by range (at);
  create table public.events_2020 partition of public.events for values from ('2020-01-01') to ('2021-01-01');
  insert into public.events
  values ('2020-02-02 02:02:02.123456+02', 1.10, '\\x00ff', '1 mon 2 days 03:04:05.6');
  create unlogged table public.unlogged_rows (id int primary key);
  insert into public.unlogged_rows values (1);
  create table public.no_columns (); create table public.empty (id int primary key);
  create view public.moods as select * from "Odd schema"."select" where mood > 'sad';
  create materialized view public.kept as select count(*) as n from public.parent;
  create materialized view public.unpopulated as select 1 as one with no data;
  create function public.touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touch before update on public.parent for each row execute function public.touch();
  alter table public.parent enable row level security; create policy everybody on public.parent using (true);
  create rule nothing as on delete to public.empty do instead nothing;
  alter table public.nullable_key add constraint late check (b <> 'q') not valid;
  create sequence public.down increment -1; select nextval('public.down');
  comment on table public.parent is 'It''s odd'; comment on column public.parent.note is 'a note';
  create extension btree_gist; create extension citext;
  create table public.folded (name citext primary key);
  insert into public.folded values ('Ab'), ('aa'), ('B');
  create index on public.parent (lower(note)) where id > 1;
`

test('a database that we did not make is backed up and restores equal, whatever it holds', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fingerprint-'))
  await source.db.execute(ODD)
  const backup = await dump(source.connection, { directory, mode: 'rehearsal' })
  const { tables, views, unvalidated_constraints } = backup.manifest.fingerprint
  expect(Object.keys(tables)).toContain('"Odd schema"."select"')
  expect(tables['public.events']).toMatchObject({ kind: 'partitioned table', rows: 1 })
  expect(tables['public.parent']?.rows, 'the rows of a child are its own').toBe(1)
  expect(tables['public.kept']?.kind).toBe('materialized view')
  expect(views['public.moods']?.rows).toBe(2)
  expect(unvalidated_constraints).toEqual(['public.nullable_key late'])
  const evidence = await verifyRestore(backup, inject('testServer'))
  expect(evidence.tables).toBe(Object.keys(tables).length)
  await rm(directory, { recursive: true, force: true })
})

test('when a slow view has used up the time, later ones are compared by definition alone', async () => {
  await source.db.execute(`
    create view public.a_quick as select 1 as n;
    create view public.b_slow as select pg_catalog.pg_sleep(600) is null as n;
    create view public.c_quick as select 2 as n`)
  const { views } = await fingerprintOf(source.connection, { scope: 'full', view_max_ms: 3_000 })
  expect(views).toMatchObject({
    'public.a_quick': { rows: 1 },
    'public.b_slow': { rows: null, reason: 'its rows take too long to hash' },
    'public.c_quick': { rows: null, reason: 'its rows take too long to hash' },
  })
})

describe('a difference is named', () => {
  test.each([
    [
      'a hand-edited row',
      "update public.bars set c = c + 0.01 where id = 7 and d = '2021-01-01'",
      'table public.bars',
    ],
    ['an unqualified update', 'update public.bars set c = 0', 'table public.bars'],
    ['a deleted row', "delete from public.bars where id = 7 and d = '2021-01-01'", 'table public.bars'],
    ['an added row', "insert into public.bars values ('2030-01-01', 1, 1)", 'table public.bars'],
    ['a dropped table', 'drop table public.bars', 'table public.bars'],
    ['a new table', 'create table public.more (id int primary key)', 'table public.more'],
    [
      'another trailing zero',
      "update public.bars set c = 1.50 where id = 1 and d = '2020-01-02'",
      'table public.bars',
    ],
    ['a sequence that moved', "select nextval('public.numbers')", 'sequence public.numbers'],
    [
      'a changed view',
      'create or replace view public.latest as select max(d) as d, 2 as n from public.bars',
      'view public.latest',
    ],
    [
      'a changed column type',
      'alter table public.empty alter column v type numeric(14, 5)',
      'schema column public.empty.v',
    ],
    [
      'a dropped constraint',
      'alter table public.empty drop constraint positive',
      'schema constraint public.empty.positive',
    ],
    ['a dropped index', 'drop index public.empty_by_v', 'schema index public.empty_by_v'],
    [
      'a changed default',
      'alter table public.empty alter column v set default 2',
      'schema column public.empty.v',
    ],
    [
      'a disabled trigger',
      'alter table public.empty disable trigger touch',
      'schema trigger public.empty.touch',
    ],
    [
      'a changed function',
      `create or replace function public.touch() returns trigger language plpgsql
       as 'begin return null; end'`,
      'schema function public.touch()',
    ],
    ['a lost comment', 'comment on column public.empty.v is null', 'schema comment public.empty.v'],
  ])('%s', async (_what, sql, name) => {
    await source.db.execute(
      `${BARS};
      update public.bars set c = 1.5 where id = 1 and d = '2020-01-02';
      create sequence public.numbers;
      create view public.latest as select max(d) as d, 1 as n from public.bars;
      create table public.empty (v numeric(14, 4) default 1 constraint positive check (v > 0));
      create index empty_by_v on public.empty (v);
      create function public.touch() returns trigger language plpgsql as 'begin return new; end';
      create trigger touch before update on public.empty for each row execute function public.touch();
      comment on column public.empty.v is 'v'`,
    )
    if (sql.startsWith('drop table')) await source.db.execute('drop view public.latest')
    const differences = await after(sql)
    expect(differences.map((difference) => `${difference.kind} ${difference.name}`)).toContain(name)
    expect(describeDifferences(differences)).toContain(name)
  })
})

describe('drift is narrowed to a range of keys', () => {
  const ranges = async (sql: string) => {
    await source.db.execute(BARS)
    const [difference] = await after(sql)
    return difference?.key_ranges ?? []
  }
  const isWithin = (
    { after: low, up_to: high }: { after: string; up_to: string },
    id: number,
    day: string,
  ): boolean => {
    const compare = (key: string): number => {
      const [keyId = '', keyDay = ''] = key.split('\t')
      return Number(keyId) - id || compareText(keyDay, day)
    }
    return (low === '' || compare(low) < 0) && (high === '…' || compare(high) >= 0)
  }

  test.each([
    ['an edited row', "update public.bars set c = 0 where id = 11 and d = '2022-02-02'"],
    ['a deleted row', "delete from public.bars where id = 11 and d = '2022-02-02'"],
  ])('%s lies in the one range that is named, and the range is a part of the table', async (_what, sql) => {
    const [range, ...more] = await ranges(sql)
    expect(more).toEqual([])
    if (range === undefined) throw new Error('no range was named')
    expect(isWithin(range, 11, '2022-02-02')).toBe(true)
    expect(range.after !== '' || range.up_to !== '…', 'it is not the whole table').toBe(true)
  })

  test('rows edited far apart are named apart', async () => {
    const found = await ranges(
      "update public.bars set c = 0 where (id, d) in ((1, '2020-01-02'), (20, '2024-02-02'))",
    )
    expect(found.some((range) => isWithin(range, 1, '2020-01-02'))).toBe(true)
    expect(found.some((range) => isWithin(range, 20, '2024-02-02'))).toBe(true)
    expect(found.length).toBe(2)
  })
})

test('databases with equal rows have equal fingerprints, in any insertion order and settings', async () => {
  const other = await scratchDatabase()
  for (const [{ db, connection }, order] of [
    [source, 'asc'],
    [other, 'desc'],
  ] as const) {
    await db.execute(
      `create schema stocks_research;
       create table stocks_research.t (k text primary key, v numeric, at timestamptz, x float8);
       insert into stocks_research.t
       select 'k' || i, i / 7.0, timestamptz '2020-01-01 00:00Z' + i * interval '1 hour', i / 3.0
         from generate_series(1, 10000) i order by i ${order}`,
    )
    const settings =
      order === 'asc' ? [] : ["timezone = 'Asia/Tokyo'", "datestyle = 'German'", 'extra_float_digits = -5']
    for (const setting of settings) await db.execute(`alter database ${connection.database} set ${setting}`)
  }
  const [a, b] = await Promise.all(
    [source, other].map(({ connection }) => fingerprintOf(connection, { scope: 'content' })),
  )
  expect(a).toEqual(b)
  await other.drop()
})

test('rows have one order and one hash, whatever locale the database or the column has', async () => {
  const rows =
    "values ('a', 'Z'), ('B', 'a'), ('A', 'ä'), ('b', 'é'), ('b ', ''), ('ä', 'z'), ('Zz', '日'), ('_', '-')"
  const hashIn = async (collation: string, locale: string): Promise<string | undefined> => {
    const suffix = `${collation.replaceAll(/\W/g, '').toLowerCase()}_${locale.length}`
    const database = `${source.connection.database}_${suffix}`
    await withDatabase(inject('testServer'), (db) =>
      db.execute(`create database ${database} template template0 encoding 'UTF8' ${locale}`),
    )
    const connection = { ...source.connection, database }
    try {
      await withDatabase(connection, (db) =>
        db.execute(
          `create table public.named (
             name text collate "${collation}",
             kind varchar(9) collate "${collation}",
             primary key (name, kind));
           insert into public.named ${rows};
           create table public.many (id text collate "${collation}" primary key);
           insert into public.many select md5(n::text) from generate_series(1, 3000) n;
           analyze public.many`,
        ),
      )
      const { tables } = await fingerprintOf(connection, { scope: 'full' })
      return `${tables['public.named']?.sha256} ${tables['public.many']?.sha256}`
    } finally {
      await withDatabase(inject('testServer'), (db) => db.execute(`drop database ${database} with (force)`))
    }
  }
  const [expected, ...others] = await Promise.all([
    hashIn('C', "locale 'C'"),
    hashIn('default', "locale 'C'"),
    hashIn('POSIX', "locale 'C'"),
    hashIn('und-x-icu', "locale 'C'"),
    hashIn('default', "locale 'C' locale_provider icu icu_locale 'en'"),
    hashIn('default', "locale 'C.UTF-8'"),
  ])
  expect(new Set(others)).toEqual(new Set([expected]))
})
