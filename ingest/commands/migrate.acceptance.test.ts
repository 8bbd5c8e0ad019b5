import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { ours } from '../../helpers/testing/targets.ts'
import { inProcess } from '../testing/commands/in-process.ts'

let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'migrate-'))
  await mkdir(join(state, 'Dropbox'))
  onTestFinished(() => rm(state, { recursive: true, force: true }))
})

const environment = (connection: Connection): Record<string, string> => ({
  ...childEnvironment(),
  PGHOST: connection.host,
  PGPORT: String(connection.port),
  PGUSER: connection.user,
  PGPASSWORD: connection.password ?? '',
  PGDATABASE: connection.database,
  BOOTSTRAP_STATE: state,
  DROPBOX_FOLDER: join(state, 'Dropbox'),
})
/** Runs a command of this product against the server of a connection. */
const command = (connection: Connection, file: string, ...args: string[]) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', file), ...args], {
    env: environment(connection),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })
const dbMigrate = (connection: Connection, ...args: string[]) =>
  command(connection, 'commands/migrate.ts', ...args)

/** The folder of migrations without its last file, and the name of that file. */
async function allButTheLast(): Promise<{ directory: string; last: string }> {
  const directory = join(state, 'migrations')
  await cp(join(ROOT_DIRECTORY, 'migrations'), directory, { recursive: true })
  const last =
    (await readdir(directory))
      .filter((name) => name.endsWith('.sql'))
      .toSorted()
      .at(-1) ?? ''
  await rm(join(directory, last))
  return { directory, last }
}

test('an older database: --plan prints the SQL, no consent is a refusal, --yes upgrades it', async () => {
  const { directory, last } = await allButTheLast()
  const { connection } = await ours('rehearsal', directory)
  const plan = await dbMigrate(connection, '--plan')
  expect(plan.exitCode, plan.stderr).toBe(0)
  expect(plan.stdout).toMatch(`-- ${last} · SHA-256 `)
  expect(plan.stdout).toMatch(/^create /m)
  expect(plan.stdout).toMatch(/-- 1 pending in .* Nothing was written\./)

  const refused = await dbMigrate(connection)
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(/is not upgraded without consent\. Nothing was touched\. .* -- --yes$/)
  expect(await readdir(state)).not.toContain('backups')

  const upgraded = await dbMigrate(connection, '--yes')
  expect(upgraded.stdout).toMatch(/Backup full_\d{8}_\d{4}\.dump: passed all 4 levels\./)
  expect(upgraded.stdout).toMatch('Schema: equal to a database that this version creates.')
  expect(upgraded.stdout).toMatch(/\d+ checks: 0 hard /)
  expect(upgraded.exitCode, upgraded.stderr).toBe(0)
  const again = await dbMigrate(connection)
  expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/ is current: no migration is/) })
})

test('a live database needs its name and host typed; --yes is not enough', async () => {
  const { directory } = await allButTheLast()
  const { connection } = await ours('live', directory)
  const refused = await dbMigrate(connection, '--yes')
  expect(refused.exitCode).toBe(1)
  const typed = `${connection.database}@localhost`
  expect(refused.stderr).toMatch(`since it was made in live mode. Nothing was touched.`)
  expect(refused.stderr).toMatch(`--confirm ${typed}`)
  const upgraded = await dbMigrate(connection, '--confirm', typed)
  expect(upgraded.exitCode, upgraded.stderr).toBe(0)
})

test.for([
  {
    what: 'behind',
    sql: 'delete from ingestion.migrations where name = (select max(name) from ingestion.migrations)',
    message:
      /is behind this version; pending: \d{3}-[a-z-]+\.sql\. Nothing was written\. .*npm run db:migrate/,
  },
  {
    what: 'ahead',
    sql: `insert into ingestion.migrations (name, sha256, duration_ms)
          values ('999-x.sql', repeat('0', 64), 0)`,
    message: /is ahead of this version, which does not have 999-x\.sql\. Nothing was written\./,
  },
  {
    what: 'made by edited migrations',
    sql: "update ingestion.migrations set sha256 = repeat('0', 64) where name = '001-schemas.sql'",
    message: /001-schemas\.sql was edited after it was applied[\s\S]*rebuild such a database/,
  },
])(
  'when the schema is $what, every command that writes refuses and names the way out',
  async ({ sql, message }) => {
    const { connection } = await ours('rehearsal')
    await withDatabase(connection, (db) => db.execute(sql))
    const commands = [['run', 'all'], ['daily'], ['resume'], ['retry', '--failed'], ['validate']]
    for (const args of commands) {
      const { exitCode, stderr } = await inProcess(args, environment(connection))
      expect([args, exitCode]).toEqual([args, 1])
      expect(stderr).toMatch(message)
    }
    const rebuilt = await command(connection, 'commands/rebuild.ts')
    expect(rebuilt).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(message) })
    expect(await withDatabase(connection, (db) => db.rows('select from ingestion.items'))).toEqual([])
  },
)
