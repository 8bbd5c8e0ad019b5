/**
 * Phase 0 · Environment verification
 *
 * Goal:  the machine, the server and the services are fit, before anything is touched.
 * Again: safe. Nothing is written but evidence.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { childEnvironment, ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { compareWithLockfile } from '../helpers/config/lockfile.ts'
import { secretsOf } from '../helpers/config/secrets.ts'
import { silentLog } from '../helpers/core/log.ts'
import { CLOCK_OFFSET_MAX_MS, clockOffset } from '../helpers/postgres/clock.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import { TOOL_NAMES } from '../helpers/postgres/tools.ts'
import { FIRST_DATE, sessions } from '../ingest/calendar/xnys.ts'
import { JOB_NAMES } from '../ingest/contract/job.ts'
import { JOBS } from '../ingest/jobs.ts'
import { openRunProviders } from '../ingest/providers/index.ts'
import { weighConfigured } from '../ingest/providers/live.ts'
import { test } from './fixtures.ts'

test("the project's own Node.js runtime is active, and its version satisfies `engines`", async ({
  record,
}) => {
  const { engines } = JSON.parse(readFileSync(join(ROOT_DIRECTORY, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  await record({ node_version: process.versions.node, engines: engines.node, executable: process.execPath })
  const [, major_min] = /^>=(\d+)$/.exec(engines.node) ?? []
  expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(Number(major_min))
})

test('dependencies are installed exactly as the lockfile says', async ({ record }) => {
  const compared = compareWithLockfile(ROOT_DIRECTORY)
  await record({ ...compared })
  expect(compared.differing).toEqual([])
  expect(compared.extraneous).toEqual([])
  expect(compared.packages_installed).toBeGreaterThan(0)
})

test('the ingestion runner executes: `ingest/run.ts --help` exits 0 and names the seven jobs', async ({
  record,
}) => {
  const { exitCode, stdout } = await execa(
    process.execPath,
    [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), '--help'],
    {
      env: childEnvironment(),
      extendEnv: false,
      reject: false,
    },
  )
  const named = JOB_NAMES.filter((job) => stdout.includes(job))
  await record({ command: 'node ingest/run.ts --help', exit_code: exitCode, jobs_named: named.length })
  expect(exitCode).toBe(0)
  expect(named).toEqual(JOB_NAMES)
})

test('the client tools `psql pg_dump pg_restore createdb dropdb` are on PATH, and not older than the server', async ({
  target,
  tools,
  record,
}) => {
  const server_major = Math.floor(target.server.version_number / 10_000)
  await record({
    server_version: target.server.version,
    ...Object.fromEntries(TOOL_NAMES.map((name) => [name, `${tools[name].version} at ${tools[name].path}`])),
  })
  expect(TOOL_NAMES.filter((name) => tools[name].major < server_major)).toEqual([])
})

test('every secret that this mode needs is present', async ({ config, record }) => {
  const needed = secretsOf(config)
  const { mode } = config.source
  // A provider without its key is passed over for the next one of its job; a job that has none left lacks a
  // key.
  const { choices, faults } = mode === 'live' ? weighConfigured(config) : { choices: [], faults: [] }
  const missing = [...needed.filter(({ is_present }) => !is_present).map(({ name }) => name), ...faults]
  const passed_over = choices.flatMap((choice) => choice.passed_over.map((why) => `${choice.job}: ${why}`))
  await record({ mode, secrets_needed: needed.map(({ name }) => name), passed_over, missing })
  expect(missing).toEqual([])
})

test('the universe and the window can be used: each security stands once, and the calendar knows the days', async ({
  config,
  universe,
  record,
}) => {
  const { start_date, end_date } = config.window
  const days = start_date < FIRST_DATE ? [] : sessions(start_date, end_date)
  await record({
    file: universe.file,
    sha256: universe.sha256,
    securities: universe.members.length,
    start_date,
    end_date,
    calendar_begins_on: FIRST_DATE,
    sessions: days.length,
  })
  expect(universe.members.length).toBeGreaterThan(0)
  expect(
    days.length,
    `BOOTSTRAP_START must be ${FIRST_DATE} or later, and a session must lie in the window`,
  ).toBeGreaterThan(0)
})

test('the providers accept their credentials', async ({ config, record, signal }) => {
  const opened = await openRunProviders(config, silentLog())
  try {
    const served = new Set(opened.providers.flatMap(({ datasets }) => datasets))
    const unserved = JOBS.flatMap((job) =>
      job.kind === 'sourced' && !served.has(job.dataset) ? [job.name] : [],
    )
    // A replay asks nobody, and a folder of files has no credentials.
    const probed = config.source.mode === 'replay' ? [] : await opened.probe(signal)
    await record({
      providers: opened.providers.map(({ name, datasets }) => `${datasets.join(', ')}: ${name}`),
      passed_over: opened.choices.flatMap(({ job, passed_over }) =>
        passed_over.map((why) => `${job}: ${why}`),
      ),
      answers: probed.map(({ provider, fault }) => `${provider}: ${fault ?? 'accepted'}`),
      jobs_unserved: unserved,
    })
    expect(unserved).toEqual([])
    expect(
      probed.flatMap(({ provider, fault }) => (fault === undefined ? [] : [`${provider}: ${fault}`])),
    ).toEqual([])
  } finally {
    await opened.close()
  }
})

test('Dropbox accepts its token, the scopes are present, and the space is enough', async ({
  remote,
  record,
}) => {
  const check = await remote.check()
  const bytes_free = check.bytes_allocated - check.bytes_used
  await record({ remote: remote.describe(), ...check, scopes: [...check.scopes], bytes_free })
  expect(bytes_free).toBeGreaterThan(0)
})

test('the clock of this machine agrees with the clock of the server', async ({ target, record }) => {
  const offset_ms = await withDatabase(target.maintenance, (db) => clockOffset(db))
  await record({ offset_ms, bound_ms: CLOCK_OFFSET_MAX_MS })
  expect(Math.abs(offset_ms)).toBeLessThanOrEqual(CLOCK_OFFSET_MAX_MS)
})
