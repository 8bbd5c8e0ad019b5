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
import { provenLevels, recordProof } from '../helpers/backup/proof.ts'
import { applyRetention } from '../helpers/backup/retention.ts'
import { verifyFile } from '../helpers/backup/verify.ts'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { boxesOf, viewOf } from '../helpers/checklist/view.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { compareFingerprints, describeDifferences } from '../helpers/database/compare.ts'
import { auditContent, auditText } from '../helpers/database/content-hashes.ts'
import { fingerprintOf } from '../helpers/database/fingerprint.ts'
import { takeRunLock } from '../helpers/database/lock.ts'
import { inspectTarget } from '../helpers/database/target.ts'
import { sealFinished } from '../helpers/database/target-database.ts'
import { damage } from '../helpers/drills/backups.ts'
import { withScratch } from '../helpers/drills/drill.ts'
import { killUpload, rotRemote } from '../helpers/drills/remote.ts'
import { aimWrong, editMigration, loseLock } from '../helpers/drills/targets.ts'
import { JOB_NAMES } from '../ingest/contract/job.ts'
import { rebuild } from '../ingest/rebuild/rebuild.ts'
import { coverageOf } from '../ingest/validation/coverage.ts'
import { HARMS, MIGRATIONS } from './drills.ts'
import { test } from './finished.ts'
import { needs } from './fixtures.ts'

needs('08-final-backup')

test('the database can be rebuilt from scratch: a rebuild from the archived responses gives the same content hash, table by table', async ({
  server,
  universe,
  runJobs,
  archived,
  beside: _,
  record,
}) => {
  await withScratch(server.maintenance, async (scratch) => {
    const run = { requests: -1 }
    const load = async ({ database }: { database: string }) =>
      Object.assign(run, await runJobs({ jobs: JOB_NAMES, universe, database, source: archived.source }))
        .report
    const { tables, differences, ...rebuilt } = await rebuild(server.connection, scratch, MIGRATIONS, load)
    await record(
      { archive_sha256: archived.sha256, requests_made: run.requests, ...rebuilt, tables },
      'idempotence',
    )
    expect(differences, describeDifferences(differences)).toEqual([])
    expect({ requests: run.requests, has_tables: tables.length > 0 }).toEqual({
      requests: 0,
      has_tables: true,
    })
  })
})

test('a full restore works without errors', async ({ restored, backup, record }) => {
  const { database: _, ...evidence } = restored.evidence
  await record({ ...evidence, time_to_recover_ms: restored.recovery_ms }, 'backups')
  await recordProof(backup, [restored.evidence]) // The fourth level; the others were passed in phase 8.
  expect(evidence.tables).toBeGreaterThan(0)
})

test('the restored database has the same content hash, table by table', async ({
  restored,
  backup,
  server,
  record,
}) => {
  const [live, copy] = await Promise.all([
    fingerprintOf(server.connection, { scope: 'content', views: 'none' }),
    fingerprintOf(restored.connection, { scope: 'content', views: 'none' }),
  ])
  const differences = compareFingerprints(live, copy)
  await record(
    {
      backup: backup.manifest.file,
      live_content_sha256: live.content_sha256,
      restored_content_sha256: copy.content_sha256,
    },
    'backups',
  )
  expect(differences, describeDifferences(differences)).toEqual([])
})

test('nothing is removed before a newer backup has passed all four levels, and never the last', async ({
  backup,
  config,
  remote,
  record,
}) => {
  const { directories, bootstrap } = config
  const levels = await provenLevels(backup)
  const { removed, kept, notes } = await applyRetention(directories.backups, remote, bootstrap.backups)
  await record({ ...bootstrap.backups, levels_of_the_final_backup: levels, removed, kept, notes }, 'backups')
  expect(levels).toEqual([1, 2, 3, 4])
  expect(kept).toContain(backup.manifest.file)
  expect(await verifyFile(backup)).toMatchObject({ sha256: backup.manifest.sha256 })
})

for (const [claim, where] of [
  ['validation passes cleanly on the target database', 'target'],
  ['validation passes cleanly on the restored database too', 'restored'],
] as const) {
  test(claim, async ({ validations, record }) => {
    const report = await validations[where]
    await record(
      { checks: report.checks.length, hard_violations: report.hard_count, findings: report.soft_count },
      'validation',
    )
    expect(report.is_valid).toBe(true)
  })
}

test('the five-year dataset is populated: coverage is within its written bounds', async ({
  db,
  config,
  record,
}) => {
  const { session_coverage_min_ratio: bound, listing_unknown_max_ratio } = config.bootstrap.thresholds
  const coverage = await coverageOf(db, config.window)
  await record(
    {
      ...coverage.total,
      bound_ratio: bound,
      listing_unknown_ratio: coverage.listing_unknown_ratio,
      listing_unknown_max_ratio,
      securities_without_any_bar: coverage.without_bars.map(
        ({ source_id, ticker, sessions }) => `${source_id} ${ticker}: ${sessions} sessions`,
      ),
    },
    'data',
  )
  expect(coverage.total.ratio).toBeGreaterThanOrEqual(bound)
  expect(coverage.listing_unknown_ratio).toBeLessThanOrEqual(listing_unknown_max_ratio)
})

for (const [claim, harm, seen] of HARMS) {
  test(claim, async ({ beside, record }) => {
    const drill = await beside.harms.get(claim)
    if (drill === undefined) throw new TypeError(`Nobody began "${claim}".`)
    await record({ statement: harm.sql, ...drill })
    for (const words of seen) expect(drill.detected_by).toContain(words)
    expect(drill.recovered).toBe(true)
  })
}

test('drill: an interrupted job resumes to the same content hash', async ({ beside, record }) => {
  const drill = await beside.interruptedJob
  await record({ ...drill })
  expect(drill.recovered, drill.detected_by).toBe(true)
})

test('drill: a second run at once is refused, and names the holder', async ({ target, server, record }) => {
  const started = performance.now()
  const refusal = await takeRunLock(server.maintenance, server.connection.database, {
    run_id: 'second-run',
  }).then(async (lock) => {
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

test('drill: an interrupted dump leaves no backup, and the next one is whole', async ({ beside, record }) => {
  const drill = await beside.interruptedDump
  await record({ ...drill })
  expect(drill.detected_by).toContain('pg_dump')
  expect(drill.files_left, 'files that could be taken for a backup').toBe(0)
  expect(drill.recovered).toBe(true)
})

test('drill: an interrupted upload goes on where it was, and the remote copy is whole', async ({
  backup,
  record,
}) => {
  const drill = await killUpload(backup)
  await record({ ...drill, bytes: backup.manifest.bytes })
  expect(drill.detected_by).toContain('ended by SIGKILL; Dropbox shows 0 files')
  expect(drill.bytes_sent_after, 'what had arrived was not sent again').toBeLessThan(backup.manifest.bytes)
  expect(drill.recovered).toBe(true)
})

test('drill: a bit that turns over in the remote copy is seen, and the copy replaced', async ({
  backup,
  record,
}) => {
  const drill = await rotRemote(backup)
  await record({ ...drill })
  expect(drill.detected_by).toContain('damaged')
  expect(drill.recovered).toBe(true)
})

test('drill: an edited migration is refused', async ({ restored, record }) => {
  const drill = await editMigration(restored.connection, MIGRATIONS)
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

test('drill: a run that loses its lock is told, and may do nothing more', async ({
  server,
  restored,
  record,
}) => {
  const drill = await loseLock(server.maintenance, restored.connection.database)
  await record({ ...drill })
  expect(drill.detected_by).toContain('no longer holds the lock')
  expect(drill.recovered).toBe(true)
})

test('every core table holds what was last recorded of it, edits around the triggers included', async ({
  server,
  record,
}) => {
  const audit = await auditContent(server.connection)
  await record(
    { tables: audit.tables_count, recorded_at: audit.recorded_at, drifts: auditText(audit) },
    'data',
  )
  expect(audit.drifts).toEqual([])
  expect(audit.unrecorded).toEqual([])
})

test('a live database is sealed once all of this holds; any other stays replaceable by the next run', async ({
  server,
  target,
  assertHeld,
  record,
}) => {
  const { entries } = verifyJournal(join(target.run_directory, 'journal.jsonl'))
  const boxes_failed = boxesOf(viewOf(entries)).filter(({ box }) => box.state === 'failed').length
  const seal = await sealFinished(server, { mode: target.mode, boxes_failed, assertHeld })
  await record({ mode: target.mode, boxes_failed, ...seal })
  expect((await inspectTarget(server)).is_template).toBe(target.mode === 'live' && boxes_failed === 0)
})

test('the run leaves a JUnit report, an audit page and a whole journal', async ({ target, record }) => {
  const files: Record<string, number> = {}
  for (const name of ['junit.xml', 'audit.html', 'checklist.md', 'journal.jsonl'])
    files[name] = (await stat(join(target.run_directory, name))).size
  const journal = verifyJournal(join(target.run_directory, 'journal.jsonl'))
  await record({
    ...files,
    journal_lines: journal.entries.length,
    journal_head: journal.head,
    journal_fault: journal.fault?.what ?? null,
  })
  expect(Object.values(files).every((bytes) => bytes > 0)).toBe(true)
  expect(journal.fault).toBeUndefined()
})

test('the evidence bundle is in Dropbox, with the same content hash', async ({
  target,
  remote,
  record,
  signal,
}) => {
  const bundle = await publishBundle(target.run_directory, remote, {
    run_id: target.run_id,
    is_final: false,
    signal,
  })
  await record({ ...bundle }, 'backups')
  expect(bundle.remote_content_hash).toBe(bundle.content_hash)
})
