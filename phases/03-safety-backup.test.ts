/**
 * Phase 3 · Pre-ingestion safety backup
 *
 * Goal:  a restore is proven before the first row is loaded. A backup counts when it has been read back.
 * Again: makes another backup under a name of its own; none is overwritten.
 */
import { mkdir, stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { execa } from 'execa'
import type { Backup } from '../helpers/backup/dump.ts'
import { verifyArchive, verifyFile, verifyRemote, verifyRestore } from '../helpers/backup/verify.ts'
import { expectAtLeast, expectEqual, expectThat } from '../helpers/checklist/expectations.ts'
import { childEnvironment } from '../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import { backupEvidence, DUMP_COMMAND } from './evidence.ts'
import { needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('02-schema-build')
stopsAtFirstFailure()

let backup: Backup

test('`backups/` exists and is ignored by git', async ({ config, record }) => {
  const { backups } = config.directories
  await mkdir(backups, { recursive: true })
  const path = relative(ROOT_DIRECTORY, backups)
  const is_outside = path.startsWith('..')
  const { exitCode } = await execa('git', ['check-ignore', '--quiet', `${path}/full_20200101_0000.dump`], {
    cwd: ROOT_DIRECTORY,
    env: childEnvironment(),
    extendEnv: false,
    reject: false,
  })
  await record({
    folder: backups,
    is_outside_the_repository: is_outside,
    git_check_ignore_exit_code: exitCode,
  })
  expectThat(is_outside || exitCode === 0, `git does not ignore ${path}/. Add it to .gitignore`)
})

test('`pg_dump --format=custom --compress=9 --no-owner --no-privileges -f backups/full_<yyyyMMdd_HHmm>.dump stocks_research` succeeds', async ({
  makeBackup,
  record,
}) => {
  backup = await makeBackup() // Throws unless pg_dump exits with 0.
  await record(backupEvidence(backup))
  const { command, bytes } = backup.manifest
  expectThat(DUMP_COMMAND.test(command), `the backup was made by another command: ${command}`)
  expectEqual('the bytes of the archive', (await stat(backup.archive)).size, bytes)
})

test('the backup is copied to Dropbox, and the remote copy has the same content hash', async ({
  upload,
  remote,
  record,
}) => {
  const { bytes, outcome, ...copy } = await upload(backup)
  const local = await verifyFile(backup)
  const listed = (await remote.list()).find(({ name }) => name === backup.manifest.file)
  await record({
    ...copy,
    bytes,
    outcome,
    remote_content_hash: listed?.content_hash,
    local_content_hash: local.content_hash,
  })
  expectEqual('the bytes that were copied', bytes, backup.manifest.bytes)
  expectEqual('the content hash of the remote copy', listed?.content_hash, local.content_hash)
})

test('the archive verifies: `pg_restore --list` names every table', async ({ record, signal }) => {
  const { list_command, list_exit_code, entries } = await verifyArchive(backup, signal)
  const tables = Object.keys(backup.manifest.fingerprint.tables).length
  await record({ list_command, list_exit_code, entries, tables })
  expectEqual('the exit code of pg_restore --list', list_exit_code, 0)
  expectAtLeast('the entries of the archive', entries, tables)
})

test('the archive verifies: it is read to its end without an error', async ({ record, signal }) => {
  const { read_command, read_exit_code, duration_ms } = await verifyArchive(backup, signal)
  await record({ read_command, read_exit_code, duration_ms })
  expectEqual('the exit code of pg_restore', read_exit_code, 0)
})

test('the archive verifies: it restores into a scratch database with equal content', async ({
  server,
  record,
  signal,
}) => {
  const restored = await verifyRestore(backup, server.maintenance, signal)
  await record({ ...restored })
  const { content_sha256 } = backup.manifest.fingerprint
  expectEqual('the content hash of the restored database', restored.content_sha256, content_sha256)
})

test('the archive verifies: the remote copy, downloaded again, equals the local file', async ({
  remote,
  record,
}) => {
  const copy = await verifyRemote(backup, remote)
  await record({ ...copy })
  expectEqual('the SHA-256 of the remote copy', copy.sha256, backup.manifest.sha256)
})
