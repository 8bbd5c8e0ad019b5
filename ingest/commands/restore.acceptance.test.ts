import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { type Backup, dump, removeBackup } from '../../helpers/backup/dump.ts'
import { provenLevels, recordProof } from '../../helpers/backup/proof.ts'
import { applyRetention } from '../../helpers/backup/retention.ts'
import { uploadBackup } from '../../helpers/backup/upload.ts'
import { verifyArchive, verifyFile, verifyRemote, verifyRestore } from '../../helpers/backup/verify.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { DAY_MS } from '../../helpers/core/days.ts'
import { takeRunLock } from '../../helpers/database/lock.ts'
import { dropDatabase } from '../../helpers/database/scratch.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { FolderStore } from '../../helpers/remote/folder-store.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'

let state: string
let source: Scratch
let server: Connection
let remote: FolderStore
let backup: Backup
let restored: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'restore-'))
  await mkdir(join(state, 'Dropbox'))
  server = inject('testServer')
  source = await scratchDatabase()
  await source.db.execute(
    `create table public.t (id int primary key, v text);
     insert into public.t select i, md5(i::text) from generate_series(1, 500) i`,
  )
  remote = new FolderStore(join(state, 'Dropbox'), '/stocks-research')
  backup = await dump(source.connection, { directory: join(state, 'backups'), mode: 'rehearsal' })
  await uploadBackup(backup, remote)
  const minute = backup.manifest.snapshot_at.slice(0, 16).replaceAll(/[-:T]/g, '')
  restored = `${source.connection.database}_restored_${minute}`
})
afterEach(async () => {
  await source.drop()
  for (const name of await databases()) await dropDatabase(server, name)
  await rm(state, { recursive: true, force: true })
})

const run = (...args: string[]) =>
  execa(process.execPath, [join(import.meta.dirname, 'restore.ts'), ...args], {
    reject: false,
    stdin: 'ignore',
    env: {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password ?? '',
      PGDATABASE: source.connection.database,
      BOOTSTRAP_STATE: state,
      DROPBOX_FOLDER: join(state, 'Dropbox'),
    },
  })
/** Databases that came by this test, but for the first one. */
const databases = (): Promise<string[]> =>
  withDatabase(server, async (db) =>
    (
      await db.rows<{ name: string }>('select datname as name from pg_database where datname like $1 || $2', [
        source.connection.database,
        '\\_%',
      ])
    ).map(({ name }) => name),
  )
const rowsOf = (database: string): Promise<number> =>
  withDatabase(
    { ...server, database },
    async (db) => (await db.one<{ n: number }>('select count(*)::int as n from public.t')).n,
  )

async function prove(some: Backup): Promise<void> {
  for (const level of [
    verifyFile,
    verifyArchive,
    () => verifyRestore(some, server),
    () => verifyRemote(some, remote),
  ])
    await recordProof(some, [await level(some)])
}

test('lists what is here and what is remote', async () => {
  const { stdout, exitCode } = await run('list')
  expect(exitCode).toBe(0)
  expect(stdout.match(new RegExp(backup.manifest.file, 'g'))).toHaveLength(2)
  expect(stdout).toContain('500 rows  not proven')
})

test('a backup that changed after its proof is listed so, and comes from the remote store', async () => {
  await prove(backup)
  expect((await run('list')).stdout).toMatch(/all 4 levels passed \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/)
  const bytes = await readFile(backup.archive)
  await writeFile(backup.archive, bytes.with(bytes.length - 100, (bytes.at(-100) ?? 0) ^ 1))
  expect((await run('list')).stdout).toMatch(/all 4 levels passed .*; WRITTEN TO SINCE\n/)
  const refused = await run(backup.manifest.file)
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringContaining(`npm run restore -- ${backup.manifest.file} --from remote`),
  ])
  const fetched = await run(backup.manifest.file, '--from', 'remote')
  expect([fetched.exitCode, await rowsOf(restored)]).toEqual([0, 500])
})

test('says of each file why it is not a backup, and where the remote copy is not the same', async () => {
  const directory = join(state, 'backups')
  const there = join(state, 'Dropbox/stocks-research')
  await writeFile(join(directory, 'full_20200101_0000.dump'), 'an archive of somebody')
  await writeFile(join(directory, 'full_20200102_0000.dump'), 'another')
  await writeFile(join(directory, 'full_20200102_0000.dump.json'), '{"format": "stocks-research-backup"')
  await writeFile(join(there, 'full_20200101_0000.dump'), 'x')
  await writeFile(join(there, backup.manifest.file), 'somebody wrote over it')
  const { stdout } = await run('list')
  expect(stdout).toMatch(/full_20200101_0000\.dump +NO BACKUP: it has no manifest\./)
  expect(stdout).toMatch(/full_20200102_0000\.dump +NO BACKUP: The manifest .* cannot be read/)
  expect(stdout).toMatch(/full_20200101_0000\.dump .*NO BACKUP: its manifest is missing; not here/)
  expect(stdout).toMatch(new RegExp(`${backup.manifest.file} .*NOT EQUAL TO THE MANIFEST HERE`))
  expect((await run('full_20200102_0000.dump')).stderr).toMatch(
    /it is not a backup: The manifest .* cannot be read/,
  )
})

test('a restore with --drop compares the content, and leaves no database', async () => {
  const { exitCode, stdout, stderr } = await run('latest', '--drop')
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toMatch(/Level 3: .* contains 500 rows .* equal to what was dumped/)
  expect(stdout).toMatch(`${restored} is dropped again (--drop): the backup restores.`)
  expect(await databases()).toEqual([])
  expect((await run('latest', '--drop', '--swap')).exitCode, 'not both').toBe(2)
})

test('restores what is here though the remote store cannot be asked', async () => {
  await rm(join(state, 'Dropbox/stocks-research'), { recursive: true })
  await writeFile(join(state, 'Dropbox/stocks-research'), 'in the way')
  for (const name of [backup.manifest.file, 'latest']) {
    const { exitCode, stderr } = await run(name)
    expect([exitCode, stderr]).toEqual([0, ''])
    await dropDatabase(server, restored)
  }
  const remote_only = await run('--from', 'remote')
  expect(remote_only.exitCode).toBe(1)
  expect((await run('--from', 'elsewhere')).stderr).toContain('Allowed choices are local, remote')
})

test('the latest one is the latest of this database, and one without its manifest is skipped', async () => {
  const other = await scratchDatabase()
  await other.db.execute('create table public.t (id int primary key); insert into public.t values (1)')
  const later = (hours: number) => () => new Date(Date.now() + hours * 3_600_000)
  const foreign = await dump(other.connection, {
    directory: join(state, 'backups'),
    mode: 'rehearsal',
    now: later(1),
  })
  await uploadBackup(foreign, remote)
  await writeFile(join(state, 'Dropbox/stocks-research/full_20990101_0000.dump'), 'half of a copy')
  for (const args of [[], ['--from', 'remote']]) {
    const { exitCode, stdout, stderr } = await run(...args)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toContain('full_20990101_0000.dump is skipped')
    expect(await rowsOf(restored)).toBe(500)
    await dropDatabase(server, restored)
  }
  const named = await run(foreign.manifest.file, '--into', `${source.connection.database}_other`)
  expect(named.stdout).toContain(`Note: it is a backup of ${other.connection.database}`)
  await other.drop()
})

test('restores beside the database, compares, says how long it took, and swaps nothing unasked', async () => {
  await source.db.execute('delete from public.t where id > 100')
  const { stdout, stderr, exitCode } = await run()
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/500 rows in 1 tables, equal to what was dumped/)
  expect(stdout).toMatch(/Time to recover: [\d.]+ s/)
  expect(stdout).toContain(`--swap --confirm ${source.connection.database}@`)
  expect([await rowsOf(restored), await rowsOf(source.connection.database)]).toEqual([500, 100])
})

test('fetches a backup that is only remote', async () => {
  await removeBackup(backup.archive)
  const { stdout, exitCode } = await run(backup.manifest.file)
  expect(exitCode).toBe(0)
  expect(stdout).toContain('Fetching')
  expect(await rowsOf(restored)).toBe(500)
})

test('replaces a database only when its name and host are typed, and keeps the former one', async () => {
  await source.db.execute('delete from public.t where id > 100')
  const { database } = source.connection
  for (const args of [
    ['--swap'],
    ['--swap', '--confirm', `${database}@elsewhere`],
    ['--swap', '--confirm', 'yes'],
  ]) {
    const refused = await run(...args)
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('is not replaced without the typed consent'),
    ])
    expect(await rowsOf(database)).toBe(100)
    await dropDatabase(server, restored)
  }
  const { exitCode, stdout } = await run('--swap', '--confirm', `${database}@localhost`)
  expect(exitCode).toBe(0)
  const former = (await databases()).find((name) => name.includes('_before_'))
  expect(stdout).toContain(`kept as ${former}`)
  expect([await rowsOf(database), await rowsOf(former ?? '')]).toEqual([500, 100])
})

test('never takes the place of a database while a run is at work on it', async () => {
  const { database } = source.connection
  const lock = await takeRunLock(server, database, { run_id: 'at-work' })
  const swap = ['--swap', '--confirm', `${database}@localhost`]
  const refused = await run(...swap)
  await lock.release()
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/Another run works on .*at-work/),
  ])
  expect((await databases()).filter((name) => name.includes('_before_'))).toEqual([])
  await dropDatabase(server, restored)
  expect((await run(...swap)).exitCode).toBe(0)
})

test('a sealed database is restored beside, and is given up only once its seal is off', async () => {
  const { database } = source.connection
  const seal = (is_sealed: boolean): Promise<void> =>
    withDatabase(server, (db) => db.execute(`alter database ${database} is_template ${is_sealed}`))
  await seal(true)
  const beside = await run()
  const swap = await run('--into', `${database}_again`, '--swap', '--confirm', `${database}@localhost`)
  await seal(false)
  expect([beside.exitCode, beside.stderr, beside.stdout]).toEqual([
    0,
    '',
    expect.stringContaining('is_template false'),
  ])
  expect([swap.exitCode, swap.stderr]).toEqual([1, expect.stringContaining('is sealed')])
})

test('a damaged backup is rejected before a database is created; no database is overwritten', async () => {
  const bytes = await readFile(backup.archive)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  await writeFile(backup.archive, bytes)
  const damaged = await run()
  expect([damaged.exitCode, damaged.stderr]).toEqual([
    1,
    expect.stringMatching(/is damaged: sha256 is [0-9a-f]{64}, its manifest says/),
  ])
  expect(await databases()).toEqual([])
  expect((await run('--from', 'remote')).exitCode).toBe(0)
  const taken = await run('--from', 'remote')
  expect([taken.exitCode, taken.stderr]).toEqual([1, expect.stringContaining('already exists')])
  expect(await rowsOf(restored)).toBe(500)
  expect((await run('--into', source.connection.database)).stderr).toContain('never restored into')
})

test('retention removes backups here and remotely only after all four levels of the newest', async () => {
  const { db, connection } = source
  const directory = join(state, 'backups')
  await db.execute('delete from public.t where id > 400')
  const newer = await dump(connection, {
    directory,
    mode: 'rehearsal',
    now: () => new Date(Date.now() + 60_000),
  })
  await uploadBackup(newer, remote)
  const later = new Date(Date.now() + 30 * DAY_MS)
  const rule = { keep_count: 1, keep_days: 7 }
  expect((await applyRetention(directory, remote, rule, later)).removed).toEqual([])

  await prove(newer)
  expect(await provenLevels(newer)).toEqual([1, 2, 3, 4])
  const bytes = await readFile(newer.archive)
  await writeFile(newer.archive, Buffer.concat([bytes, Buffer.from('x')]))
  expect(await applyRetention(directory, remote, rule, later)).toMatchObject({
    removed: [],
    notes: [expect.stringContaining('is damaged')],
  })

  await writeFile(newer.archive, bytes)
  expect(await applyRetention(directory, remote, rule, later)).toMatchObject({
    removed: [backup.manifest.file],
    kept: [newer.manifest.file],
  })
  expect((await remote.list()).map(({ name }) => name)).toEqual([
    newer.manifest.file,
    `${newer.manifest.file}.json`,
  ])
  expect((await applyRetention(directory, remote, rule, later)).removed, 'the last one stays').toEqual([])
})
