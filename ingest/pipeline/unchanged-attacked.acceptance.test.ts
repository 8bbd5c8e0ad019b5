/** What skipping unchanged files must not hide: each test tries to hide something behind equal files. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { quoteIdentifier } from '../../helpers/postgres/sql.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { summaryText } from '../commands/console.ts'
import { statusText } from '../commands/status.ts'
import { contentOf, ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { CHECKS } from '../validation/checks.ts'
import { validate } from '../validation/validate.ts'

let scratch: Scratch
let root: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  root = await writeDelivery(SMALL_DELIVERY)
})
afterEach(() => scratch.drop())

type Rest = NonNullable<Parameters<typeof ingestDelivery>[2]>
const run = (rest: Rest = {}, connection = scratch.connection) =>
  ingestDelivery(connection, root, { is_hashed: true, ...rest })

const PRICES = 'prices_daily/prices.csv'
const withoutLine = (text: string): string => SMALL_DELIVERY[PRICES].replace(text, '')

const UNSEEN = 'set local session_replication_role = replica;'
const DISABLED = 'alter table stocks_research.prices_daily disable trigger user;'

it.each([
  ['a row was deleted', "delete from stocks_research.prices_daily where trade_date = '2020-01-31'"],
  ['all rows were deleted', 'delete from stocks_research.prices_daily'],
  ['the table was truncated', 'truncate stocks_research.prices_daily'],
  ['a row was edited', 'update stocks_research.prices_daily set volume = 7'],
  ['a row was deleted around the triggers', `${UNSEEN} delete from stocks_research.prices_daily`],
  ['a row was edited around the triggers', `${UNSEEN} update stocks_research.prices_daily set volume = 1`],
  ['a row was deleted with triggers disabled', `${DISABLED} delete from stocks_research.prices_daily`],
  ['all events were deleted', 'delete from stocks_research.corporate_actions'],
  ['a security was renamed', "update stocks_research.securities set name = 'edited'"],
  ['an interval was deleted', "delete from stocks_research.ticker_history where ticker = 'GONE'"],
  [
    'a fact was edited around the triggers',
    `${UNSEEN} update stocks_research.fundamentals_raw set value = 0`,
  ],
])('the rows of the files are there again after a run, though %s', async (_, edit) => {
  await run()
  await run()
  const content = await contentOf(scratch.db)
  await scratch.db.transaction((tx) => tx.execute(edit))
  expect(await contentOf(scratch.db)).not.toEqual(content)
  await run()
  expect(await contentOf(scratch.db)).toEqual(content)
})

it('a row that somebody added is found as withdrawn, though the files are equal', async () => {
  await run()
  await scratch.db.execute(
    `insert into stocks_research.prices_daily (security_id, trade_date, close)
     select security_id, '2020-02-04', close from stocks_research.prices_daily limit 1`,
  )
  expect((await run()).job('prices-daily').rows_withdrawn).toBe(1)
})

it('a row that the source withdrew stays a finding while its file is skipped', async () => {
  await run()
  await writeFile(join(root, PRICES), withoutLine('x:second,2020-03-02,20,22,19.5,21,500\n'))
  expect((await run()).job('prices-daily').rows_withdrawn).toBe(1)
  const skipped = await run()
  expect(skipped.job('prices-daily').unchanged_since).toBeDefined()
  const checks = CHECKS.filter(({ name }) => name === 'withdrawn-by-source')
  expect((await validate(scratch.db, { checks })).soft_count).toBe(1)
})

it('the rejected records of a skipped file are counted, on the terminal and by status', async () => {
  await writeFile(join(root, PRICES), `${SMALL_DELIVERY[PRICES]}x:first,2020-02-31,1,1,1,1,1\n`)
  const not_found_max_ratio = { 'fundamentals-raw': 1 }
  const thresholds = { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio }
  const first = await run({ thresholds })
  expect(first.job('prices-daily').rows_rejected).toBe(1)
  const skipped = await run({ thresholds })
  const since = `unchanged since run ${first.run_id}`
  expect(skipped.job('prices-daily')).toMatchObject({ rows_rejected: 0, unchanged_rejected_count: 1 })
  expect(summaryText(skipped)).toContain(`(3 skipped: ${since}, which rejected 1 record)`)
  expect(await statusText(scratch.db)).toMatch(new RegExp(`prices-daily +3 ok; 3 ${since}`))
})

it('a run that was stopped leaves nothing to skip in the job that it stopped', async () => {
  const stop = new AbortController()
  const stopped = await run({
    group_rows_max: 1,
    signal: stop.signal,
    onProgress: ({ job }) => (job === 'prices-daily' ? stop.abort() : undefined),
  })
  expect(stopped.state).toBe('interrupted')
  const next = await run()
  expect(next.jobs.map(({ unchanged_since }) => unchanged_since)).toEqual(next.jobs.map(() => undefined))
  const content = await contentOf(scratch.db)
  expect(content['prices_daily']).toHaveLength(4)
  expect((await run({ is_full: true })).job('prices-daily')).toMatchObject({
    rows_updated: 0,
    rows_inserted: 0,
  })
})

it('a run without the end of one item leaves nothing to skip', async () => {
  const { run_id } = await run()
  await scratch.db.rows(
    "delete from ingestion.items where run_id = $1 and job = 'prices-daily' and item = 'x:third'",
    [run_id],
  )
  expect((await run()).job('prices-daily').unchanged_since).toBeUndefined()
})

/** A copy of the database as it is now, as the restore of a backup makes one; both are dropped in the end. */
async function copyOfNow(): Promise<Scratch['connection']> {
  const { connection } = scratch
  const database = `${connection.database}_copy`
  await scratch.db.close() // A template must have no connection.
  const server = inject('testServer')
  await withDatabase(server, (db) =>
    db.execute(
      `create database ${quoteIdentifier(database)} template ${quoteIdentifier(connection.database)}`,
    ),
  )
  const dropBoth = async (): Promise<void> => {
    for (const each of [database, connection.database])
      await withDatabase(server, (db) =>
        db.execute(`drop database if exists ${quoteIdentifier(each)} with (force)`),
      )
  }
  scratch = { ...scratch, drop: dropBoth }
  return { ...connection, database }
}

it('an older copy of the database reads what it has not read, and skips what it has', async () => {
  await run()
  await run()
  const copy = await copyOfNow()
  expect((await run({}, copy)).job('prices-daily').unchanged_since).toBeDefined()
  await writeFile(join(root, PRICES), SMALL_DELIVERY[PRICES].replace('10.50', '10.60'))
  const loaded = await run()
  expect(loaded.job('prices-daily').rows_updated).toBe(1)
  expect((await run()).job('prices-daily').unchanged_since).toBe(loaded.run_id)
  expect((await run({}, copy)).job('prices-daily')).toMatchObject({ rows_updated: 1 })
  const content = await withDatabase(scratch.connection, contentOf)
  expect(await withDatabase(copy, contentOf)).toEqual(content)
})

it.each([
  'ingest/prices-daily.ts',
  'ingest/pipeline/sql/delta.sql',
  'helpers/core/days.ts',
  'package-lock.json',
])('other code is a reason to read: %s', async (edited) => {
  await run()
  vi.resetModules()
  vi.doMock('node:fs', async (original) => {
    const fs = await original<typeof import('node:fs')>()
    const readFileSync = (path: string, ...rest: unknown[]): unknown => {
      const text = (fs.readFileSync as (...of: unknown[]) => unknown)(path, ...rest)
      return typeof text === 'string' && path.replaceAll('\\', '/').endsWith(edited) ? `${text}\n` : text
    }
    return { ...fs, readFileSync }
  })
  try {
    const other = await import('../testing/flat-files/delivery.ts')
    const again = await other.ingestDelivery(scratch.connection, root, { is_hashed: true })
    expect(again.job('prices-daily').unchanged_since).toBeUndefined()
  } finally {
    vi.doUnmock('node:fs')
    vi.resetModules()
  }
})
