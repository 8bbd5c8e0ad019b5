import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { dump } from '../backup/dump.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { recordContent } from '../database/content-hashes.ts'
import { migrate } from '../database/migrate.ts'
import { withDatabase } from '../postgres/database.ts'
import { harmAndRecover } from './rows.ts'

const EDIT = "update stocks_research.securities set name = 'edited by hand'"

test.for([
  { attributes: 'createdb', way: /may not set session_replication_role: as the owner of the table$/ },
  { attributes: 'superuser', way: /^drill_[0-9a-f]+$/ },
])('a row is edited around the triggers by a role with $attributes', async ({ attributes, way }) => {
  const name = `drill_${randomBytes(4).toString('hex')}`
  const admin = inject('testServer')
  const asAdmin = (sql: string): Promise<void> => withDatabase(admin, (db) => db.execute(sql))
  await asAdmin(`create role ${name} login ${attributes} password 'of-this-test'`)
  await asAdmin(`create database ${name} owner ${name} template template0`)
  const directory = await mkdtemp(join(tmpdir(), 'drill-rows-'))
  onTestFinished(async () => {
    await asAdmin(`drop database ${name} with (force)`)
    await asAdmin(`drop role ${name}`)
    await rm(directory, { recursive: true, force: true })
  })
  const server = { ...admin, user: name, password: 'of-this-test' }
  const restored = { ...server, database: name }
  await migrate(restored, join(ROOT_DIRECTORY, 'migrations'))
  await withDatabase(restored, (db) =>
    db.execute(
      'insert into stocks_research.securities (security_id, source_id, ticker) ' +
        "values (1, 'a', 'A'), (2, 'b', 'B')",
    ),
  )
  await withDatabase(restored, async (db) => {
    const run_id = randomUUID()
    await db.rows(
      `insert into ingestion.runs (run_id, command, source, state, universe_file, universe_sha256,
         start_date, end_date, host, process_id, product_version)
       values ($1, 'test', 'test', 'complete', 'u.csv', repeat('0', 64),
         '2020-01-01', '2020-12-31', 'h', 1, '0')`,
      [run_id],
    )
    await recordContent(db, run_id)
  })
  const backup = await dump(restored, { directory, mode: 'rehearsal' })
  const drill = await harmAndRecover(
    backup,
    name,
    server,
    {
      sql: `begin; set local session_replication_role = replica; ${EDIT}; commit`,
      owner_sql:
        'begin; alter table stocks_research.securities disable trigger user; ' +
        `${EDIT}; alter table stocks_research.securities enable trigger user; commit`,
      repairs: 'stocks_research.securities',
    },
    AbortSignal.timeout(120_000),
  )
  expect(drill.executed_as).toMatch(way)
  expect(drill).toMatchObject({ recovered: true })
  expect(drill.detected_by).toContain('stocks_research.securities')
})
