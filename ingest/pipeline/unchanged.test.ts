/** What is unchanged is not read again. Each input, changed: unchanged-inputs.acceptance.test.ts. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { JobReport } from '../contract/job.ts'
import {
  contentOf,
  ingestDelivery,
  SMALL_DELIVERY,
  SOURCED,
  writeDelivery,
} from '../testing/flat-files/delivery.ts'

let scratch: Scratch
let root: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  root = await writeDelivery(SMALL_DELIVERY)
})
afterEach(() => scratch.drop())

type Rest = NonNullable<Parameters<typeof ingestDelivery>[2]>
const run = (rest: Rest = {}) => ingestDelivery(scratch.connection, root, { is_hashed: true, ...rest })

/** Two runs: the master and the tickers are read again once the securities are known. Gives the second. */
async function settle() {
  await run()
  return run()
}

/** The jobs of a run that read their files. */
const readIn = ({ jobs }: { readonly jobs: readonly JobReport[] }): string[] =>
  jobs.filter(({ unchanged_since }) => unchanged_since === undefined).map(({ job }) => job)

it('is not read again with equal inputs; items end as they did, and name the run', async () => {
  const ends = (run_id: string) =>
    scratch.db.rows(
      `select job, item, status, rows_count, archive_sha256
       from ingestion.items where run_id = $1 order by job, item`,
      [run_id],
    )
  const first = await run()
  const content = await contentOf(scratch.db)
  expect(readIn(first)).toEqual([...SOURCED])
  const second = await run()
  expect(readIn(second)).toEqual(['securities', 'ticker-history'])
  expect(second.job('prices-daily').unchanged_since).toBe(first.run_id)
  const runs = { securities: second.run_id, 'ticker-history': second.run_id } as Record<string, string>
  for (let time = 0; time < 2; time += 1) {
    const again = await run()
    expect(again.state).toBe('complete')
    expect(readIn(again)).toEqual([])
    expect(again.jobs.map(({ unchanged_since }) => unchanged_since)).toEqual(
      SOURCED.map((job) => runs[job] ?? first.run_id),
    )
    expect(again.jobs.map(({ rows_read }) => rows_read)).toEqual(SOURCED.map(() => 0))
    expect(again.job('prices-daily')).toMatchObject({ items_unchanged: 3, items: { ok: 3 } })
    expect(await ends(again.run_id)).toEqual(await ends(first.run_id))
    const [item] = await scratch.db.rows<{ reason: string }>(
      "select reason from ingestion.items where run_id = $1 and job = 'prices-daily'",
      [again.run_id],
    )
    expect(item?.reason).toBe(`Unchanged since run ${first.run_id}.`)
  }
  expect(await contentOf(scratch.db)).toEqual(content)
})

it('is read all the same in a full run, which the next one can skip', async () => {
  await settle()
  const full = await run({ is_full: true })
  expect(readIn(full)).toEqual([...SOURCED])
  expect((await run()).jobs.map(({ unchanged_since }) => unchanged_since)).toEqual(
    SOURCED.map(() => full.run_id),
  )
})

it('is read again when an item failed, and when the run did not complete', async () => {
  await writeFile(
    join(root, 'prices_daily/prices.csv'),
    'source_id,date,close\nx:first,2020-01-31,10\nx:first,2020-01-31,11\n',
  )
  const failed = await run()
  expect(failed.job('prices-daily').items.failed).toBeGreaterThan(0)
  expect(readIn(await run())).toContain('prices-daily')
  await scratch.db.execute("update ingestion.runs set state = 'interrupted'")
  expect(readIn(await run())).toEqual([...SOURCED])
})

it('corrects the row that was edited, and is skipped after that', async () => {
  await settle()
  const content = await contentOf(scratch.db)
  await scratch.db.execute('update stocks_research.prices_daily set volume = 7')
  expect((await run()).job('prices-daily').rows_updated).toBe(4)
  expect(await contentOf(scratch.db)).toEqual(content)
  expect(readIn(await run())).toEqual([])
})
