import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { openOverHttp } from '../testing/providers/over-http.ts'

let scratch: Scratch
let over: Awaited<ReturnType<typeof openOverHttp>>
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  over = await openOverHttp()
})
afterEach(async () => {
  await over?.close()
  await scratch?.drop()
})

it('a malformed event from HTTP is kept as refused, for the holder of its ticker on its day', async () => {
  const root = await writeDelivery(SMALL_DELIVERY)
  await ingestDelivery(scratch.connection, root)
  const read = async (corporate_actions: Readonly<Record<string, unknown>>) => {
    const providers = await over.providersOver({
      '/v1/corporate-actions': { corporate_actions, next_page_token: null },
    })
    await ingestDelivery(scratch.connection, root, {
      jobs: ['corporate-actions'],
      providers: [providers.get(['alpaca', 'sec-edgar'])],
      source: 'live',
      thresholds: {
        reject_max_ratio: 1,
        failed_max_ratio: 1,
        not_found_max_ratio: { 'corporate-actions': 1 },
      },
    })
    return scratch.db.rows(
      `select source_id, ex_date, kind, reason
       from stocks_research.refused_events
       join stocks_research.securities using (security_id)
       order by ex_date`,
    )
  }
  const split = { id: 's', symbol: 'NEW', ex_date: '2020-02-03', old_rate: 1, new_rate: 0 }
  expect(
    await read({
      cash_dividends: [
        { id: 'a', symbol: 'OLD', ex_date: '2020-01-31', rate: null },
        { id: 'b', symbol: 'OLD', ex_date: '2020-03-02', rate: 0.1 },
        // Not yet the ticker of any security of ours.
        { id: 'c', symbol: 'NEW', ex_date: '2019-05-03', rate: null },
        { id: 'd', symbol: 'ELSE', ex_date: '2020-01-31', rate: null },
        { id: 'e', symbol: 'NEW', rate: 0.1 }, // Without a day nobody can say who held it.
      ],
      forward_splits: [split],
      stock_dividends: [{ id: 'f', symbol: 'OLD', ex_date: '2020-03-03', rate: '5 %' }],
    }),
  ).toEqual([
    { source_id: 'x:first', ex_date: '2020-01-31', kind: 'cash_dividend', reason: 'cash_amount is missing' },
    {
      source_id: 'x:first',
      ex_date: '2020-02-03',
      kind: 'split',
      reason: 'split_to is "0", not a ratio from 0.000001 to 1,000,000',
    },
    { source_id: 'x:second', ex_date: '2020-03-03', kind: 'stock_dividend', reason: 'split_to is missing' },
  ])
  expect(await read({ forward_splits: [{ ...split, new_rate: 2 }] })).toEqual([])
})
