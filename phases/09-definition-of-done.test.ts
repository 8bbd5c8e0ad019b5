/**
 * Phase 9 · Definition of done
 *
 * Goal:  only what can be rebuilt, restored and explained is done.
 * Again: safe. Everything here happens to scratch databases, which are dropped again.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { publishBundle } from '../helpers/backup/bundle.ts'
import { provenLevels, recordProof } from '../helpers/backup/proof.ts'
import { applyRetention } from '../helpers/backup/retention.ts'
import { verifyFile } from '../helpers/backup/verify.ts'
import {
  expectAtLeast,
  expectAtMost,
  expectEqual,
  expectNone,
  expectThat,
} from '../helpers/checklist/expectations.ts'
import { verifyJournal } from '../helpers/checklist/journal.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { boxesOf, viewOf } from '../helpers/checklist/view.ts'
import { messageOf } from '../helpers/core/errors.ts'
import { compareFingerprints, describeDifferences } from '../helpers/database/compare.ts'
import { auditContent, auditText } from '../helpers/database/content-hashes.ts'
import { takeRunLock } from '../helpers/database/lock.ts'
import { inspectTarget } from '../helpers/database/target.ts'
import { sealFinished } from '../helpers/database/target-database.ts'
import { damage } from '../helpers/drills/backups.ts'
import { withScratch } from '../helpers/drills/drill.ts'
import { corruptRemote, killUpload } from '../helpers/drills/remote.ts'
import { aimWrong, editMigration, loseLock } from '../helpers/drills/targets.ts'
import { JOB_NAMES } from '../ingest/contract/job.ts'
import { rebuild } from '../ingest/rebuild/rebuild.ts'
import { coverageOf } from '../ingest/validation/coverage.ts'
import { MIGRATIONS, MISTAKES } from './drills.ts'
import { expectNoHardViolations, expectSameContent, expectSurvived } from './expectations.ts'
import { test } from './finished.ts'
import { needs } from './fixtures.ts'
import { FULL_VALIDATION, validatedCounts } from './validated.ts'

needs('08-final-backup')

test('the database can be dropped and rebuilt from scratch: same content hash, table by table', async ({
  server,
  universe,
  runJobs,
  archived,
  beside: _,
  record,
}) => {
  await withScratch(server.maintenance, async (scratch) => {
    let requests = -1
    const load = async ({ database }: { database: string }) => {
      const run = await runJobs({ jobs: JOB_NAMES, universe, database, source: archived.source })
      requests = run.requests
      return run.report
    }
    const { tables, differences, ...rebuilt } = await rebuild(server.connection, scratch, MIGRATIONS, load)
    await record(
      { archive_sha256: archived.sha256, requests_made: requests, ...rebuilt, tables },
      'idempotence',
    )
    expectThat(differences.length === 0, describeDifferences(differences))
    expectEqual('requests to providers during the rebuild', requests, 0)
    expectAtLeast('tables that were compared', tables.length, 1)
  })
})

test('a full restore works without errors', async ({ restored, backup, record }) => {
  const { database: _, ...evidence } = restored.evidence
  await record({ ...evidence, time_to_recover_ms: restored.recovery_ms }, 'backups')
  await record({ time_to_recover_ms: restored.recovery_ms }, 'figures')
  await recordProof(backup, [restored.evidence]) // The last level; the others were passed in phase 8.
  expectAtLeast('tables that were restored', evidence.tables, 1)
})

test('a full restore gives the same content hash, table by table', async ({ contents, backup, record }) => {
  const { target: live, restored: copy } = contents
  const differences = compareFingerprints(live, copy)
  await record(
    {
      backup: backup.manifest.file,
      live_content_sha256: live.content_sha256,
      restored_content_sha256: copy.content_sha256,
    },
    'backups',
  )
  await record(
    { content_sha256: live.content_sha256, is_restored_equal: differences.length === 0 },
    'figures',
  )
  expectThat(differences.length === 0, describeDifferences(differences))
  expectSameContent(live, copy)
})

test('validation passes cleanly, now or in phase 7 over content of equal hashes', async ({
  validations,
  record,
}) => {
  const { recorded, report } = validations.target
  await record(
    {
      reuses_the_validation_of: recorded === undefined ? null : FULL_VALIDATION.phase,
      validated_at: recorded?.validated_at ?? new Date().toISOString(),
      ...recorded?.content,
      checks_run_now: report.checks.length,
      ...validatedCounts(validations.target),
    },
    'validation',
  )
  expectAtLeast('checks that ran now', report.checks.length, 1)
  expectEqual('hard violations of the recorded validation', recorded?.hard_count ?? 0, 0)
  expectNoHardViolations(report)
})

test('validation passes cleanly on the restored database too, every check run again', async ({
  validations,
  record,
}) => {
  const { target, restored: report } = validations
  const found = validatedCounts({ recorded: undefined, report })
  const expected = validatedCounts(target)
  await record({ ...found, checks_of_the_target: expected.checks }, 'validation')
  expectAtLeast('checks that ran', found.checks, 1)
  // Equal content has equal findings, whether they were recorded or found now.
  expectEqual('checks that ran', found.checks, expected.checks)
  expectEqual('findings on the restored database', found.findings, expected.findings)
  expectNoHardViolations(report)
})

test('the five-year dataset is populated and trusted: coverage and checks are within thresholds', async ({
  db,
  config,
  validations,
  record,
}) => {
  const { session_coverage_min_ratio, listing_unknown_max_ratio } = config.bootstrap.thresholds
  const { total, listing_unknown_ratio, without_bars } = await coverageOf(db, config.window)
  const { recorded, report } = validations.target
  await record(
    {
      ...total,
      session_coverage_min_ratio,
      listing_unknown_ratio,
      listing_unknown_max_ratio,
      ...validatedCounts(validations.target),
      hard_violations_max: 0,
      securities_without_any_bar: without_bars.map(
        ({ source_id, ticker, sessions }) => `${source_id} ${ticker}: ${sessions} sessions`,
      ),
    },
    'data',
  )
  expectAtLeast('the share of listed sessions with a bar', total.ratio, session_coverage_min_ratio)
  const unknown = 'the share of sessions before the first bar of a security without a listing day'
  expectAtMost(unknown, listing_unknown_ratio, listing_unknown_max_ratio)
  expectEqual('hard violations of the recorded validation', recorded?.hard_count ?? 0, 0)
  expectNoHardViolations(report)
})

for (const [claim, mistake] of [
  ['the system survives operator error: a dropped table is detected and recovered', 'dropped_table'],
  [
    'the system survives operator error: an unqualified update is detected and recovered',
    'unqualified_update',
  ],
] as const) {
  test(claim, async ({ beside, record }) => {
    const drill = await beside.mistakes[mistake]
    await record({ ...drill })
    expectSurvived(drill, ...MISTAKES[mistake].detected_by)
  })
}

test('the system survives operator error: an interrupted job resumes to the same content hash', async ({
  beside,
  record,
}) => {
  const drill = await beside.interruptedJob
  await record({ ...drill })
  expectSurvived(drill)
})

test('the system survives operator error: a second run is refused, and names the holder', async ({
  target,
  server,
  record,
}) => {
  const started = performance.now()
  const second = { run_id: 'second-run' }
  const refusal = await takeRunLock(server.maintenance, server.connection.database, second).then(
    async (lock) => {
      await lock.release()
      return 'the second run got the lock'
    },
    messageOf,
  )
  await record({ detected_by: refusal, refused_after_ms: Math.round(performance.now() - started) })
  expectThat(refusal.includes(target.run_id), `the refusal does not name run ${target.run_id}: ${refusal}`)
})

test('the system survives operator error: a damaged backup is refused', async ({ backup, record }) => {
  const drill = await damage(backup)
  await record({ ...drill })
  expectSurvived(drill, 'damaged')
})

test('the system survives operator error: an edited migration is refused', async ({ restored, record }) => {
  const drill = await editMigration(restored.connection, MIGRATIONS)
  await record({ ...drill })
  expectSurvived(drill)
  expectThat(/[0-9a-f]{64}/.test(drill.detected_by), `the refusal shows no hash: ${drill.detected_by}`)
})

test('the system survives operator error: a wrong target is refused before any write', async ({
  server,
  backup,
  config,
  record,
}) => {
  const drill = await aimWrong(server, backup.manifest, config.confirm_drop)
  await record({ ...drill })
  expectSurvived(drill, 'not made by this product')
})

test('the run leaves a JUnit report, an audit page and an intact journal', async ({ target, record }) => {
  const files: Record<string, number> = {}
  for (const name of ['junit.xml', 'audit.html', 'checklist.md', 'journal.jsonl'])
    files[name] = (await stat(join(target.run_directory, name))).size
  const { entries, head, fault } = verifyJournal(join(target.run_directory, 'journal.jsonl'))
  await record({
    ...files,
    journal_lines: entries.length,
    journal_head: head,
    journal_fault: fault?.what ?? null,
  })
  for (const [name, bytes] of Object.entries(files)) expectAtLeast(`bytes of ${name}`, bytes, 1)
  expectThat(fault === undefined, `the journal is damaged at line ${fault?.line}: ${fault?.what}`)
})

test('the run leaves an evidence bundle in Dropbox, with the same content hash', async ({
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
  expectEqual('the content hash of the bundle in Dropbox', bundle.remote_content_hash, bundle.content_hash)
})

describe(ALSO_PROVEN, () => {
  test('nothing is removed before a newer backup has passed all four levels, and never the last', async ({
    backup,
    config,
    remote,
    record,
  }) => {
    const { directories, bootstrap } = config
    const levels = await provenLevels(backup)
    const { removed, kept, notes } = await applyRetention(directories.backups, remote, bootstrap.backups)
    await record(
      { ...bootstrap.backups, levels_of_the_final_backup: levels, removed, kept, notes },
      'backups',
    )
    expectEqual('the levels that the final backup has passed', levels.join(' '), '1 2 3 4')
    const { file, sha256 } = backup.manifest
    expectThat(kept.includes(file), `${file}, the final backup, was removed`)
    expectEqual('the SHA-256 of the final backup', (await verifyFile(backup)).sha256, sha256)
  })

  for (const [claim, mistake] of [
    ['drill: an unqualified delete is detected and recovered', 'unqualified_delete'],
    [
      'drill: a row edited around the triggers is detected by key range, and recovered',
      'edit_around_triggers',
    ],
  ] as const) {
    test(claim, async ({ beside, record }) => {
      const drill = await beside.mistakes[mistake]
      await record({ ...drill })
      expectSurvived(drill, ...MISTAKES[mistake].detected_by)
    })
  }

  test('drill: an interrupted dump leaves no backup, and the next one is complete', async ({
    beside,
    record,
  }) => {
    const drill = await beside.interruptedDump
    await record({ ...drill })
    expectSurvived(drill, 'pg_dump')
    expectEqual('files that could be taken for a backup', drill.files_left, 0)
  })

  test('drill: an interrupted upload continues where it stopped, and the remote copy is complete', async ({
    backup,
    record,
  }) => {
    const drill = await killUpload(backup)
    const { bytes } = backup.manifest
    await record({ ...drill, bytes })
    expectSurvived(drill, 'ended by SIGKILL; Dropbox shows 0 files')
    expectAtMost('bytes sent after the interruption', drill.bytes_sent_after, bytes - 1)
  })

  test('drill: a flipped bit in the remote copy is detected, and the copy replaced', async ({
    backup,
    record,
  }) => {
    const drill = await corruptRemote(backup)
    await record({ ...drill })
    expectSurvived(drill, 'damaged')
  })

  test('drill: a run that loses its lock stops', async ({ server, restored, record }) => {
    const drill = await loseLock(server.maintenance, restored.connection.database)
    await record({ ...drill })
    expectSurvived(drill, 'no longer holds the lock')
  })

  test('every core table equals its last recorded content hash', async ({ server, record }) => {
    const audit = await auditContent(server.connection)
    const { tables_count, recorded_at } = audit
    await record({ tables: tables_count, recorded_at, drifts: auditText(audit) }, 'data')
    expectThat(audit.drifts.length === 0, auditText(audit))
    expectNone(audit.unrecorded, 'table without a recorded hash')
  })

  test('a finished live database is sealed; any other one may be replaced by the next run', async ({
    server,
    target,
    assertHeld,
    record,
  }) => {
    const { entries } = verifyJournal(join(target.run_directory, 'journal.jsonl'))
    const boxes_failed = boxesOf(viewOf(entries)).filter(({ box }) => box.state === 'failed').length
    const seal = await sealFinished(server, { mode: target.mode, boxes_failed, assertHeld })
    await record({ mode: target.mode, boxes_failed, ...seal })
    const { is_template } = await inspectTarget(server)
    expectEqual('the database is sealed', is_template, target.mode === 'live' && boxes_failed === 0)
  })
})
