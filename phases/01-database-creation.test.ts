/**
 * Phase 1 · Database creation
 *
 * Goal:  a clean state is made, not assumed. What cannot be restored is never dropped.
 * Again: drops what an earlier run made, after a verified backup of it; refuses whatever the product did not
 * make.
 */
import { expect } from 'vitest'
import { verifyArchive, verifyFile, verifyRestore } from '../helpers/backup/verify.ts'
import { dropPolicy, inspectTarget } from '../helpers/database/target.ts'
import {
  createTarget,
  dropTarget,
  readMarkOf,
  type SafetyBackup,
} from '../helpers/database/target-database.ts'
import { runTool } from '../helpers/postgres/tools.ts'
import { needs, stopsAtFirstFailure, test } from './fixtures.ts'

needs('00-environment')
stopsAtFirstFailure()

let backup: SafetyBackup | undefined

test('the target database holds nothing that could be lost: absent, empty, or ours with the consent and the backup that its mode asks for', async ({
  server,
  config,
  target,
  makeBackup,
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
  const { needs_backup, because } = dropPolicy(found, config.confirm_drop)
  await record({ decision: because, needs_backup })
  if (needs_backup) {
    const made = await makeBackup()
    const { file, sha256, bytes } = await verifyFile(made)
    await verifyArchive(made, signal)
    const restored = await verifyRestore(made, server.maintenance, signal)
    backup = {
      file: made.archive,
      sha256,
      database: server.connection.database,
      system_identifier: target.server.system_identifier,
    }
    await record({
      safety_backup: file,
      bytes,
      sha256,
      restored_rows: restored.rows,
      restored_content_sha256: restored.content_sha256,
    })
  }
  expect(backup !== undefined, 'a populated database has a verified backup').toBe(needs_backup)
})

test('the target database does not exist: `dropdb` ran, or there was none', async ({
  server,
  tools,
  config,
  assertHeld,
  record,
  signal,
}) => {
  const dropped = await dropTarget(server, {
    tools,
    assertHeld,
    confirm_drop: config.confirm_drop,
    backup,
    signal,
  })
  await record(
    dropped === null
      ? { dropdb: 'not needed, there was none' }
      : { command: dropped.command, exit_code: dropped.exit_code },
  )
  expect((await inspectTarget(server)).state).toBe('absent')
})

test('an empty database is created: `createdb` exits 0', async ({
  server,
  tools,
  target,
  assertHeld,
  record,
  signal,
}) => {
  const { command, exit_code, duration_ms } = await createTarget(server, {
    tools,
    assertHeld,
    run_id: target.run_id,
    mode: target.mode,
    signal,
  })
  await record({ command, exit_code, duration_ms })
  expect(exit_code).toBe(0)
})

test('`psql stocks_research -c "SELECT 1;"` answers', async ({ server, tools, record, signal }) => {
  const { command, exit_code, stdout } = await runTool(
    tools.psql,
    ['--no-psqlrc', '-c', 'SELECT 1;'],
    server.connection,
    { signal },
  )
  await record({
    command,
    database: server.connection.database,
    exit_code,
    stdout: stdout.replace(/\s+/g, ' '),
  })
  expect(exit_code).toBe(0)
  expect(stdout).toMatch(/^\s*1\s*$/m)
})

test('the new database holds no table, and carries the mark of this run', async ({
  server,
  target,
  record,
}) => {
  const found = await inspectTarget(server)
  await record({ state: found.state, tables: found.tables.length })
  expect(found.state).toBe('empty')
  expect(await readMarkOf(server)).toMatchObject({
    product: 'stocks-research',
    run_id: target.run_id,
    mode: target.mode,
  })
})
