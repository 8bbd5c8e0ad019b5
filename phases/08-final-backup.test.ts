/**
 * Phase 8 · Final safety backup
 *
 * Goal:  the result is safe in two places, and both were read back. Its restore is proven in phase 9.
 * Again: makes another backup under a name of its own; none is overwritten.
 */
import { stat } from 'node:fs/promises'
import { expect } from 'vitest'
import type { Backup } from '../helpers/backup/dump.ts'
import { recordProof } from '../helpers/backup/proof.ts'
import { verifyArchive, verifyFile, verifyRemote } from '../helpers/backup/verify.ts'
import { backupEvidence, needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('07-post-ingestion-validation')
stopsAtFirstFailure()

let backup: Backup

test('a full backup is made: `pg_dump --format=custom --compress=9 --no-owner --no-privileges` exits 0', async ({
  makeBackup,
  record,
}) => {
  backup = await makeBackup() // Throws unless pg_dump exits with 0.
  await record(backupEvidence(backup))
  expect(backup.manifest.command).toMatch(/^pg_dump --format=custom --compress=9 --no-owner --no-privileges /)
  expect((await stat(backup.archive)).size).toBe(backup.manifest.bytes)
})

test('the final backup is copied to Dropbox, and the remote copy has the same content hash', async ({
  upload,
  record,
}) => {
  const local = await verifyFile(backup)
  const copy = await upload(backup)
  await record({ ...copy, local_content_hash: local.content_hash })
  expect(copy.content_hash).toBe(local.content_hash)
})

test('`pg_restore --list` reads the final archive and names every table', async ({ record, signal }) => {
  const { list_command, list_exit_code, entries } = await verifyArchive(backup, signal)
  const tables = Object.keys(backup.manifest.fingerprint.tables).length
  await record({ list_command, list_exit_code, entries, tables })
  expect(list_exit_code).toBe(0)
  expect(entries).toBeGreaterThanOrEqual(tables)
})

test('the final archive is read to its end without an error', async ({ record, signal }) => {
  const evidence = await verifyArchive(backup, signal)
  const { read_command, read_exit_code, duration_ms } = evidence
  await record({ read_command, read_exit_code, duration_ms })
  await recordProof(backup, [evidence])
  expect(read_exit_code).toBe(0)
})

test('the remote copy of the final backup, downloaded again, equals the local file byte for byte', async ({
  remote,
  record,
}) => {
  const copy = await verifyRemote(backup, remote)
  await record({ ...copy })
  await recordProof(backup, [copy])
  expect(copy.sha256).toBe(backup.manifest.sha256)
})

test("the final backup's file name, timestamp, size and hashes are recorded", async ({ record }) => {
  const { file, snapshot_at, ended_at, bytes, sha256, content_hash, fingerprint } = backup.manifest
  const tables = Object.entries(fingerprint.tables).map(([table, { rows, sha256: table_sha256 }]) => ({
    table,
    rows,
    sha256: table_sha256,
  }))
  await record({ file, snapshot_at, ended_at, bytes, sha256, content_hash, table_hashes: tables }, 'backups')
  const found = await verifyFile(backup)
  await recordProof(backup, [found])
  expect(found).toMatchObject({ file, bytes, sha256, content_hash })
})
