import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findBackups } from '../../helpers/backup/manifest.ts'
import { provenLevels } from '../../helpers/backup/proof.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { takeRunLock } from '../../helpers/database/lock.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deliveryEnvironment } from '../testing/commands/delivery-environment.ts'
import { inProcess } from '../testing/commands/in-process.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { serve } from '../testing/http/server.ts'
import type { DailySummary } from './daily-summary.ts'

/** A delivery whose prices end in 2020, loaded once. The day of `daily` is today, years later. */
let scratch: Scratch
let root: string
let bootstrap: Record<string, Record<string, unknown>>
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
  await scratch.db.execute(
    `insert into ingestion.environment (mode, made_by_run_id, product_version)
     values ('flat-files', 'r', '0')`,
  )
  const prices = 'prices_daily/prices.csv'
  const recent = 'x:first,2020-12-31,5,5.5,4.5,5.3,1100\nx:second,2020-12-30,20,22,19.5,21,500\n'
  root = await writeDelivery({ ...SMALL_DELIVERY, [prices]: SMALL_DELIVERY[prices] + recent })
  await mkdir(join(root, 'Dropbox'))
  bootstrap = JSON.parse(await readFile(join(ROOT_DIRECTORY, 'bootstrap.json'), 'utf8'))
  expect((await inProcess(['run', 'all'], environment())).exitCode).toBe(0)
}, 120_000)
afterAll(() => scratch?.drop())

const environment = (env: Record<string, string> = {}): Record<string, string> =>
  deliveryEnvironment(scratch.connection, root, { DROPBOX_FOLDER: join(root, 'Dropbox'), ...env })
/** The runner, in a process of its own. */
const command = (args: readonly string[], env: Record<string, string> = {}) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
    env: environment(env),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })

/** A configuration to which prices of 2020 are recent enough. */
async function patient(): Promise<Record<string, string>> {
  const file = join(root, 'patient.json')
  const thresholds = {
    ...bootstrap['thresholds'],
    newest_bar_max_sessions: 100_000,
    security_bar_max_sessions: 100_000,
  }
  await writeFile(file, JSON.stringify({ ...bootstrap, thresholds }))
  return { BOOTSTRAP_FILE: file }
}
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''

test('prices that ended years ago are valid at the end of their window, and fail a daily run', async () => {
  const validated = await inProcess(['validate'], environment())
  expect(validated.stdout).not.toMatch('newest-bar-is-recent')
  const status = await inProcess(['status'], environment())
  expect(status.stdout).toMatch(/newest bar: 20\d\d-\d\d-\d\d, [\d,]+ sessions before 20\d\d-\d\d-\d\d/)

  const alive = await serve((_request, response) => response.end())
  const failed = await command(['daily'], { BOOTSTRAP_ALIVE_URL: `${alive.origin}/ping` })
  await alive.close()
  expect(failed.exitCode).toBe(1)
  expect(failed.stdout).toMatch(/hard {2}newest-bar-is-recent: 1 violation of /)
  expect(lastLine(failed.stdout)).toMatch(
    /^daily scratch_\w+: failed \(exit code 1\) · newest bar: .* sessions before .* · rows: .* · checks: /,
  )
  expect(lastLine(failed.stdout)).toMatch(/violations? of hard checks \(.*newest-bar-is-recent.*\)$/)
  expect(alive.asked, 'no sign of life for a failure').toEqual([])
})

test('a daily run that succeeds ends with one line, and gives signs of life', async () => {
  const file = join(root, 'alive', 'daily.json')
  const alive = await serve((_request, response) => response.end('OK'))
  const env = {
    ...(await patient()),
    BOOTSTRAP_ALIVE_FILE: file,
    BOOTSTRAP_ALIVE_URL: `${alive.origin}/secret-of-the-monitor`,
  }
  const { exitCode, stdout, stderr } = await command(['daily'], env)
  await alive.close()
  expect(exitCode, stderr).toBe(0)
  expect(lastLine(stdout)).toMatch(
    /^daily scratch_\w+: complete \(exit code 0\) · newest bar: .* · rows: 0 ins/,
  )
  expect(alive.asked.map(({ url }) => url)).toEqual(['/secret-of-the-monitor'])
  const written = JSON.parse(readFileSync(file, 'utf8')) as DailySummary
  expect(written).toMatchObject({ command: 'daily', state: 'complete', exit_code: 0, backup: null })
  expect(readdirSync(join(root, 'alive')), 'written at once').toEqual(['daily.json'])

  // The monitor is gone: the run has not failed by that, and its address is not shown.
  const silent = await command(['daily'], env)
  expect(silent.exitCode).toBe(0)
  expect(silent.stdout).toMatch(/BOOTSTRAP_ALIVE_URL was not reached at 127\.0\.0\.1:\d+: /)
  expect(silent.stdout + silent.stderr).not.toMatch('secret-of-the-monitor')
})

test('--json prints one object, and nothing else, also for a run that cannot start', async () => {
  const { exitCode, stdout, stderr } = await command(['daily', '--json'], await patient())
  expect(exitCode, stderr).toBe(0)
  const summary = JSON.parse(stdout) as DailySummary
  expect(summary).toMatchObject({
    state: 'complete',
    exit_code: 0,
    reasons: [],
    rows: { inserted: 0, updated: 0, deleted: 0 },
    validation: { hard_count: 0, failed_checks: [] },
    freshness: { newest_bar_date: expect.stringMatching(/^20/), listed_count: expect.any(Number) },
  })
  expect(stderr).toMatch(/Run [0-9a-f-]{36}: complete/)

  const lock = await takeRunLock(
    { ...scratch.connection, database: 'postgres' },
    scratch.connection.database,
    {
      run_id: 'busy',
    },
  )
  const refused = await command(['daily', '--json'], await patient())
  await lock.release()
  expect(refused.exitCode).toBe(1)
  expect(JSON.parse(refused.stdout)).toMatchObject({
    state: 'failed',
    exit_code: 1,
    reasons: [expect.stringMatching(/Another run works on .*: run busy/)],
    validation: null,
  })
})

test('--backup makes a verified backup of what the run left; a failed one is the exit code', async () => {
  const made = await command(['daily', '--backup'], await patient())
  expect(made.exitCode, made.stderr).toBe(0)
  expect(lastLine(made.stdout)).toMatch(/ · backup: full_\d{8}_\d{4}\.dump, all 4 levels$/)
  const [backup] = (await findBackups(join(root, 'backups'))).good
  expect(backup && (await provenLevels(backup))).toEqual([1, 2, 3, 4])
  const { run_id } = await scratch.db.one<{ run_id: string }>(
    'select run_id from ingestion.runs order by started_at desc limit 1',
  )
  expect(backup?.manifest.run_id).toBe(run_id)

  // A file in the way of the remote folder.
  await mkdir(join(root, 'Broken'))
  await writeFile(join(root, 'Broken', 'stocks-research'), '')
  const env = { ...(await patient()), DROPBOX_FOLDER: join(root, 'Broken') }
  const failed = await command(['daily', '--backup', '--json'], env)
  expect(failed.exitCode).toBe(1)
  expect(JSON.parse(failed.stdout)).toMatchObject({
    state: 'failed',
    reasons: [expect.stringMatching(/^the backup failed: /)],
    validation: { hard_count: 0 },
    backup: { error: expect.any(String) },
  })
})

test.for(['http://example.com/ping', 'ftp://localhost/x', 'not an address'])(
  'the address of a monitor must be https, or of this machine: %s is a fault',
  async (url) => {
    const { exitCode, stderr } = await inProcess(['daily'], environment({ BOOTSTRAP_ALIVE_URL: url }))
    expect(exitCode).toBe(2)
    expect(stderr).toMatch('BOOTSTRAP_ALIVE_URL must begin with https://')
    expect(stderr).not.toMatch(url)
  },
)
