import { expect, it, onTestFinished } from 'vitest'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

it('a run leaves no filled table without statistics, those that no job fills included', async () => {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY))
  const without = await scratch.db.rows(
    `select relname
     from pg_class
     where relnamespace = 'stocks_research'::regnamespace and relkind = 'r' and reltuples < 0
       and pg_relation_size(oid) > 0`,
  )
  expect(without).toEqual([])
})
