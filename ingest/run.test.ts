import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { createRoles } from '../helpers/database/roles.ts'
import { type Scratch, scratchDatabase } from '../helpers/testing/scratch.ts'
import { JOB_NAMES } from './contract/job.ts'
import { deliveryEnvironment } from './testing/commands/delivery-environment.ts'
import { inProcess } from './testing/commands/in-process.ts'
import { SMALL_DELIVERY, writeDelivery } from './testing/flat-files/delivery.ts'

let scratch: Scratch
let root: string
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  root = await writeDelivery(SMALL_DELIVERY)
})
afterAll(() => scratch.drop())

const environment = (env: Record<string, string>): Record<string, string> =>
  deliveryEnvironment(scratch.connection, root, env)
/** The runner, in a process of its own. */
const run = (args: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
    env: environment(env),
    extendEnv: false,
    reject: false,
  })

/** The runner in this process, where the process is not what is tested. */
const called = (args: readonly string[], env: Record<string, string> = {}) =>
  inProcess(args, environment(env))

it('--help names the seven jobs and needs no configuration', async () => {
  const { exitCode, stdout } = await run(['--help'], { BOOTSTRAP_SOURCE: 'nonsense' })
  expect(exitCode).toBe(0)
  for (const name of JOB_NAMES) expect(stdout).toContain(`  ${name} `)
})

it.each([
  [['nonsense'], /^error: unknown command or job "nonsense"\n.*\nThe jobs are securities, /],
  [['statsu'], /^error: unknown command or job "statsu"; did you mean "status"\?/],
  [['prices'], /^error: unknown command or job "prices"; did you mean "prices-daily"\?/],
  [['prices-dayli'], /did you mean "prices-daily"\?/],
  [[], /missing required argument 'job'/],
  [
    ['run', 'all', '--start', '2020-02-30'],
    /option '--start <day>' argument '2020-02-30' is invalid. It must be a day of the calendar/,
  ],
  [['run', 'all', '--end', '2020-13-01'], /option '--end <day>' argument '2020-13-01' is invalid/],
  [['run', 'all', '--source', 'nowhere'], /^error: --source /],
  [['run', 'all', '--group-rows', 'many'], /must be a whole number above 0/],
  [['run', 'all', '--surprise'], /unknown option '--surprise'/],
])('wrong use, %j, ends with 2 and says what is right', async (args, message) => {
  const { exitCode, stderr } = await inProcess(args, environment({}))
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(message)
  expect(await scratch.db.rows('select from ingestion.runs')).toEqual([])
})

it.each([
  ['is not there', 'not_built_yet', 'does not exist yet'],
  ['has no schema of ours', 'postgres_of_nobody', 'has no schema of this product yet'],
])(
  'before the first build, when the database %s, every command says what builds it',
  async (_what, database, lack) => {
    await scratch.db.execute('drop database if exists postgres_of_nobody')
    await scratch.db.execute('create database postgres_of_nobody')
    for (const args of [['daily'], ['run', 'all'], ['resume'], ['validate'], ['status']]) {
      const { exitCode, stderr } = await inProcess(args, environment({ PGDATABASE: database }))
      expect([args, exitCode, stderr]).toEqual([
        args,
        1,
        `The database ${database} ${lack}. Run npx vitest run phases first: it builds and loads it.`,
      ])
    }
    await scratch.db.execute('drop database postgres_of_nobody')
  },
)

it('resume before the first run says how to start one', async () => {
  const { exitCode, stderr } = await run(['resume'])
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/ has no run yet\. Start one: npx node ingest\/run\.ts run all$/)
})

it('an option overrides the environment; a run above its thresholds fails and names all items', async () => {
  const other = await writeDelivery({ 'universe.csv': 'source_id,ticker\nx:nobody,NIX\n' })
  const { exitCode, stdout } = await run(['securities', '--universe', join(other, 'universe.csv')])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/securities {2}x:nobody {2}not_found: The source has no record of it\./)
  expect(stdout).toMatch(
    /: failed\. securities: 1 of 1 items were not found, more than not_found_max_ratio 0 /,
  )
})

it('a complete run exits with 0, and its log has one JSON object a line, none at warn or above', async () => {
  const { exitCode, stdout } = await run(['all'])
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 })
  expect(stdout).toMatch(/Run [0-9a-f-]{36}: complete \(/)
  const directory = join(root, '.data', 'logs')
  const lines = readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8').trimEnd().split('\n'),
  )
  const levels = lines.map((line) => (JSON.parse(line) as { level: string }).level)
  expect(new Set(levels)).toEqual(new Set(['info']))
})

it('status names the newest runs, and what they have no rows of', async () => {
  const { exitCode, stdout } = await called(['status'])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^[0-9a-f-]{36} {2}complete /)
  expect(stdout).toMatch(/prices-daily +3 ok/)
  expect(stdout).toMatch(/fundamentals-raw {2}x:third {2}not_found: No filer \(cik\) is known for it\./)
})

it('validate runs the checks and ends with 0 when no hard one has a violation', async () => {
  const { exitCode, stdout } = await called(['validate'])
  expect(stdout).toMatch(/\d+ checks: \d+ hard and \d+ soft violations/)
  expect(exitCode === 0).toBe(/ 0 hard /.test(stdout))
})

it('resume refuses a universe that has changed since', async () => {
  const { exitCode, stderr } = await called(['resume', 'ffffffff'])
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/ has no run whose id begins with "ffffffff"\. `status` lists the newest runs\./)
  const changed = await writeDelivery({ ...SMALL_DELIVERY })
  await called(['securities', '--universe', join(changed, 'universe.csv')])
  await scratch.db.rows(
    `update ingestion.runs set universe_sha256 = repeat('0', 64) where universe_file like $1`,
    [`${changed}%`],
  )
  const refused = await called(['resume'])
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(/has changed since run .* SHA-256 was 0{64}, is [0-9a-f]{64}/)
})

it('retry takes the newest run with failed items, also when a newer run exists, and names it', async () => {
  const own = await scratchDatabase({ migrated: true })
  const env = { PGDATABASE: own.connection.database }
  expect((await called(['run', 'securities'], env)).exitCode).toBe(0)
  const { run_id } = await own.db.one<{ run_id: string }>('select run_id from ingestion.runs')
  await own.db.execute(
    `update ingestion.items set status = 'failed', error_class = 'transient', reason = 'x'`,
  )
  expect((await called(['run', 'securities'], env)).exitCode).toBe(0)
  const retried = await called(['retry', '--failed'], env)
  expect(retried.stdout).toMatch(`Retrying run ${run_id}, started `)
  expect(retried.exitCode, retried.stderr).toBe(0)
  const none = await called(['retry', '--failed'], env)
  expect(none.stdout).toMatch(/^No run of .* has failed or deferred items: nothing to retry\.$/)
  expect(none.exitCode).toBe(0)
  await own.drop()
})

it('the role for ingestion is enough for all seven jobs and the checks', async () => {
  const own = await scratchDatabase({ migrated: true })
  const passwords = { admin: 'a', owner: 'o', ingest: 'i', reader: 'r', analyst: 'n' }
  const names = await createRoles(own.connection, passwords)
  const env = { PGDATABASE: own.connection.database, PGUSER: names.ingest, PGPASSWORD: passwords.ingest }
  const loaded = await called(['run', 'all'], env)
  expect(loaded.exitCode, loaded.stderr).toBe(0)
  expect((await called(['run', 'all'], env)).exitCode, 'and again').toBe(0)
  const { bars } = await own.db.one<{ bars: number }>(
    'select count(*)::int as bars from stocks_research.prices_daily',
  )
  expect(bars).toBeGreaterThan(0)
  const { user } = own.connection
  await own.db.execute(`alter database ${own.connection.database} owner to ${user}`)
  for (const name of Object.values(names))
    await own.db.execute(`reassign owned by ${name} to ${user}; drop owned by ${name}; drop role ${name}`)
  await own.drop()
})
