/**
 * Phase 8 · Final safety backup
 *
 * Goal:  the result is safe in two places, and both were read back. Its restore is proven in phase 9.
 * Again: makes another backup under a name of its own; none is overwritten.
 */
import { stat } from 'node:fs/promises'
import type { Backup } from '../helpers/backup/dump.ts'
import { recordProof } from '../helpers/backup/proof.ts'
import { verifyArchive, verifyFile, verifyRemote } from '../helpers/backup/verify.ts'
import { expectAtLeast, expectEqual, expectThat } from '../helpers/checklist/expectations.ts'
import { backupEvidence, DUMP_COMMAND } from './evidence.ts'
import { needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('07-post-ingestion-validation')
stopsAtFirstFailure()

let backup: Backup

test('a full backup is made: `pg_dump --format=custom --compress=9 --no-owner --no-privileges` exits 0', async ({
  makeBackup,
  record,
}) => {
  backup = await makeBackup() // Throws unless pg_dump exits with 0.
  await record(backupEvidence(backup))
  const { command, bytes } = backup.manifest
  expectThat(DUMP_COMMAND.test(command), `the backup was made by another command: ${command}`)
  expectEqual('the bytes of the archive', (await stat(backup.archive)).size, bytes)
})

test('the full backup is copied to Dropbox, and the remote copy has the same content hash', async ({
  upload,
  record,
}) => {
  const local = await verifyFile(backup)
  const copy = await upload(backup)
  await record({ ...copy, local_content_hash: local.content_hash })
  expectEqual('the content hash of the remote copy', copy.content_hash, local.content_hash)
})

test('the full backup is verified: `pg_restore --list` names every table', async ({ record, signal }) => {
  const { list_command, list_exit_code, entries } = await verifyArchive(backup, signal)
  const tables = Object.keys(backup.manifest.fingerprint.tables).length
  await record({ list_command, list_exit_code, entries, tables })
  expectEqual('the exit code of pg_restore --list', list_exit_code, 0)
  expectAtLeast('the entries of the archive', entries, tables)
})

test('the full backup is verified: it is read to its end without an error', async ({ record, signal }) => {
  const evidence = await verifyArchive(backup, signal)
  const { read_command, read_exit_code, duration_ms } = evidence
  await record({ read_command, read_exit_code, duration_ms })
  await recordProof(backup, [evidence])
  expectEqual('the exit code of pg_restore', read_exit_code, 0)
})

test('the full backup is verified: the remote copy, downloaded again, equals the local file', async ({
  remote,
  record,
}) => {
  const copy = await verifyRemote(backup, remote)
  await record({ ...copy })
  await record({ backup_remote: copy.remote }, 'figures')
  await recordProof(backup, [copy])
  expectEqual('the SHA-256 of the remote copy', copy.sha256, backup.manifest.sha256)
})

test('the file name, timestamp, size and hashes of the full backup are recorded', async ({ record }) => {
  const { file, snapshot_at, ended_at, bytes, sha256, content_hash, fingerprint } = backup.manifest
  const tables = Object.entries(fingerprint.tables).map(([table, { rows, sha256: table_sha256 }]) => ({
    table,
    rows,
    sha256: table_sha256,
  }))
  await record({ file, snapshot_at, ended_at, bytes, sha256, content_hash, table_hashes: tables }, 'backups')
  await record(
    { backup: file, backup_made_at: ended_at, backup_bytes: bytes, backup_sha256: sha256 },
    'figures',
  )
  const found = await verifyFile(backup)
  await recordProof(backup, [found])
  expectEqual('the file name on disk', found.file, file)
  expectEqual('the bytes on disk', found.bytes, bytes)
  expectEqual('the SHA-256 on disk', found.sha256, sha256)
  expectEqual('the content hash on disk', found.content_hash, content_hash)
})
