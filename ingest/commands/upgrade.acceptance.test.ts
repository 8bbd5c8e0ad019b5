import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { findBackups } from '../../helpers/backup/manifest.ts'
import { provenLevels } from '../../helpers/backup/proof.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { auditContent, recordContent } from '../../helpers/database/content-hashes.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { inspectTarget } from '../../helpers/database/target.ts'
import { sealTarget } from '../../helpers/database/target-database.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import type { Server } from '../../helpers/postgres/server.ts'
import { FolderStore } from '../../helpers/remote/folder-store.ts'
import { ours, run_id } from '../../helpers/testing/targets.ts'
import { type UpgradeOptions, type UpgradeQuestion, upgrade } from './upgrade.ts'

/** A folder of migrations with those of this version, and a place for backups. */
let state: string
let migrations: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'upgrade-'))
  migrations = join(state, 'migrations')
  await cp(join(ROOT_DIRECTORY, 'migrations'), migrations, { recursive: true })
  await mkdir(join(state, 'Dropbox'))
  onTestFinished(() => rm(state, { recursive: true, force: true }))
})

const ADD_COLUMN = `alter table stocks_research.securities add column sector text;
comment on column stocks_research.securities.sector is 'For a test.';\n`

const write = (name: string, sql: string): Promise<void> => writeFile(join(migrations, name), sql)

const said: string[] = []
function options(changes: Partial<UpgradeOptions> = {}): UpgradeOptions {
  said.length = 0
  return {
    migrations,
    backups: join(state, 'backups'),
    remote: new FolderStore(join(state, 'Dropbox'), '/stocks-research'),
    checks: [],
    held_lock: undefined,
    consent: async () => {},
    say: (text) => void said.push(text),
    ...changes,
  }
}

const ask = <T>(connection: Connection, sql: string): Promise<T[]> =>
  withDatabase(connection, async (db) => (await db.rows(sql)) as T[])
const appliedIn = async (connection: Connection): Promise<string[]> =>
  (await ask<{ name: string }>(connection, 'select name from ingestion.migrations order by 1 desc limit 2'))
    .map(({ name }) => name)
    .filter((name) => name >= '900')
    .toReversed()
const contentOf = async (connection: Connection): Promise<string> =>
  (await fingerprintOf(connection, { scope: 'content', views: 'none' })).content_sha256
const hasColumn = async (connection: Connection, name: string): Promise<boolean> =>
  (
    await ask(
      connection,
      `select from pg_attribute
        where attrelid = 'stocks_research.securities'::regclass and attname = '${name}'`,
    )
  ).length === 1

/** 2,000 securities with 20 bars each, loaded by a recorded run whose content is recorded. */
async function fill(connection: Connection): Promise<void> {
  await withDatabase(connection, async (db) => {
    await db.transaction(async (tx) => {
      await tx.rows("select set_config('stocks_research.run_id', $1, true)", [run_id])
      await tx.execute(`
        insert into stocks_research.securities (security_id, source_id, ticker)
        select i, 's' || i, 'T' || i from generate_series(2, 2000) i;
        insert into stocks_research.trading_sessions (session_date, open_at, close_at, is_early_close)
        select d, d + interval '14 hours 30 minutes', d + interval '21 hours', false
        from generate_series('2020-01-06'::date, '2020-01-31', '1 day') d where extract(isodow from d) < 6;
        insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
        select i, d.session_date, 10, 11, 9, 10.5, 100
        from generate_series(1, 2000) i, stocks_research.trading_sessions d;`)
    })
    await recordContent(db, run_id)
  })
}

test('an older database is upgraded in place: backup first, then rows and schema are compared', async () => {
  const { server, connection } = await ours('rehearsal')
  await fill(connection)
  await write('900-sector.sql', ADD_COLUMN)
  await write(
    '901-view.sql',
    'create view stocks_research.t_v as select ticker from stocks_research.securities;\n',
  )
  const before = await contentOf(connection)
  const upgraded = await upgrade(server, options())

  expect(upgraded?.applied).toEqual(['900-sector.sql', '901-view.sql'])
  expect(upgraded?.content.changed).toEqual([])
  expect(upgraded?.content.kept).toContain('stocks_research.prices_daily')
  expect(upgraded?.schema.objects, 'equal to a fresh database').toEqual([])
  const [backup] = (await findBackups(join(state, 'backups'))).good
  expect(backup?.archive).toBe(upgraded?.backup)
  expect(backup?.manifest.fingerprint.tables['stocks_research.prices_daily']?.rows).toBe(40_000)
  expect(backup?.manifest.migration_head, 'dumped before').not.toMatch(/^9/)
  expect(backup && (await provenLevels(backup))).toEqual([1, 2, 3, 4])
  await withDatabase(connection, (db) =>
    db.execute('alter table stocks_research.securities drop column sector cascade'),
  )
  expect(await contentOf(connection), 'the rows, without the new column').toBe(before)
  const runs = await ask<{ n: number }>(
    connection,
    `select count(distinct run_id)::int as n from ingestion.migrations where name >= '900'`,
  )
  expect(runs).toEqual([{ n: 1 }])
  const again = options()
  expect(await upgrade(server, again)).toBeUndefined()
  expect(said).toEqual([])
})

test('a failed migration leaves the database as it was, and the error names the backup', async () => {
  const { server, connection } = await ours('rehearsal')
  await write(
    '900-sector.sql',
    `${ADD_COLUMN}insert into stocks_research.securities (ticker) values (null);\n`,
  )
  const before = await fingerprintOf(connection, { scope: 'full', views: 'none' })
  const error = await upgrade(server, options()).catch((thrown: Error) => thrown)
  expect(String(error)).toMatch(
    /^UpgradeError: The upgrade of target_\w+ stopped: 900-sector\.sql:3: null value/,
  )
  expect(String(error)).toMatch(/ is as it was: no migration was applied\./)
  expect(String(error)).toMatch(/To go back: npm run restore -- full_\d{8}_\d{4}\.dump restores/)
  const after = await fingerprintOf(connection, { scope: 'full', views: 'none' })
  expect([after.schema_sha256, after.content_sha256]).toEqual([before.schema_sha256, before.content_sha256])

  await write('900-sector.sql', ADD_COLUMN)
  await write('901-late.sql', 'create table stocks_research.late (n integer);\nselect 1/0;\n')
  await expect(upgrade(server, options())).rejects.toThrow(
    /Applied and kept: 900-sector\.sql\. The migration that failed was rolled back\./,
  )
  expect(await appliedIn(connection)).toEqual(['900-sector.sql'])
  await write('901-late.sql', 'create table stocks_research.late (n integer);\n')
  expect((await upgrade(server, options()))?.applied).toEqual(['901-late.sql'])
})

test('a migration may change only rows of tables that it declares, and is not a manual edit', async () => {
  const { server, connection } = await ours('rehearsal')
  await fill(connection)
  const update = "update stocks_research.securities set ticker = 'NEW' where security_id = 7;\n"
  await write('900-ticker.sql', update)
  await expect(upgrade(server, options())).rejects.toThrow(
    /900-ticker\.sql changes rows that it does not declare.*table stocks_research\.securities: 2000 rows, but/,
  )
  expect(await ask(connection, "select from stocks_research.securities where ticker = 'NEW'")).toEqual([])

  await write('900-ticker.sql', `-- changes: stocks_research.securities\n${update}`)
  await write('901-sector.sql', ADD_COLUMN)
  const upgraded = await upgrade(server, options())
  expect(upgraded?.content.changed).toEqual(['stocks_research.securities'])
  expect(await inspectTarget(server)).toMatchObject({ state: 'ours', manual_edits: [] })
  expect(await auditContent(connection)).toMatchObject({ drifts: [], known_edits: [] })
  await withDatabase(connection, (db) =>
    db.execute('delete from stocks_research.prices_daily where security_id = 3'),
  )
  expect(await auditContent(connection), 'a manual edit is still seen').toMatchObject({
    drifts: [{ name: 'stocks_research.prices_daily' }],
  })
})

test('a migration after which a view does not answer is rolled back', async () => {
  const { server, connection } = await ours('rehearsal')
  await write(
    '900-view.sql',
    `create view stocks_research.bad_v as
     select 1 / (security_id - 1) as x
     from stocks_research.securities;\n`,
  )
  await expect(upgrade(server, options())).rejects.toThrow(/division by zero/)
  expect(await appliedIn(connection)).toEqual([])
})

/** Starts an upgrade in a process of its own. */
function startUpgrade(server: Server) {
  const script = `
    import { upgrade } from ${JSON.stringify(join(import.meta.dirname, 'upgrade.ts'))}
    import { describeServer } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/postgres/server.ts'))}
    import { FolderStore } from ${JSON.stringify(join(ROOT_DIRECTORY, 'helpers/remote/folder-store.ts'))}
    const { connection, maintenance, state } = JSON.parse(process.env.TRIAL)
    const server = { connection, maintenance, describe: () => describeServer(maintenance), stop() {} }
    const remote = new FolderStore(state + '/Dropbox', '/stocks-research')
    await upgrade(server, { migrations: state + '/migrations', backups: state + '/backups', remote,
      checks: [], held_lock: undefined, consent: async () => {}, say: console.log })`
  const { connection, maintenance } = server
  return execa(process.execPath, ['--input-type=module', '-e', script], {
    env: { TRIAL: JSON.stringify({ connection, maintenance, state }) },
    reject: false,
    all: true,
  })
}
const ASLEEP = `select pid from pg_stat_activity
  where datname = current_database() and application_name = 'stocks-research migrate'
    and wait_event = 'PgSleep'`

test('a killed upgrade leaves complete migrations only, and the next upgrade completes it', async () => {
  const { server, connection } = await ours('rehearsal')
  await write('900-sector.sql', ADD_COLUMN)
  await write('901-slow.sql', 'create table stocks_research.slow (n integer);\nselect pg_sleep(60);\n')
  const child = startUpgrade(server)
  await expect.poll(() => ask(connection, ASLEEP), { timeout: 60_000 }).toHaveLength(1)
  child.kill('SIGKILL')
  await child
  await ask(connection, `select pg_terminate_backend(pid) from (${ASLEEP}) a`)
  await expect.poll(() => ask(connection, ASLEEP)).toEqual([])
  expect(await appliedIn(connection)).toEqual(['900-sector.sql'])
  expect(await ask(connection, "select from pg_class where relname = 'slow'")).toEqual([])
  await write('901-slow.sql', 'create table stocks_research.slow (n integer);\n')
  const upgraded = await upgrade(server, options())
  expect(upgraded).toMatchObject({ applied: ['901-slow.sql'], schema: { objects: [] } })
})

test('of two upgrades at once the second is refused and names the first', async () => {
  const { server, connection } = await ours('rehearsal')
  await write('900-slow.sql', `${ADD_COLUMN}select pg_sleep(3);\n`)
  const first = startUpgrade(server)
  await expect.poll(() => ask(connection, ASLEEP), { timeout: 60_000 }).toHaveLength(1)
  await expect(upgrade(server, options())).rejects.toThrow(/Another run works on target_\w+: run migrate-/)
  expect((await first).exitCode).toBe(0)
  expect(await appliedIn(connection)).toEqual(['900-slow.sql'])
})

test('a newer database, or one made by edited migrations, is rejected before any change', async () => {
  const { server, connection } = await ours('rehearsal')
  await write('900-sector.sql', ADD_COLUMN)
  await upgrade(server, options())
  await rm(join(migrations, '900-sector.sql'))
  await expect(upgrade(server, options())).rejects.toThrow(
    /is ahead of this version, which does not have 900-sector\.sql\. .*restore a backup from before/,
  )
  await write('900-sector.sql', `${ADD_COLUMN}-- edited\n`)
  await expect(upgrade(server, options())).rejects.toThrow(
    /900-sector\.sql was edited after it was applied[\s\S]*rebuild such a database with npx vitest run phases/,
  )
  expect(await hasColumn(connection, 'sector')).toBe(true)
})

test.for([
  { mode: 'rehearsal', is_sealed: false, because: '' },
  { mode: 'live', is_sealed: false, because: 'it was made in live mode' },
  { mode: 'flat-files', is_sealed: true, because: 'it is sealed, the result of a finished run' },
] as const)(
  'consent: $mode, sealed $is_sealed, is asked for with its reason, and a sealed one stays sealed',
  async ({ mode, is_sealed, because }) => {
    const { server, connection } = await ours(mode)
    if (is_sealed) await sealTarget(server)
    await write('900-sector.sql', ADD_COLUMN)
    const asked: UpgradeQuestion[] = []
    const refuse = async (question: UpgradeQuestion): Promise<never> => {
      asked.push(question)
      throw new Error('no consent')
    }
    await expect(upgrade(server, options({ consent: refuse }))).rejects.toThrow('no consent')
    expect((await findBackups(join(state, 'backups'))).good).toEqual([])
    expect(await hasColumn(connection, 'sector')).toBe(false)
    expect(asked).toMatchObject([{ because, pending: [{ name: '900-sector.sql' }] }])
    expect(asked[0]?.typed.includes(`${connection.database}@localhost`)).toBe(because !== '')
    expect((await upgrade(server, options()))?.applied).toEqual(['900-sector.sql'])
    expect(await inspectTarget(server)).toMatchObject({ is_template: is_sealed })
  },
)
