import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, withDatabase } from '../postgres/database.ts'
import { filledDatabase, type Scratch } from '../testing/scratch.ts'
import { auditContent, auditText, recordContent, recordUnseenChanges } from './content-hashes.ts'

let scratch: Scratch
/** The run that loaded the securities; its content was recorded. */
const run_id = '00000000-0000-4000-8000-000000000001'
beforeEach(async () => {
  scratch = await filledDatabase('content_hashes', (connection) =>
    withDatabase(connection, async (db) => {
      await beginRun(db, run_id)
      await asRun(
        run_id,
        `insert into stocks_research.securities (security_id, source_id, ticker)
         select i, 's' || i, 'T' || i from generate_series(1, 20000) i`,
        db,
      )
      await recordContent(db, run_id)
    }),
  )
})
afterEach(() => scratch.drop())

async function beginRun(db: Database = scratch.db, id: string = randomUUID()): Promise<string> {
  await db.rows(
    `insert into ingestion.runs (run_id, command, source, state, universe_file, universe_sha256,
       start_date, end_date, host, process_id, product_version)
     values ($1, 'test', 'test', 'running', 'u.csv', repeat('0', 64),
       '2020-01-01', '2020-12-31', 'h', 1, '0')`,
    [id],
  )
  return id
}
const asRun = (id: string, sql: string, db: Database = scratch.db): Promise<void> =>
  db.transaction(async (tx: Database) => {
    await tx.rows("select set_config('stocks_research.run_id', $1, true)", [id])
    await tx.execute(sql)
  })
const aroundTheTriggers = (sql: string): Promise<void> =>
  scratch.db.transaction((tx) => tx.execute(`set local session_replication_role = replica; ${sql}`))

test('nothing drifted after a run that recorded what it left', async () => {
  const audit = await auditContent(scratch.connection)
  expect(audit).toMatchObject({ drifts: [], unrecorded: [] })
  expect(audit.tables_count).toBeGreaterThan(6)
  expect(auditText(audit)).toMatch(/^All \d+ core tables equal what was last recorded/)
})

test('an edit that bypassed the triggers is named with its table and its key range', async () => {
  await aroundTheTriggers("update stocks_research.securities set name = 'x' where security_id = 12345")
  const { changes } = await scratch.db.one<{ changes: number }>(
    "select count(*)::int as changes from ingestion.table_changes where operation = 'UPDATE'",
  )
  expect(changes, 'no trigger saw it').toBe(0)
  const { drifts } = await auditContent(scratch.connection)
  expect(drifts).toMatchObject([
    { name: 'stocks_research.securities', cause: expect.stringContaining('no trigger saw a change') },
  ])
  const [{ after, up_to } = { after: '', up_to: '' }] = drifts[0]?.key_ranges ?? []
  expect(Number(after)).toBeLessThan(12_345)
  expect(up_to === '…' || Number(up_to) >= 12_345).toBe(true)
})

test('an edit by hand is distinguished from a run that was killed before its end', async () => {
  await scratch.db.execute('delete from stocks_research.securities where security_id = 7')
  const killed = await beginRun()
  await asRun(killed, "update stocks_research.securities set name = 'y' where security_id = 8")
  const { drifts } = await auditContent(scratch.connection)
  expect(drifts[0]?.detail).toContain('19999 rows instead of 20000')
  expect(drifts[0]?.cause).toBe(
    '1 statement by hand, outside any recorded run; ' +
      `1 statement of run ${killed}, which did not end normally`,
  )
})

test('a dropped table is missing', async () => {
  await scratch.db.execute('drop table stocks_research.prices_daily cascade')
  expect((await auditContent(scratch.connection)).drifts).toMatchObject([
    { name: 'stocks_research.prices_daily', detail: expect.stringContaining('is missing') },
  ])
})

test('an edit stays visible after a later run that does not change the table', async () => {
  await aroundTheTriggers("update stocks_research.securities set name = 'x' where security_id = 1")
  expect(await recordContent(scratch.db, await beginRun())).toEqual([])
  const other = await beginRun()
  await asRun(
    other,
    `insert into stocks_research.trading_sessions (session_date, is_early_close, open_at, close_at)
     values ('2020-01-02', false, '2020-01-02T14:30Z', '2020-01-02T21:00Z')`,
  )
  expect(await recordContent(scratch.db, other)).toEqual(['stocks_research.trading_sessions'])
  expect((await auditContent(scratch.connection)).drifts.map(({ name }) => name)).toEqual([
    'stocks_research.securities',
  ])
})

test('changes of a killed run are recorded by the next run, even when it changes nothing', async () => {
  const killed = await beginRun()
  await asRun(killed, "update stocks_research.securities set name = 'z' where security_id = 9")
  expect(await recordContent(scratch.db, await beginRun())).toEqual(['stocks_research.securities'])
  expect((await auditContent(scratch.connection)).drifts).toEqual([])
})

test('a run that changed a table records it anew, and nothing drifts', async () => {
  const next = await beginRun()
  await asRun(next, "update stocks_research.securities set name = 'right' where security_id = 1")
  expect(await recordContent(scratch.db, next)).toEqual(['stocks_research.securities'])
  expect((await auditContent(scratch.connection)).drifts).toEqual([])
})

const unseen = () =>
  scratch.db.rows<{
    table_name: string
    run_id: string | null
    detail: { key_ranges: { after: string; up_to: string }[] }
  }>("select table_name, run_id, detail from ingestion.table_changes where operation = 'UNSEEN'")

test('an edit that bypassed the triggers is still reported after a run changes the same table', async () => {
  await aroundTheTriggers("update stocks_research.securities set name = 'x' where security_id = 12345")
  expect((await recordUnseenChanges(scratch.db)).map(({ name }) => name)).toEqual([
    'stocks_research.securities',
  ])
  expect(await recordUnseenChanges(scratch.db), 'once is enough').toEqual([])
  const next = await beginRun()
  await asRun(next, "update stocks_research.securities set name = 'right' where security_id = 1")
  await recordContent(scratch.db, next)
  const [edit] = await unseen()
  expect(await unseen()).toMatchObject([{ table_name: 'stocks_research.securities', run_id: null }])
  const [{ after, up_to } = { after: '', up_to: '' }] = edit?.detail.key_ranges ?? []
  expect(Number(after)).toBeLessThan(12_345)
  expect(up_to === '…' || Number(up_to) >= 12_345).toBe(true)
  const audit = await auditContent(scratch.connection)
  expect(audit).toMatchObject({
    drifts: [],
    known_edits: [{ table: 'stocks_research.securities', operation: 'UNSEEN', statements_count: 1 }],
  })
  expect(auditText(audit)).toMatch(
    /^All .*\nKnown edit of stocks_research\.securities, past the triggers, found .*: after key "\d+"/,
  )
})

test('a table that was emptied or dropped past the triggers is written down as a whole', async () => {
  await aroundTheTriggers('delete from stocks_research.securities')
  expect(await recordUnseenChanges(scratch.db)).toMatchObject([
    { recorded: { rows: 20_000 }, found: { rows: 0 } },
  ])
})

test('what the triggers saw, of a hand or of a killed run, is not written down a second time', async () => {
  await scratch.db.execute('delete from stocks_research.securities where security_id = 7')
  await asRun(await beginRun(), "update stocks_research.securities set name = 'y' where security_id = 8")
  expect(await recordUnseenChanges(scratch.db)).toEqual([])
  expect((await auditContent(scratch.connection)).known_edits).toMatchObject([
    { operation: 'DELETE', statements_count: 1 },
  ])
})

test('a column that a migration added is no edit, and does not hide one', async () => {
  await scratch.db.execute(
    "alter table stocks_research.securities add column sector text not null default 'none'",
  )
  expect(await recordUnseenChanges(scratch.db)).toEqual([])
  expect((await auditContent(scratch.connection)).drifts).toEqual([])
  await aroundTheTriggers("update stocks_research.securities set name = 'x' where security_id = 5")
  expect(await recordUnseenChanges(scratch.db)).toHaveLength(1)
})

test('a column that is gone makes the rows incomparable, which is said', async () => {
  await scratch.db.execute('alter table stocks_research.securities drop column name cascade')
  expect(await recordUnseenChanges(scratch.db)).toEqual([])
  expect((await auditContent(scratch.connection)).drifts).toMatchObject([
    { cause: expect.stringContaining('cannot be compared') },
  ])
})
