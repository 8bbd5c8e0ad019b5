/**
 * Phase 9 · Definition of done
 *
 * Goal:  only what can be rebuilt, restored and explained is done.
 * Again: safe. Everything here happens to scratch databases, which are dropped again.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { publishBundle } from '../helpers/backup/bundle.ts'
import { compareFingerprints, describeDifferences } from '../helpers/backup/compare.ts'
import type { Backup } from '../helpers/backup/dump.ts'
import { fingerprintOf } from '../helpers/backup/fingerprint.ts'
import { listBackups } from '../helpers/backup/manifest.ts'
import { createEmptyDatabase, dropDatabase, scratchName } from '../helpers/backup/scratch.ts'
import { restoreInto } from '../helpers/backup/verify.ts'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { withDatabase } from '../helpers/database.ts'
import { messageOf } from '../helpers/errors.ts'
import { takeRunLock } from '../helpers/lock.ts'
import { migrate } from '../helpers/migrate.ts'
import { JOB_NAMES } from '../ingest/pipeline/job.ts'
import { coverageOf } from '../ingest/validation/coverage.ts'
import { validate } from '../ingest/validation/validate.ts'
import { aimWrong, damage, editMigration, harmAndRestore, killAndResume, MIGRATIONS, withScratch } from './drills.ts'
import { test as base, needs } from './fixtures.ts'

needs('08-final-backup')

const test = base
  /** The final backup of this run. */
  .extend('backup', { scope: 'file' }, async ({ config, target }): Promise<Backup> => {
    const made = (await listBackups(config.directories.backups)).filter(({ manifest }) => manifest.run_id === target.run_id)
    const last = made.at(-1)
    if (last === undefined) throw new TypeError(`There is no backup of run ${target.run_id} in ${config.directories.backups}.`)
    return last
  })
  /** One restored copy, for the boxes that only look at it. */
  .extend('restored', { scope: 'file' }, async ({ backup, target }, { onCleanup }) => {
    const connection = { ...target.connection, database: scratchName() }
    onCleanup(() => dropDatabase(target.maintenance, connection.database))
    const started = performance.now()
    const evidence = await restoreInto(backup, target.maintenance, connection.database)
    return { connection, evidence, recovery_ms: Math.round(performance.now() - started) }
  })

test('the database can be rebuilt from scratch: a rebuild from the archived responses gives the same content hash, table by table', async ({
  server,
  backup,
  universe,
  runJobs,
  archivedDrop,
  record,
}) => {
  await withScratch(server.maintenance, async (scratch) => {
    const started = performance.now()
    await createEmptyDatabase(server.maintenance, scratch.database, backup.manifest)
    await migrate(scratch, MIGRATIONS)
    const { report } = await runJobs({ jobs: JOB_NAMES, universe, database: scratch.database, drop: archivedDrop.directory })
    const [expected, rebuilt] = [
      await fingerprintOf(server.connection, { scope: 'content', views: 'none' }),
      await fingerprintOf(scratch, { scope: 'content', views: 'none' }),
    ]
    const tables = Object.entries(expected.tables).map(([table, { rows, sha256 }]) => ({
      table,
      rows,
      sha256,
      is_equal: rebuilt.tables[table]?.sha256 === sha256,
    }))
    const differences = compareFingerprints(expected, rebuilt)
    await record(
      {
        archive: archivedDrop.directory,
        archive_sha256: archivedDrop.sha256,
        state: report.state,
        rebuild_ms: Math.round(performance.now() - started),
        content_sha256: expected.content_sha256,
        rebuilt_content_sha256: rebuilt.content_sha256,
        tables,
      },
      'idempotence',
    )
    expect(differences, describeDifferences(differences)).toEqual([])
    expect(tables.length).toBeGreaterThan(0)
  })
})

test('a full restore works without errors', async ({ restored, record }) => {
  const { database: _, ...evidence } = restored.evidence
  await record({ ...evidence, time_to_recover_ms: restored.recovery_ms }, 'backups')
  expect(evidence.tables).toBeGreaterThan(0)
})

test('the restored database has the same content hash, table by table', async ({ restored, backup, server, record }) => {
  const [live, copy] = [
    await fingerprintOf(server.connection, { scope: 'content', views: 'none' }),
    await fingerprintOf(restored.connection, { scope: 'content', views: 'none' }),
  ]
  const differences = compareFingerprints(live, copy)
  await record(
    { backup: backup.manifest.file, live_content_sha256: live.content_sha256, restored_content_sha256: copy.content_sha256 },
    'backups',
  )
  expect(differences, describeDifferences(differences)).toEqual([])
})

test('validation passes cleanly on the target database', async ({ server, record }) => {
  const report = await withDatabase(server.connection, (db) => validate(db))
  await record({ checks: report.checks.length, hard_offenders: report.hard_count, findings: report.soft_count }, 'validation')
  expect(report.is_valid).toBe(true)
})

test('validation passes cleanly on the restored database too', async ({ restored, record }) => {
  const report = await withDatabase(restored.connection, (db) => validate(db))
  await record({ checks: report.checks.length, hard_offenders: report.hard_count, findings: report.soft_count }, 'validation')
  expect(report.is_valid).toBe(true)
})

test('the five-year dataset is populated: coverage is within its written bounds', async ({ db, config, record }) => {
  const bound = config.bootstrap.thresholds.session_coverage_min_ratio
  const coverage = await coverageOf(db, config.window)
  await record(
    {
      ...coverage.total,
      bound_ratio: bound,
      securities_without_any_bar: coverage.without_bars.map(
        ({ source_id, ticker, sessions }) => `${source_id} ${ticker}: ${sessions} sessions`,
      ),
    },
    'data',
  )
  expect(coverage.total.ratio).toBeGreaterThanOrEqual(bound)
})

test('drill: a dropped table is detected and recovered', async ({ backup, restored, server, record, signal }) => {
  const drill = await harmAndRestore(
    backup,
    restored.connection.database,
    server.maintenance,
    'drop table stocks_research.prices_daily cascade',
    signal,
  )
  await record({ ...drill })
  expect(drill.detected_by).toContain('stocks_research.prices_daily')
  expect(drill.recovered).toBe(true)
})

test('drill: an unqualified update is detected and recovered', async ({ backup, restored, server, record, signal }) => {
  const drill = await harmAndRestore(
    backup,
    restored.connection.database,
    server.maintenance,
    "update stocks_research.securities set name = 'oops'",
    signal,
  )
  await record({ ...drill })
  expect(drill.detected_by).toContain('stocks_research.securities')
  expect(drill.recovered).toBe(true)
})

test('drill: an interrupted job resumes to the same content hash', async ({ backup, server, record }) => {
  const live = await fingerprintOf(server.connection, { scope: 'content', views: 'none' })
  const drill = await killAndResume(server.maintenance, live, backup.manifest)
  await record({ ...drill })
  expect(drill.recovered, drill.detected_by).toBe(true)
})

test('drill: a second run at once is refused, and names the holder', async ({ target, server, record }) => {
  const started = performance.now()
  const refusal = await takeRunLock(server.maintenance, server.connection.database, { run_id: 'second-run' }).then(async (lock) => {
    await lock.release()
    return ''
  }, messageOf)
  await record({ detected_by: refusal, refused_after_ms: Math.round(performance.now() - started) })
  expect(refusal).toContain(target.run_id)
})

test('drill: a damaged backup is refused', async ({ backup, record }) => {
  const drill = await damage(backup)
  await record({ ...drill })
  expect(drill.detected_by).toContain('damaged')
  expect(drill.recovered).toBe(true)
})

test('drill: an edited migration is refused', async ({ restored, record }) => {
  const drill = await editMigration(restored.connection)
  await record({ ...drill })
  expect(drill.detected_by).toMatch(/[0-9a-f]{64}/)
  expect(drill.recovered).toBe(true)
})

test('drill: a wrong target is refused before any write', async ({ server, backup, config, record }) => {
  const drill = await aimWrong(server, backup.manifest, config.confirm_drop)
  await record({ ...drill })
  expect(drill.detected_by).toContain('not made by this product')
  expect(drill.recovered).toBe(true)
})

test('the run leaves a JUnit report, an audit page and a whole journal', async ({ target, record }) => {
  const files: Record<string, number> = {}
  for (const name of ['junit.xml', 'audit.html', 'checklist.md', 'journal.jsonl'])
    files[name] = (await stat(join(target.run_directory, name))).size
  const journal = verifyJournal(join(target.run_directory, 'journal.jsonl'))
  await record({ ...files, journal_lines: journal.entries.length, journal_head: journal.head, journal_fault: journal.fault?.what ?? null })
  expect(Object.values(files).every((bytes) => bytes > 0)).toBe(true)
  expect(journal.fault).toBeUndefined()
})

test('the evidence bundle is in Dropbox, with the same content hash', async ({ target, remote, record, signal }) => {
  const bundle = await publishBundle(target.run_directory, remote, { run_id: target.run_id, signal })
  await record({ ...bundle }, 'backups')
  expect(bundle.remote_content_hash).toBe(bundle.content_hash)
})
