import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import {
  contentOf,
  ingestDelivery,
  isAccounted,
  SMALL_DELIVERY,
  writeDelivery,
} from '../testing/flat-files/delivery.ts'
import { securityIdOf } from './identity.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

const HEADER = 'source_id,date,open,high,low,close,volume\n'

describe('a run', () => {
  it('brings in every record of a delivery, and nothing when it is run again', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    const first = await ingestDelivery(scratch.connection, root)
    expect(first.state).toBe('complete')
    expect(first.jobs.map(({ rows_inserted }) => rows_inserted)).toEqual([3, 4, 4, 5, 2])
    const content = await contentOf(scratch.db)
    const second = await ingestDelivery(scratch.connection, root)
    expect(second.jobs.map(({ rows_inserted, rows_updated }) => [rows_inserted, rows_updated])).toEqual(
      Array(5).fill([0, 0]),
    )
    expect(await contentOf(scratch.db)).toEqual(content)
    expect([...first.jobs, ...second.jobs].every(isAccounted)).toBe(true)
  })

  it('writes numbers in canonical form and three equal dividends of one file as three events', async () => {
    await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY))
    const closes = await scratch.db.rows(
      'select close::text from stocks_research.prices_daily order by trade_date, close',
    )
    expect(closes.map(({ close }) => close)).toEqual(['1.25', '10.5', '5.3', '21'])
    const dividends = await scratch.db.rows(
      `select occurrence, cash_amount::text, action_key
       from stocks_research.corporate_actions
       where kind = 'cash_dividend'
       order by 1`,
    )
    expect(dividends).toEqual(
      [1, 2, 3].map((occurrence) => ({ occurrence, cash_amount: '0.06', action_key: '0.06 USD' })),
    )
  })

  it('is not disturbed by its own heartbeat, however often it beats', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', note)
    const report = await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY), {
      heartbeat_ms: 1,
    })
    process.off('warning', note)
    expect(report.state).toBe('complete')
    // The driver warns of a session that is asked twice at once, and will refuse it.
    expect(warnings).toEqual([])
  })

  it('marks every change of a core table with the run that made it', async () => {
    const { run_id } = await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY))
    const changes = await scratch.db.rows('select distinct run_id from ingestion.table_changes')
    expect(changes).toEqual([{ run_id }])
  })

  it('updates a revised value and leaves the others alone', async () => {
    await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY))
    const revised = await writeDelivery({
      ...SMALL_DELIVERY,
      'prices_daily/prices.csv': SMALL_DELIVERY['prices_daily/prices.csv'].replace('5.3,1100', '5.4,1100'),
    })
    const { job } = await ingestDelivery(scratch.connection, revised)
    expect(job('prices-daily')).toMatchObject({ rows_inserted: 0, rows_updated: 1, rows_unchanged: 3 })
  })

  it('ends a security that the delivery does not know as not found, by name', async () => {
    const root = await writeDelivery({
      ...SMALL_DELIVERY,
      'universe.csv': `${SMALL_DELIVERY['universe.csv']}x:nobody,NIX\n`,
    })
    const { job } = await ingestDelivery(scratch.connection, root)
    for (const name of [
      'securities',
      'ticker-history',
      'prices-daily',
      'corporate-actions',
      'fundamentals-raw',
    ] as const) {
      expect(job(name).gaps.map(({ item, status }) => [item, status])).toContainEqual([
        'x:nobody',
        'not_found',
      ])
    }
  })

  it('ends a security that is not listed in the window as empty', async () => {
    const root = await writeDelivery(SMALL_DELIVERY)
    const { job } = await ingestDelivery(scratch.connection, root, {
      window: { start_date: '2020-02-01', end_date: '2020-02-29' },
    })
    expect(job('prices-daily')).toMatchObject({ rows_inserted: 1, rows_skipped: 3 })
    expect(job('prices-daily').items).toMatchObject({ ok: 1, empty: 2 })
    const [third] = await scratch.db.rows(
      `select status, reason from ingestion.items where job = 'prices-daily' and item = 'x:third'`,
    )
    expect(third).toEqual({
      status: 'empty',
      reason: 'It was not listed in the window, 2020-02-01 to 2020-02-29.',
    })
    expect(job('corporate-actions').rows_inserted).toBe(5)
  })

  it('ends every subject of an absent folder as not found, with that reason', async () => {
    const { 'prices_daily/prices.csv': _, ...rest } = SMALL_DELIVERY
    const { job } = await ingestDelivery(scratch.connection, await writeDelivery(rest))
    expect(job('prices-daily').gaps.map(({ reason }) => reason)).toEqual(
      Array(3).fill('The delivery has no prices_daily/ with a file in it.'),
    )
  })

  it('makes intervals from the securities when the delivery has none, and marks them', async () => {
    const { 'ticker_history/ticker_history.csv': _, ...rest } = SMALL_DELIVERY
    const { job } = await ingestDelivery(scratch.connection, await writeDelivery(rest))
    expect(job('ticker-history').rows_inserted).toBe(3)
    const [third] = await scratch.db.rows(
      `select ticker, valid_from, valid_to, reason
       from stocks_research.ticker_history
       where security_id = ${securityIdOf('x:third')}`,
    )
    expect(third).toEqual({
      ticker: 'GONE',
      valid_from: '2015-01-02',
      valid_to: '2020-01-31',
      reason: 'from the securities master',
    })
  })

  it('resolves records by ticker as of their day, across a rename and a reused ticker', async () => {
    const prices =
      'ticker,date,close\nOLD,2020-01-31,1\nNEW,2020-02-03,2\nOLD,2020-02-14,3\nOLD,2020-03-02,4\n' +
      'NEW,2020-01-31,5\nELSE,2020-03-02,6\n'
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery({ ...SMALL_DELIVERY, 'prices_daily/prices.csv': prices }),
    )
    expect(job('prices-daily')).toMatchObject({
      rows_read: 6,
      rows_inserted: 3,
      rows_rejected: 2,
      rows_skipped: 1,
    })
    const bars = await scratch.db.rows(
      `select source_id, trade_date, close::text
       from stocks_research.prices_daily
       join stocks_research.securities using (security_id)
       order by close`,
    )
    expect(bars).toEqual([
      { source_id: 'x:first', trade_date: '2020-01-31', close: '1' },
      { source_id: 'x:first', trade_date: '2020-02-03', close: '2' },
      { source_id: 'x:second', trade_date: '2020-03-02', close: '4' },
    ])
    const rejects = await scratch.db.rows('select kind, line::integer from ingestion.rejects order by line')
    expect(rejects).toEqual([
      { kind: 'foreign', line: 4 },
      { kind: 'foreign', line: 6 },
    ])
  })

  it('rejects a bar that no ticker interval of its security covers', async () => {
    const root = await writeDelivery({
      ...SMALL_DELIVERY,
      'prices_daily/more.csv': `${HEADER}x:second,2020-02-28,1,1,1,1,1\n`,
    })
    const { job } = await ingestDelivery(scratch.connection, root)
    expect(job('prices-daily').rows_rejected).toBe(1)
    const [reject] = await scratch.db.rows(
      'select kind, reason, item, file, line::integer, record from ingestion.rejects',
    )
    expect(reject).toMatchObject({
      kind: 'foreign',
      item: 'x:second',
      file: 'prices_daily/more.csv',
      line: 2,
      reason: 'no ticker interval of "x:second" covers 2020-02-28',
      record: { date: '2020-02-28' },
    })
  })

  it('rejects every side of a conflict, and collapses records that say the same', async () => {
    const agreeing = ['x:first,2020-02-03,5,5.5,4.5,5.30,1100', 'x:second,2020-03-02,20,22,19.5,21.5,500']
    const root = await writeDelivery({
      ...SMALL_DELIVERY,
      'prices_daily/a.csv': `${HEADER}${agreeing.join('\n')}\n`,
    })
    const report = await ingestDelivery(scratch.connection, root)
    expect(report.job('prices-daily')).toMatchObject({
      rows_read: 6,
      rows_rejected: 2,
      rows_staged: 4,
      rows_inserted: 3,
      rows_unchanged: 1,
    })
    expect(isAccounted(report.job('prices-daily'))).toBe(true)
    const rejects = await scratch.db.rows(
      `select kind, item, file, line::integer from ingestion.rejects order by file`,
    )
    expect(rejects).toEqual([
      { kind: 'conflict', item: 'x:second', file: 'prices_daily/a.csv', line: 3 },
      { kind: 'conflict', item: 'x:second', file: 'prices_daily/prices.csv', line: 4 },
    ])
  })

  it('takes two equal splits of one day as one event, and two different ones as a conflict', async () => {
    const header = 'source_id,ex_date,split_from,split_to\n'
    const twice = await writeDelivery({
      ...SMALL_DELIVERY,
      'splits/splits.csv': `${header}x:first,2020-02-03,1,2\nx:first,2020-02-03,1.0,2\n`,
    })
    expect((await ingestDelivery(scratch.connection, twice)).job('corporate-actions').rows_inserted).toBe(5)
    const other = await writeDelivery({
      ...SMALL_DELIVERY,
      'splits/splits.csv': `${header}x:second,2020-03-03,1,2\nx:second,2020-03-03,1,3\n`,
    })
    expect((await ingestDelivery(scratch.connection, other)).job('corporate-actions').rows_rejected).toBe(2)
  })

  it('fails an item whose records were all rejected, or are all outside its ticker intervals', async () => {
    const bars =
      `${HEADER}x:first,2020-02-03,1,1,1,1,1\nx:first,2020-02-03,2,2,2,2,1\n` +
      'x:second,2020-01-31,1,1,1,1,1\nx:third,2020-01-30,1,1,1,1,1\n'
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery({ ...SMALL_DELIVERY, 'prices_daily/prices.csv': bars }),
    )
    expect(job('prices-daily').gaps).toMatchObject([
      {
        item: 'x:first',
        status: 'failed',
        reason: 'None of its records was taken: 2 were rejected. See ingestion.rejects.',
      },
      {
        item: 'x:second',
        status: 'not_found',
        reason: 'None of its 1 records is in one of its ticker intervals. See ingestion.rejects.',
      },
    ])
  })

  it('does not let an item that the database refuses take its neighbours down', async () => {
    // Its low is above its open by less than a float can tell; the constraint can.
    const bars = SMALL_DELIVERY['prices_daily/prices.csv'].replace(
      '20,22,19.5,21,500',
      '20.00000000000000001,22,20.00000000000000002,21,500',
    )
    const { job } = await ingestDelivery(
      scratch.connection,
      await writeDelivery({ ...SMALL_DELIVERY, 'prices_daily/prices.csv': bars }),
    )
    expect(job('prices-daily').items).toMatchObject({ ok: 2, failed: 1 })
    expect(job('prices-daily').gaps[0]).toMatchObject({ item: 'x:second', error_class: 'conflict' })
    expect(isAccounted(job('prices-daily'))).toBe(true)
  })
})
