import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../../testing/flat-files/delivery.ts'

const HEADER = 'source_id,date,kind,cash_rate,currency,stock_rate,acquirer_symbol,other_proceeds,reason\n'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

async function load(rows: string) {
  const root = await writeDelivery({ ...SMALL_DELIVERY, 'delistings/delistings.csv': HEADER + rows })
  const run = await ingestDelivery(scratch.connection, root, {
    thresholds: { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: {} },
  })
  return { rejected: run.job('corporate-actions').rows_rejected }
}

test('what holders received is in columns, whatever the vendor calls it', async () => {
  await load(
    'x:third,2020-01-31,Cash Merger,1.5,USD,0,,,\n' +
      'x:second,2021-01-29,stock_and_cash_merger,2,USD,0.25,NEW,a contingent right,\n' +
      'x:first,2021-01-29,worthless_removal,,,,,,chapter 7\n',
  )
  const rows = await scratch.db.rows(
    `select s.source_id, a.kind, a.delisting_code, a.cash_amount, a.currency, a.shares_per_share,
       a.acquirer_ticker, a.has_other_proceeds, a.detail
     from stocks_research.corporate_actions a join stocks_research.securities s using (security_id)
     where a.kind in ('merger', 'delisting') order by 1`,
  )
  const none = { cash_amount: null, currency: null, shares_per_share: null, acquirer_ticker: null }
  expect(rows).toEqual([
    {
      ...none,
      source_id: 'x:first',
      kind: 'delisting',
      delisting_code: 'worthless',
      has_other_proceeds: false,
      detail: { reason: 'chapter 7', stated_kind: 'worthless_removal' },
    },
    {
      source_id: 'x:second',
      kind: 'merger',
      delisting_code: 'merger_mixed',
      cash_amount: '2',
      currency: 'USD',
      shares_per_share: '0.25',
      acquirer_ticker: 'NEW',
      has_other_proceeds: true,
      detail: { other_proceeds: 'a contingent right', stated_kind: 'stock_and_cash_merger' },
    },
    {
      ...none,
      source_id: 'x:third',
      kind: 'merger',
      delisting_code: 'merger_cash',
      cash_amount: '1.5',
      currency: 'USD',
      has_other_proceeds: false,
      detail: { stated_kind: 'Cash Merger' },
    },
  ])
})

test('a rate that cannot be read rejects the event, and there is no delisting return', async () => {
  const { rejected } = await load('x:third,2020-01-31,merger,1.5,USD,0.5 and a CVR,NEW,,\n')
  expect(rejected).toBe(1)
  const rows = await scratch.db.rows(
    `select delisting_return, delisting_return_reason
     from stocks_research.delistings_v where source_id = 'x:third'`,
  )
  expect(rows).toEqual([{ delisting_return: null, delisting_return_reason: 'event_refused' }])
})
