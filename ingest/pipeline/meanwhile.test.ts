import pg from 'pg'
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { contentOf, ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

/** Calls `work` once, before the first statement that inserts bars. */
function beforeFirstInsert(work: () => Promise<void>): () => number {
  let inserts = 0
  const query = pg.Client.prototype.query as (this: pg.Client, ...of: unknown[]) => Promise<unknown>
  const spy = vi.spyOn(pg.Client.prototype, 'query')
  onTestFinished(() => spy.mockRestore())
  spy.mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [sql] = args
    if (typeof sql !== 'string' || !/^\s*insert into stocks_research\."prices_daily" as live/.test(sql))
      return query.apply(this, args)
    inserts += 1
    return inserts > 1 ? query.apply(this, args) : work().then(() => query.apply(this, args))
  } as never)
  return () => inserts
}

it('a first load takes the values of the source for a bar that somebody inserts meanwhile', async () => {
  const root = await writeDelivery(SMALL_DELIVERY)
  await ingestDelivery(scratch.connection, root, { jobs: ['securities', 'ticker-history'] })
  const inserts = beforeFirstInsert(() =>
    withDatabase(scratch.connection, (db) =>
      db.execute(
        `insert into stocks_research.prices_daily (security_id, trade_date, close)
         select security_id, '2020-01-31', 999 from stocks_research.securities where source_id = 'x:first'`,
      ),
    ),
  )
  const report = await ingestDelivery(scratch.connection, root, {
    jobs: ['prices-daily'],
    group_rows_max: 1,
  })
  expect(inserts()).toBeGreaterThan(1)
  expect(report.job('prices-daily')).toMatchObject({ rows_inserted: 3, rows_updated: 1, items: { ok: 3 } })
  const { prices_daily } = await contentOf(scratch.db)
  expect(prices_daily).toHaveLength(4)
  expect(prices_daily?.join()).not.toContain('999')
})
