/**
 * Phase 0 · Environment verification
 *
 * Goal:  the machine, the server and the services are fit, before anything is touched.
 * Again: safe. Nothing is written but evidence.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe } from 'vitest'
import {
  expectAtLeast,
  expectAtMost,
  expectEqual,
  expectNone,
  expectThat,
} from '../helpers/checklist/expectations.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { childEnvironment } from '../helpers/config/children.ts'
import { type Config, ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { compareWithLockfile } from '../helpers/config/lockfile.ts'
import { secretsOf } from '../helpers/config/secrets.ts'
import { silentLog } from '../helpers/core/log.ts'
import { CLOCK_OFFSET_MAX_MS, clockOffset } from '../helpers/postgres/clock.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import { encryptionText } from '../helpers/postgres/encryption.ts'
import { requireRights, rightsText } from '../helpers/postgres/rights.ts'
import { TOOL_NAMES } from '../helpers/postgres/tools.ts'
import { FIRST_DATE, sessions } from '../ingest/calendar/xnys.ts'
import { JOB_NAMES } from '../ingest/contract/job.ts'
import { JOBS } from '../ingest/jobs.ts'
import { openRunProviders } from '../ingest/providers/index.ts'
import { weighConfigured } from '../ingest/providers/live.ts'
import type { Universe } from '../ingest/universe/read.ts'
import {
  examineDelivery,
  failures,
  missing,
  obstacles,
  splitsText,
} from '../ingest/validation/examine-delivery.ts'
import { test } from './fixtures.ts'
import { PRECONDITIONS } from './preconditions.ts'
import { missingRequired } from './tables.ts'

const MAJOR = 10_000
const FITTING = 'universe, window and delivery fit: each security once, sessions covered, files readable'

test(PRECONDITIONS.postgres, async ({ target, record }) => {
  const { kind, version } = target.server
  const { host, port, user, database } = target.connection
  const [answer] = await withDatabase(target.maintenance, (db) =>
    db.rows<{ version: string }>('select version()'),
  )
  const encryption = await withDatabase(target.maintenance, (db) => encryptionText(db, target.maintenance))
  const rights = rightsText(await requireRights(target.maintenance, database))
  await record({
    server: `${host}:${port}`,
    server_kind: kind,
    user,
    encryption,
    user_may: rights.may,
    user_may_not: rights.may_not,
    target_database: database,
    server_version: version,
    answer: answer?.version,
  })
  expectThat(answer !== undefined, `PostgreSQL at ${host}:${port} does not answer "select version()"`)
})

test(PRECONDITIONS.tools, async ({ target, tools, record }) => {
  const server_major = Math.floor(target.server.version_number / MAJOR)
  await record({
    server_version: target.server.version,
    ...Object.fromEntries(TOOL_NAMES.map((name) => [name, `${tools[name].version} at ${tools[name].path}`])),
  })
  for (const name of TOOL_NAMES)
    expectAtLeast(`the major version of ${name}`, tools[name].major, server_major, 'Install a newer client')
})

test(PRECONDITIONS.directory, async ({ record }) => {
  await record({ working_directory: process.cwd(), repository_root: ROOT_DIRECTORY })
  expectEqual('the working directory', process.cwd(), ROOT_DIRECTORY)
})

test(PRECONDITIONS.configuration, async ({ config, record }) => {
  // The fixture reads the configuration anew, and fails with every fault by name.
  await record({
    mode: config.source.mode,
    postgres: config.postgres.kind,
    database: config.database,
    dropbox: config.dropbox.kind,
    universe_file: config.universe_file,
    ...config.window,
  })
  expectThat(config.window.start_date < config.window.end_date, 'the window ends before it starts')
})

test(PRECONDITIONS.lock, async ({ target, assertHeld, record }) => {
  const { database, run_id, key, backend_pid, backend_started_at } = target.lock
  await record({ target_database: database, held_by_run: run_id, key, backend_pid, backend_started_at })
  await assertHeld() // Throws unless the server says that the lock is ours now.
  expectEqual('the run that holds the lock', run_id, target.run_id)
})

test("the project's own Node.js runtime is active, and its version satisfies `engines`", async ({
  record,
}) => {
  const { engines } = JSON.parse(readFileSync(join(ROOT_DIRECTORY, 'package.json'), 'utf8')) as {
    engines: { node: string }
  }
  await record({ node_version: process.versions.node, engines: engines.node, executable: process.execPath })
  const [, major_min] = /^>=(\d+)$/.exec(engines.node) ?? []
  const major = Number(process.versions.node.split('.')[0])
  expectAtLeast('the major version of Node.js', major, Number(major_min), 'Run npm ci, then npx vitest')
})

test('dependencies are installed exactly as the lockfile says', async ({ record }) => {
  const compared = compareWithLockfile(ROOT_DIRECTORY)
  await record({ ...compared })
  const fix = { fix: 'Run npm ci' }
  expectNone(compared.differing, 'package that differs from the lockfile', fix)
  expectNone(compared.extraneous, 'package that is not in the lockfile', fix)
  expectAtLeast('installed packages', compared.packages_installed, 1, fix.fix)
})

test('the ingestion runner executes: `ingest/run.ts --help` exits 0 and names the seven jobs', async ({
  record,
}) => {
  const runner = join(ROOT_DIRECTORY, 'ingest', 'run.ts')
  const { exitCode, all } = await execa(process.execPath, [runner, '--help'], {
    env: childEnvironment(),
    extendEnv: false,
    reject: false,
    all: true,
  })
  const unnamed = JOB_NAMES.filter((job) => !all.includes(job))
  await record({
    command: 'node ingest/run.ts --help',
    exit_code: exitCode,
    jobs_named: JOB_NAMES.length - unnamed.length,
    jobs_unnamed: unnamed,
  })
  expectThat(exitCode === 0, `node ingest/run.ts --help ends with exit code ${exitCode}: ${all}`)
  expectNone(unnamed, 'job that --help does not name')
})

test('every secret that this mode needs is present and accepted by its service', async ({
  config,
  remote,
  record,
  signal,
}) => {
  const { missing, ...secrets } = secretsNeeded(config)
  await record({ mode: config.source.mode, ...secrets, missing })
  expectNone(missing, 'missing secret', { fix: 'Set it in the environment, or in .env' })

  const { unserved, rejecting, ...answers } = await probeProviders(config, signal)
  await record({ ...answers, jobs_without_provider: unserved })
  expectNone(unserved, 'job without a provider', { fix: 'Name one in bootstrap.json, provider_sets' })
  expectNone(rejecting, 'provider that rejects its credentials')

  const { scopes, ...space } = await remote.check() // Throws when the token or a scope is rejected.
  const bytes_free = space.bytes_allocated - space.bytes_used
  await record({ remote: remote.describe(), ...space, scopes: [...scopes], bytes_free })
  expectAtLeast(`free bytes in ${remote.describe()}`, bytes_free, 1, 'Make room there')
})

describe(ALSO_PROVEN, () => {
  test(FITTING, async ({ config, universe, record }) => {
    const { start_date, end_date } = config.window
    const days = start_date < FIRST_DATE ? [] : sessions(start_date, end_date)
    const delivery = await examined(config, universe)
    await record({
      file: universe.file,
      sha256: universe.sha256,
      securities: universe.members.length,
      start_date,
      end_date,
      calendar_begins_on: FIRST_DATE,
      sessions: days.length,
      ...delivery.evidence,
    })
    expectAtLeast(`securities in ${universe.file}`, universe.members.length, 1)
    const fix = `Set BOOTSTRAP_START to ${FIRST_DATE} or later, and a window that contains a session`
    expectAtLeast(`sessions from ${start_date} to ${end_date}`, days.length, 1, fix)
    expectNone(delivery.obstacles, 'reason for which the delivery cannot be loaded', {
      fix: 'Read the whole page of `npm run ingest -- check <folder>`',
    })
  })

  test('the clock of this machine agrees with the clock of the server', async ({ target, record }) => {
    const offset_ms = await withDatabase(target.maintenance, (db) => clockOffset(db))
    await record({ offset_ms, offset_max_ms: CLOCK_OFFSET_MAX_MS })
    const fix = 'Set both clocks by NTP'
    expectAtMost('milliseconds between the clocks', Math.abs(offset_ms), CLOCK_OFFSET_MAX_MS, fix)
  })
})

/** A delivery of files is read once, before anything is touched. Other sources have nothing to read. */
async function examined({ source, bootstrap }: Config, { members }: Universe) {
  if (source.mode !== 'flat-files') return { evidence: { delivery: 'none: no flat files' }, obstacles: [] }
  const examination = await examineDelivery(source.directory, members, bootstrap.thresholds)
  const counted = examination.checks.map(({ job, tally, rows_count, days }) => {
    const span = days === undefined ? '' : `, ${days.first} to ${days.last}`
    return [
      `delivery_${job.replaceAll('-', '_')}`,
      `${rows_count} rows, ${tally.rows_rejected} rejected, ${tally.files.size} files${span}`,
    ]
  })
  return {
    evidence: {
      delivery: source.directory,
      ...Object.fromEntries(counted),
      delivery_prices: splitsText(examination.splits),
      delivery_missing: missing(examination),
      delivery_failures: failures(examination),
    },
    obstacles: [
      ...missingRequired(
        examination.checks.map(({ job, rows_count, absent }) => ({ job, rows: rows_count, reason: absent })),
        bootstrap.required_datasets,
      ),
      ...obstacles(examination, bootstrap.thresholds),
    ],
  }
}

/**
 * A provider without its key is skipped for the next one of its job. A job with no provider left lacks a key.
 */
function secretsNeeded(config: Config) {
  const needed = secretsOf(config)
  const { choices, faults } =
    config.source.mode === 'live' ? weighConfigured(config) : { choices: [], faults: [] }
  const absent = needed.filter(({ is_present }) => !is_present).map(({ name }) => name)
  return {
    secrets_needed: needed.map(({ name }) => name),
    providers_skipped: skippedOf(choices),
    missing: [...absent, ...faults],
  }
}

/** What each provider answers to one request. A replay makes none, and files need no credentials. */
async function probeProviders(config: Config, signal: AbortSignal) {
  const opened = await openRunProviders(config, silentLog())
  try {
    const served = new Set(opened.providers.flatMap(({ datasets }) => datasets))
    const probed = config.source.mode === 'replay' ? [] : await opened.probe(signal)
    return {
      providers: opened.providers.map(({ name, datasets }) => `${datasets.join(', ')}: ${name}`),
      providers_skipped: skippedOf(opened.choices),
      answers: probed.map(({ provider, fault }) => `${provider}: ${fault ?? 'accepted'}`),
      unserved: JOBS.flatMap((job) => (job.kind === 'sourced' && !served.has(job.dataset) ? [job.name] : [])),
      rejecting: probed.flatMap(({ provider, fault }) =>
        fault === undefined ? [] : [`${provider}: ${fault}`],
      ),
    }
  } finally {
    await opened.close()
  }
}

const skippedOf = (choices: readonly { job: string; passed_over: readonly string[] }[]): string[] =>
  choices.flatMap(({ job, passed_over }) => passed_over.map((why) => `${job}: ${why}`))
