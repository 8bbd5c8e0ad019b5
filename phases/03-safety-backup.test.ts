/**
 * Phase 3 · Pre-ingestion safety backup
 *
 * Goal:  the way back is proven before the first row goes in. A backup counts when it has been read back.
 * Again: makes another backup under a name of its own; none is overwritten.
 */
import { mkdir, stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import type { Backup } from '../helpers/backup/dump.ts'
import { verifyArchive, verifyFile, verifyRemote, verifyRestore } from '../helpers/backup/verify.ts'
import { childEnvironment, ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { backupEvidence, needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('02-schema-build')
stopsAtFirstFailure()

let backup: Backup

test('`backups/` exists and is ignored by git', async ({ config, record }) => {
  const { backups } = config.directories
  await mkdir(backups, { recursive: true })
  const path = relative(ROOT_DIRECTORY, backups)
  const isOutside = path.startsWith('..')
  const { exitCode } = await execa('git', ['check-ignore', '--quiet', `${path}/full_20200101_0000.dump`], {
    cwd: ROOT_DIRECTORY,
    env: childEnvironment(),
    extendEnv: false,
    reject: false,
  })
  await record({
    folder: backups,
    is_outside_the_repository: isOutside,
    git_check_ignore_exit_code: exitCode,
  })
  expect(isOutside || exitCode === 0, 'git would see the backups').toBe(true)
})

test('`pg_dump --format=custom --compress=9 --no-owner --no-privileges -f backups/full_<yyyyMMdd_HHmm>.dump stocks_research` succeeds', async ({
  makeBackup,
  record,
}) => {
  backup = await makeBackup() // Throws unless pg_dump exits with 0.
  await record(backupEvidence(backup))
  expect(backup.manifest.command).toMatch(/^pg_dump --format=custom --compress=9 --no-owner --no-privileges /)
  expect((await stat(backup.archive)).size).toBe(backup.manifest.bytes)
})

test('the backup is copied to Dropbox', async ({ upload, record }) => {
  const { bytes, outcome, ...copy } = await upload(backup)
  await record({ ...copy, bytes, outcome })
  expect(bytes).toBe(backup.manifest.bytes)
})

test('the remote copy has the same content hash', async ({ remote, record }) => {
  const local = await verifyFile(backup)
  const copy = (await remote.list()).find(({ name }) => name === backup.manifest.file)
  await record({
    remote_path: copy?.path,
    remote_content_hash: copy?.content_hash,
    local_content_hash: local.content_hash,
  })
  expect(copy?.content_hash).toBe(local.content_hash)
})

test('`pg_restore --list` reads the archive and names every table', async ({ record, signal }) => {
  const { list_command, list_exit_code, entries } = await verifyArchive(backup, signal)
  await record({
    list_command,
    list_exit_code,
    entries,
    tables: Object.keys(backup.manifest.fingerprint.tables).length,
  })
  expect(list_exit_code).toBe(0)
  expect(entries).toBeGreaterThanOrEqual(Object.keys(backup.manifest.fingerprint.tables).length)
})

test('the archive is read to its end without an error', async ({ record, signal }) => {
  const { read_command, read_exit_code, duration_ms } = await verifyArchive(backup, signal)
  await record({ read_command, read_exit_code, duration_ms })
  expect(read_exit_code).toBe(0)
})

test('the archive restores into a scratch database with equal content, table by table', async ({
  server,
  record,
  signal,
}) => {
  const restored = await verifyRestore(backup, server.maintenance, signal)
  await record({ ...restored })
  expect(restored.content_sha256).toBe(backup.manifest.fingerprint.content_sha256)
})

test('the remote copy, downloaded again, equals the local file byte for byte', async ({ remote, record }) => {
  const copy = await verifyRemote(backup, remote)
  await record({ ...copy })
  expect(copy.sha256).toBe(backup.manifest.sha256)
})
