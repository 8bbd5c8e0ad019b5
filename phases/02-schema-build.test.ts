/**
 * Phase 2 · Schema build
 *
 * Goal:  the schema is what the migrations say, and nothing else.
 * Again: safe. An applied migration is never applied twice.
 */
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { expectEqual, expectNone, expectThat } from '../helpers/checklist/expectations.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { PRODUCT_VERSION } from '../helpers/config/version.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { withScratchFolder } from '../helpers/core/scratch-folder.ts'
import { driftOf } from '../helpers/database/drift.ts'
import { leastPrivilege } from '../helpers/database/least-privilege.ts'
import { migrate } from '../helpers/database/migrate.ts'
import { recordEnvironment } from '../helpers/database/target-database.ts'
import type { Database } from '../helpers/postgres/database.ts'
import { quoteIdentifier } from '../helpers/postgres/sql.ts'
import { needs, test } from './fixtures.ts'
import { query } from './query.ts'

needs('01-database-creation')

const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')
const SHA256 = /[0-9a-f]{64}/g
const CORE_TABLES = [
  'securities',
  'ticker_history',
  'trading_sessions',
  'prices_daily',
  'corporate_actions',
  'adjustment_factors',
  'filings',
  'fundamentals_raw',
  'fundamentals_derived',
  'fundamentals_standard',
] as const

test('all migrations are applied in order', async ({ server, target, db, record }) => {
  const { applied, head } = await migrate(server.connection, MIGRATIONS, { run_id: target.run_id })
  await recordEnvironment(db, { mode: target.mode, run_id: target.run_id, product_version: PRODUCT_VERSION })
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).toSorted()
  await record({ applied: [...applied], head: head?.name, head_sha256: head?.sha256 })
  expectEqual('the migrations applied, in order', applied.join(' '), files.join(' '))
})

test('an edited, removed or reordered migration is refused with both hashes shown', async ({
  server,
  record,
}) => {
  const refusals = await withScratchFolder(async (folder) => {
    const refusalAfter = async (
      tamper: (copy: string, names: readonly string[]) => Promise<void>,
    ): Promise<string> => {
      const copy = join(folder, String(Math.random()).slice(2))
      await cp(MIGRATIONS, copy, { recursive: true })
      await tamper(copy, (await readdir(copy)).filter((name) => name.endsWith('.sql')).toSorted())
      return migrate(server.connection, copy).then(() => 'it was accepted', messageOf)
    }
    return {
      edited: await refusalAfter(async (copy, [first = '']) =>
        writeFile(join(copy, first), `${await readFile(join(copy, first), 'utf8')}\n-- edited\n`),
      ),
      removed: await refusalAfter(async (copy, [, second = '']) => rm(join(copy, second))),
      reordered: await refusalAfter(async (copy, [first = '', second = '']) => {
        await rename(join(copy, first), join(copy, 'aside'))
        await rename(join(copy, second), join(copy, `${first.slice(0, 3)}${second.slice(3)}`))
        await rename(join(copy, 'aside'), join(copy, `${second.slice(0, 3)}${first.slice(3)}`))
      }),
    }
  })
  await record(refusals)
  for (const [change, refusal] of Object.entries(refusals))
    expectThat(
      refusal.match(SHA256) !== null,
      `the refusal of the ${change} migration shows no hash: ${refusal}`,
    )
  const hashes = new Set(refusals.edited.match(SHA256)).size
  expectEqual('the hashes that the refusal of the edited migration shows', hashes, 2)
})

test('schemas `ingestion` and `stocks_research` exist', async ({ db, record }) => {
  const found = await db.rows<{ schema: string }>(
    "select nspname as schema from pg_namespace where nspname in ('ingestion', 'stocks_research') order by 1",
  )
  const schemas = found.map(({ schema }) => schema)
  await record({ schemas })
  expectEqual('the schemas', schemas.join(', '), 'ingestion, stocks_research')
})

test.for(CORE_TABLES)(
  'core tables exist: `SELECT COUNT(*) FROM stocks_research.%s` answers',
  async (table, { db, record }) => {
    const rows = await countOf(db, 'stocks_research', table)
    await record({ rows })
    expectEqual(`rows of ${table} before any job ran`, rows, 0)
  },
)

test('views build cleanly: `SELECT COUNT(*) FROM stocks_research.prices_daily_adjusted_v` answers', async ({
  db,
  record,
}) => {
  const rows = await countOf(db, 'stocks_research', 'prices_daily_adjusted_v')
  await record({ rows })
  expectEqual('rows of prices_daily_adjusted_v before any job ran', rows, 0)
})

test('views build cleanly: every other view answers a count', async ({ db, record }) => {
  const views = await db.rows<{ schema: string; view: string }>(query('other_views'))
  const counts: Record<string, number> = {}
  for (const { schema, view } of views) counts[`${schema}.${view}`] = await countOf(db, schema, view)
  await record({ views: views.length, ...counts })
  expectEqual('the views that answer', Object.keys(counts).length, views.length)
})

test('applying the migrations again changes nothing', async ({ server, target, record }) => {
  const { applied, present } = await migrate(server.connection, MIGRATIONS, { run_id: target.run_id })
  await record({ applied: [...applied], present: present.length })
  expectNone(applied, 'migration that was applied a second time')
})

test('the live schema equals the migrations: there is no drift', async ({ server, record }) => {
  const drift = await driftOf(server.connection, MIGRATIONS)
  const differing = drift.objects.map(({ object, difference }) => `${object}: ${difference}`)
  await record({ ...drift, objects: differing })
  expectNone(differing, 'object that differs from the migrations')
  expectEqual('the hash of the live schema', drift.found_sha256, drift.expected_sha256)
})

describe(ALSO_PROVEN, () => {
  test('the roles admin, owner, ingest, reader and analyst may do their work, and nothing else', async ({
    server,
    config,
    record,
    notApplicable,
  }) => {
    const { faults, ...evidence } = await leastPrivilege(server, config.role_passwords, MIGRATIONS)
    const faulty = faults.map(({ role, statement, what }) => `${role}: ${statement}: ${what}`)
    await record({ ...evidence, faults: faulty })
    if (evidence.statements_allowed === 0)
      notApplicable(`${server.connection.user} may not create roles, and is no superuser`)
    expectNone(faulty, 'right that is missing or too much')
  })
})

async function countOf(db: Database, schema: string, name: string): Promise<number> {
  const { rows } = await db.one<{ rows: number }>(
    `select count(*)::int as rows from ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`,
  )
  return rows
}
