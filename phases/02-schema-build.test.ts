/**
 * Phase 2 · Schema build
 *
 * Goal:  the schema is what the migrations say, and nothing else.
 * Again: safe. An applied migration is never applied twice.
 */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { PRODUCT_VERSION } from '../helpers/config/version.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { driftOf } from '../helpers/database/drift.ts'
import { leastPrivilege } from '../helpers/database/least-privilege.ts'
import { migrate } from '../helpers/database/migrate.ts'
import { recordEnvironment } from '../helpers/database/target-database.ts'
import { quoteIdentifier } from '../helpers/postgres/sql.ts'
import { needs, test } from './fixtures.ts'

needs('01-database-creation')

const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')
const CORE_TABLES = [
  'securities',
  'ticker_history',
  'trading_sessions',
  'prices_daily',
  'corporate_actions',
  'adjustment_factors',
  'fundamentals_raw',
  'fundamentals_derived',
] as const

test('all migrations are applied in order', async ({ server, target, db, record }) => {
  const report = await migrate(server.connection, MIGRATIONS, { run_id: target.run_id })
  await recordEnvironment(db, { mode: target.mode, run_id: target.run_id, product_version: PRODUCT_VERSION })
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).toSorted()
  await record({ applied: [...report.applied], head: report.head?.name, head_sha256: report.head?.sha256 })
  expect(report.applied).toEqual(files)
})

test('an edited, removed or reordered migration is refused with both hashes shown', async ({
  server,
  record,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  const refusalAfter = async (
    tamper: (copy: string, names: readonly string[]) => Promise<void>,
  ): Promise<string> => {
    const copy = join(folder, String(Math.random()).slice(2))
    await cp(MIGRATIONS, copy, { recursive: true })
    await tamper(copy, (await readdir(copy)).filter((name) => name.endsWith('.sql')).toSorted())
    return migrate(server.connection, copy).then(() => 'it was accepted', messageOf)
  }
  try {
    const edited = await refusalAfter(async (copy, [first = '']) =>
      writeFile(join(copy, first), `${await readFile(join(copy, first), 'utf8')}\n-- edited\n`),
    )
    const removed = await refusalAfter(async (copy, [, second = '']) => rm(join(copy, second)))
    const reordered = await refusalAfter(async (copy, [first = '', second = '']) => {
      await rename(join(copy, first), join(copy, 'aside'))
      await rename(join(copy, second), join(copy, `${first.slice(0, 3)}${second.slice(3)}`))
      await rename(join(copy, 'aside'), join(copy, `${second.slice(0, 3)}${first.slice(3)}`))
    })
    await record({ edited, removed, reordered })
    for (const refusal of [edited, removed, reordered]) expect(refusal).toMatch(/[0-9a-f]{64}/)
    expect(new Set(edited.match(/[0-9a-f]{64}/g)).size, 'both hashes of the edited one').toBe(2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test.for(['ingestion', 'stocks_research'])('schema `%s` exists', async (schema, { db, record }) => {
  const found = await db.rows('select nspname from pg_namespace where nspname = $1', [schema])
  await record({ schema, found: found.length })
  expect(found).toHaveLength(1)
})

test.for(CORE_TABLES)('`SELECT COUNT(*) FROM stocks_research.%s` answers', async (table, { db, record }) => {
  const { rows } = await db.one<{ rows: number }>(
    `select count(*)::int as rows from stocks_research.${quoteIdentifier(table)}`,
  )
  await record({ rows })
  expect(rows, 'nothing is in it yet').toBe(0)
})

test('`SELECT COUNT(*) FROM stocks_research.prices_daily_adjusted_v` answers', async ({ db, record }) => {
  const { rows } = await db.one<{ rows: number }>(
    'select count(*)::int as rows from stocks_research.prices_daily_adjusted_v',
  )
  await record({ rows })
  expect(rows).toBe(0)
})

test('every other view builds cleanly and answers a count', async ({ db, record }) => {
  const views = await db.rows<{ schema: string; view: string }>(
    "select schemaname as schema, viewname as view from pg_views where schemaname in ('ingestion', 'stocks_research') and viewname <> 'prices_daily_adjusted_v' order by 1, 2",
  )
  const counts: Record<string, number> = {}
  for (const { schema, view } of views) {
    counts[`${schema}.${view}`] = (
      await db.one<{ rows: number }>(
        `select count(*)::int as rows from ${quoteIdentifier(schema)}.${quoteIdentifier(view)}`,
      )
    ).rows
  }
  await record({ views: views.length, ...counts })
  expect(Object.keys(counts)).toHaveLength(views.length)
})

test('applying the migrations again changes nothing', async ({ server, target, record }) => {
  const report = await migrate(server.connection, MIGRATIONS, { run_id: target.run_id })
  await record({ applied: [...report.applied], present: report.present.length })
  expect(report.applied).toEqual([])
})

test('the live schema equals the migrations: there is no drift', async ({ server, record }) => {
  const drift = await driftOf(server.connection, MIGRATIONS)
  await record({
    ...drift,
    objects: drift.objects.map(({ object, difference }) => `${object}: ${difference}`),
  })
  expect(drift.objects).toEqual([])
  expect(drift.found_sha256).toBe(drift.expected_sha256)
})

test('the roles admin, owner, ingest and reader do their work and are refused the rest, or the connection itself may create no role', async ({
  server,
  config,
  record,
}) => {
  const { faults, ...evidence } = await leastPrivilege(server, config.role_passwords, MIGRATIONS)
  await record({
    ...evidence,
    faults: faults.map(({ role, statement, what }) => `${role}: ${statement}: ${what}`),
  })
  expect(faults).toEqual([])
})
