import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { referenceFolder } from '../../../helpers/testing/reference.ts'
import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import { ingestDelivery } from '../../testing/flat-files/delivery.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch?.drop())

it('a payment that two files of a delivery state is one payment', async () => {
  await ingestDelivery(scratch.connection, join(referenceFolder(), 'failing', 'one-payment-in-two-files'))
  expect(
    await scratch.db.rows(
      'select ex_date::text, cash_amount::text, occurrence::int from stocks_research.corporate_actions',
    ),
  ).toEqual([{ ex_date: '2018-06-29', cash_amount: '0.79', occurrence: 1 }])
})
