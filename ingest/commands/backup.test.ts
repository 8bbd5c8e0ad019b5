import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { findBackups } from '../../helpers/backup/manifest.ts'
import { provenLevels } from '../../helpers/backup/proof.ts'
import { childEnvironment } from '../../helpers/config/children.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { compareFingerprints } from '../../helpers/database/compare.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { takeRunLock } from '../../helpers/database/lock.ts'
import { dropDatabase } from '../../helpers/database/scratch.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { foreign, ours } from '../../helpers/testing/targets.ts'

let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'backup-'))
  await mkdir(join(state, 'Dropbox'))
  onTestFinished(() => rm(state, { recursive: true, force: true }))
})

const command = (connection: Connection, file: string, args: readonly string[], env = {}) =>
  execa(process.execPath, [join(import.meta.dirname, file), ...args], {
    env: {
      ...childEnvironment(),
      PGHOST: connection.host,
      PGPORT: String(connection.port),
      PGUSER: connection.user,
      PGPASSWORD: connection.password ?? '',
      PGDATABASE: connection.database,
      BOOTSTRAP_STATE: state,
      DROPBOX_FOLDER: join(state, 'Dropbox'),
      ...env,
    },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })

test('a backup outside the checklist passes four levels and restores to equal content', async () => {
  const { connection, server } = await ours('rehearsal')
  const made = await command(connection, 'backup.ts', [])
  expect(made.exitCode, made.stderr).toBe(0)
  expect(made.stdout).toMatch(/Backup full_\d{8}_\d{4}\.dump: .* rows; passed all 4 levels, copied to /)
  const [backup] = (await findBackups(join(state, 'backups'))).good
  expect(backup && (await provenLevels(backup))).toEqual([1, 2, 3, 4])
  expect(await readdir(join(state, 'Dropbox', 'stocks-research'))).toContain(backup?.manifest.file)

  const before = await fingerprintOf(connection, { scope: 'full', views: 'none' })
  await withDatabase(connection, (db) => db.execute('drop schema stocks_research cascade'))
  const restored = { ...connection, database: `${connection.database}_again` }
  onTestFinished(() => dropDatabase(server.maintenance, restored.database))
  const args = ['latest', '--into', restored.database, '--from', 'remote']
  const restore = await command(connection, 'restore.ts', args)
  expect(restore.exitCode, restore.stderr).toBe(0)
  const after = await fingerprintOf(restored, { scope: 'full', views: 'none' })
  expect(compareFingerprints(before, after)).toEqual([])
})

test('the retention removes what is past its rule, here and there; --keep-all removes nothing', async () => {
  const { connection } = await ours('rehearsal')
  const bootstrap = join(state, 'bootstrap.json')
  const written = JSON.parse(await readFile(join(import.meta.dirname, '..', '..', 'bootstrap.json'), 'utf8'))
  await writeFile(bootstrap, JSON.stringify({ ...written, backups: { keep_count: 1, keep_days: 0 } }))
  const env = { BOOTSTRAP_FILE: bootstrap }
  const here = async () =>
    (await findBackups(join(state, 'backups'))).good.map(({ manifest }) => manifest.file)
  for (const args of [[], ['--keep-all']])
    expect((await command(connection, 'backup.ts', args, env)).exitCode).toBe(0)
  const two = await here()
  expect(two).toHaveLength(2)
  const third = await command(connection, 'backup.ts', [], env)
  expect(third.stdout).toMatch(`Removed by the retention: ${two.join(', ')}.`)
  expect(await here()).toHaveLength(1)
  const there = (await readdir(join(state, 'Dropbox', 'stocks-research'))).filter((name) =>
    name.endsWith('.dump'),
  )
  expect(there).toEqual(await here())
})

test('while another run holds the lock it is named, and nothing is written', async () => {
  const { connection, server } = await ours('rehearsal')
  const lock = await takeRunLock(server.maintenance, connection.database, { run_id: 'busy' })
  const refused = await command(connection, 'backup.ts', [])
  await lock.release()
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch(/Another run works on .*: run busy, host/)
  expect(await readdir(state)).not.toContain('backups')
})

test('a database of others is not backed up', async () => {
  const { connection } = await foreign()
  const refused = await command(connection, 'backup.ts', [])
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toMatch('has no schema of this product yet')
})
