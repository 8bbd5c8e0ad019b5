import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../../helpers/testing/scratch.ts'
import {
  contentOf,
  ingestDelivery,
  SMALL_DELIVERY,
  writeDelivery,
} from '../../testing/flat-files/delivery.ts'
import { asKind, KINDS, zipOf } from '../../testing/flat-files/formats.ts'

let scratch: Scratch
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterEach(() => scratch.drop())

describe('a delivery', () => {
  it('gives the same rows for each kind of file, and is unchanged when it comes as another', async () => {
    await ingestDelivery(scratch.connection, await writeDelivery(SMALL_DELIVERY))
    const content = await contentOf(scratch.db)
    for (const kind of Object.keys(KINDS)) {
      const { jobs } = await ingestDelivery(
        scratch.connection,
        await writeDelivery(await asKind(SMALL_DELIVERY, kind)),
      )
      for (const { job, items, rows_rejected, rows_inserted, rows_updated } of jobs)
        expect({ kind, job, failed: items.failed, rows_rejected, rows_inserted, rows_updated }).toEqual({
          kind,
          job,
          failed: 0,
          rows_rejected: 0,
          rows_inserted: 0,
          rows_updated: 0,
        })
      expect(await contentOf(scratch.db), kind).toEqual(content)
    }
  })

  it('names member and line of a bad record, and keeps the hash of its zip in the ledger', async () => {
    const { 'prices_daily/prices.csv': prices, ...others } = SMALL_DELIVERY
    const zip = await zipOf({
      'y=1/p.csv': prices,
      'y=2/p.csv': 'source_id,date,close\nx:first,2020-02-31,1\n',
    })
    await ingestDelivery(
      scratch.connection,
      await writeDelivery({ ...others, 'prices_daily/all.zip': zip }),
      {
        thresholds: { reject_max_ratio: 1, failed_max_ratio: 1, not_found_max_ratio: { 'prices-daily': 1 } },
      },
    )
    expect(await scratch.db.rows('select file, line::integer, reason from ingestion.rejects')).toEqual([
      {
        file: 'prices_daily/all.zip/y=2/p.csv',
        line: 2,
        reason: 'date is "2020-02-31", not a day YYYY-MM-DD',
      },
    ])
    expect(
      await scratch.db.rows(
        `select archive_sha256 from ingestion.items where job = 'prices-daily' and item = 'x:third'`,
      ),
    ).toEqual([{ archive_sha256: [createHash('sha256').update(zip).digest('hex')] }])
  })
})
