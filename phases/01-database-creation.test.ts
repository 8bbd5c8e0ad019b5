/**
 * Phase 1 · Database creation
 *
 * Goal:  a clean state is made, not assumed. What cannot be restored is never dropped.
 * Again: drops what an earlier run made, after a verified backup of it; refuses whatever the product did not
 * make.
 */
import { describe, inject } from 'vitest'
import type { Backup } from '../helpers/backup/dump.ts'
import { dumpOwnTables } from '../helpers/backup/own-tables.ts'
import { verifyArchive, verifyFile, verifyRestore } from '../helpers/backup/verify.ts'
import { expectEqual, expectThat } from '../helpers/checklist/expectations.ts'
import { ALSO_PROVEN } from '../helpers/checklist/plan.ts'
import { dropPolicy, inspectTarget, requireRebuild } from '../helpers/database/target.ts'
import { createTarget, dropTarget, readMarkOf } from '../helpers/database/target-database.ts'
import type { Server } from '../helpers/postgres/server.ts'
import { runTool } from '../helpers/postgres/tools.ts'
import { needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('00-environment')
stopsAtFirstFailure()

test('the target database does not exist: `dropdb` ran, or there was none', async ({
  server,
  tools,
  config,
  target,
  makeBackup,
  assertHeld,
  record,
  signal,
}) => {
  const found = await inspectTarget(server)
  await record({
    state: found.state,
    tables: found.tables.length,
    rows: found.tables.reduce((sum, { rows_count }) => sum + (rows_count ?? 0), 0),
    ...('reason' in found && { reason: found.reason }),
  })
  const later = inject('run').left_out.filter((phase) => !/^0[01]-/.test(phase))
  requireRebuild(found, later, config.confirm_drop)
  // Throws for a database of others, and for a populated one without the typed confirmation.
  const { needs_backup, because } = dropPolicy(found, config.confirm_drop)
  await record({ decision: because, needs_backup })
  const backup = needs_backup ? await verifiedBackup(await makeBackup(), server, signal) : undefined
  if (backup !== undefined) await record(backup.evidence)
  if (found.state === 'ours') await record(await ownTables(server, config.directories.backups, signal))
  const dropped = await dropTarget(server, {
    tools,
    assertHeld,
    confirm_drop: config.confirm_drop,
    backup: backup && {
      file: backup.archive,
      sha256: backup.evidence.sha256,
      database: server.connection.database,
      system_identifier: target.server.system_identifier,
    },
    signal,
  })
  await record(
    dropped === null
      ? { dropdb: 'not needed, there was none' }
      : { command: dropped.command, exit_code: dropped.exit_code },
  )
  const { state } = await inspectTarget(server)
  expectEqual(`the state of ${server.connection.database} after dropdb`, state, 'absent')
})

test('an empty database is created: `createdb` exits 0', async ({
  server,
  tools,
  target,
  assertHeld,
  record,
  signal,
}) => {
  const { run_id, mode } = target
  const created = await createTarget(server, { tools, assertHeld, run_id, mode, signal })
  const { command, exit_code, duration_ms } = created
  await record({ command, exit_code, duration_ms })
  expectEqual('the exit code of createdb', exit_code, 0)
})

test('`psql stocks_research -c "SELECT 1;"` answers', async ({ server, tools, record, signal }) => {
  const args = ['--no-psqlrc', '-c', 'SELECT 1;']
  const { command, exit_code, stdout } = await runTool(tools.psql, args, server.connection, { signal })
  const { database } = server.connection
  await record({ command, database, exit_code, stdout: stdout.replace(/\s+/g, ' ') })
  expectEqual('the exit code of psql', exit_code, 0)
  expectThat(/^\s*1\s*$/m.test(stdout), `psql answers "${stdout.trim()}", expected 1`)
})

describe(ALSO_PROVEN, () => {
  test('the new database has no table, and the mark of this run', async ({ server, target, record }) => {
    const found = await inspectTarget(server)
    const mark = await readMarkOf(server)
    await record({ state: found.state, tables: found.tables.length, mark })
    expectEqual('the state of the new database', found.state, 'empty')
    expectEqual('the product in its mark', mark?.product, 'stocks-research')
    expectEqual('the run in its mark', mark?.run_id, target.run_id)
    expectEqual('the mode in its mark', mark?.mode, target.mode)
  })
})

/** Schema research is the users': it is dumped by itself too, and phase 7 restores it. */
async function ownTables(server: Server, directory: string, signal: AbortSignal) {
  const own = await dumpOwnTables(server.connection, directory, { signal })
  if (own === null) return { schema_research: 'nothing in it' }
  const { archive, sha256, tables, rows } = own
  return { schema_research_dump: archive, sha256_of_dump: sha256, own_tables: tables, own_rows: rows }
}

/** A backup that was read to its end and restored with equal content: what a drop may rely on. */
async function verifiedBackup(made: Backup, server: Server, signal: AbortSignal) {
  const { file, sha256, bytes } = await verifyFile(made)
  await verifyArchive(made, signal)
  const { rows, content_sha256 } = await verifyRestore(made, server.maintenance, signal)
  return {
    archive: made.archive,
    evidence: {
      safety_backup: file,
      bytes,
      sha256,
      restored_rows: rows,
      restored_content_sha256: content_sha256,
    },
  }
}
