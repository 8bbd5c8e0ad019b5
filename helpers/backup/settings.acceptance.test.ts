import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection } from '../config/connection.ts'
import { fingerprintOf } from '../database/fingerprint.ts'
import { dropDatabase } from '../database/scratch.ts'
import { withDatabase } from '../postgres/database.ts'
import { quoteLiteral } from '../postgres/sql.ts'
import { type OwnCluster, ownCluster } from '../testing/own-cluster.ts'
import { runs } from '../testing/runs.ts'
import { dump } from './dump.ts'
import { verifyRestore } from './verify.ts'

const RUNS = runs(40, 10)

/** Settings that an administrator gives a role or a database, and that change what a session does. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  timezone: ['Asia/Kathmandu', 'America/St_Johns', 'EST5EDT'],
  datestyle: ['SQL, DMY', 'German, DMY', 'Postgres, MDY'],
  intervalstyle: ['sql_standard', 'iso_8601', 'postgres_verbose'],
  extra_float_digits: ['-15', '3'],
  bytea_output: ['escape'],
  client_encoding: ['LATIN1', 'SJIS', 'SQL_ASCII'],
  standard_conforming_strings: ['off'],
  quote_all_identifiers: ['on'],
  transform_null_equals: ['on'],
  array_nulls: ['off'],
  xmloption: ['document'],
  xmlbinary: ['hex'],
  search_path: ['public', 'nowhere', '"$user"'],
  role: ['pg_monitor'],
  row_security: ['off'],
  default_transaction_read_only: ['on'],
  default_transaction_deferrable: ['on'],
  default_transaction_isolation: ['serializable', 'repeatable read', 'read uncommitted'],
  statement_timeout: ['1'],
  lock_timeout: ['1'],
  idle_in_transaction_session_timeout: ['1'],
  idle_session_timeout: ['1'],
  session_replication_role: ['replica', 'local'],
  client_min_messages: ['debug5', 'error'],
  check_function_bodies: ['off'],
  enable_seqscan: ['off'],
  work_mem: ['64kB'],
  debug_print_parse: ['on'],
  backslash_quote: ['on'],
  escape_string_warning: ['off'],
  max_parallel_workers_per_gather: ['0'],
  synchronous_commit: ['off'],
}

const ROWS = `
  create schema kept;
  create table kept.everything (
    id int primary key, at timestamptz, day date, span interval, bytes bytea, words text, ratio float8,
    many text[],
    pattern text default '\\.', "select" numeric, doc xml);
  create view kept.seen as select id, to_char(at, 'YYYY') as year, '\\d' as pattern from kept.everything;
  insert into kept.everything
    select i, timestamptz '2020-03-29 01:30Z' + i * interval '31 minutes', date '1969-12-31' + i,
           i * interval '1 day 1 hour', decode(lpad(to_hex(i), 4, '0'), 'hex'),
           'ß€\\' || i, i / 7.0, array['NULL', null, i::text],
           '\\', i / 3.0, '<a/>'
      from generate_series(1, 50) i`

let own: OwnCluster
let directory: string
let keeper: Connection
let expected: string
beforeAll(async () => {
  own = await ownCluster()
  directory = await mkdtemp(join(tmpdir(), 'settings-'))
  await asAdmin("create role keeper superuser login password 'keeper'")
  await asAdmin("create database kept owner keeper template template0 encoding 'UTF8'")
  keeper = { ...own.connection, user: 'keeper', password: 'keeper', database: 'kept' }
  await withDatabase(keeper, (db) => db.execute(ROWS))
  expected = await hashOf()
})
afterAll(async () => {
  await own.stop()
  await rm(directory, { recursive: true, force: true })
})
const asAdmin = (sql: string): Promise<void> => withDatabase(own.connection, (db) => db.execute(sql))
const hashOf = async (): Promise<string> =>
  JSON.stringify((await fingerprintOf(keeper, { scope: 'full' })).tables)

const settingOf = (names: readonly string[]) =>
  fc
    .constantFrom(...Object.entries(SETTINGS).filter(([name]) => names.includes(name)))
    .chain(([name, values]) =>
      fc.record({ name: fc.constant(name), value: fc.constantFrom(...values), of_role: fc.boolean() }),
    )

/** The only setting that no session can take back: with it a dump is refused, and shows nothing more. */
const REFUSED = ['session_replication_role']
const others = fc.uniqueArray(settingOf(Object.keys(SETTINGS).filter((name) => !REFUSED.includes(name))), {
  minLength: 1,
  maxLength: 20,
  size: 'max',
  selector: ({ name }) => name,
})
/** Many settings at once, since each draw costs a dump and a restore. */
const draws = fc
  .tuple(
    others,
    fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.tuple(settingOf(REFUSED)) },
    ),
  )
  .map(([settings, refused]) => [...settings, ...refused])

test('with any settings of a role and a database the hash is the same, or one of them is named', async () => {
  const with_equal_hash = new Set<string>()
  await fc.assert(
    fc.asyncProperty(draws, async (settings) => {
      for (const { name, value, of_role } of settings) {
        const text = name === 'search_path' || name === 'datestyle' ? value : quoteLiteral(value)
        await asAdmin(`alter ${of_role ? 'role keeper' : 'database kept'} set ${name} = ${text}`)
      }
      try {
        expect(await hashOf()).toBe(expected)
        const backup = await dump(keeper, { directory, mode: 'rehearsal' })
        // The throwaway role of the restore has the settings of its server alone.
        await verifyRestore(backup, { ...keeper, database: 'postgres' })
        await dropDatabase(own.connection, 'restored')
        for (const { name } of settings) with_equal_hash.add(name)
      } catch (error) {
        const { name, message } = error as Error
        expect(name, message).toBe('PreconditionError')
        expect(
          settings.filter((setting) => message.includes(`${setting.name} is ${setting.value}`)),
          message,
        ).not.toEqual([])
      } finally {
        await asAdmin('alter role keeper reset all')
        await asAdmin('alter database kept reset all')
        await rm(directory, { recursive: true, force: true })
      }
    }),
    { numRuns: RUNS },
  )
  expect(with_equal_hash.size, 'settings with which the hash was equal').toBeGreaterThan(10)
}, 900_000)
