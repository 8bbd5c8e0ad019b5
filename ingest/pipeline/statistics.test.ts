import { expect, it, onTestFinished } from 'vitest'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import { ingestDrop, SMALL_DROP, writeDrop } from '../testing/flat-files/delivery.ts'

it('a run leaves no filled table without statistics, those that no job fills included', async () => {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  await ingestDrop(scratch.connection, await writeDrop(SMALL_DROP))
  const without = await scratch.db.rows(
    `select relname from pg_class where relnamespace = 'stocks_research'::regnamespace and relkind = 'r' and reltuples < 0 and pg_relation_size(oid) > 0`,
  )
  expect(without).toEqual([])
})
