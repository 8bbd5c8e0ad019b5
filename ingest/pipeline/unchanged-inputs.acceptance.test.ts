/** Each input of a run, changed: what depends on it is read again, and nothing else. */
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { JobReport } from '../contract/job.ts'
import { ingestDelivery, SMALL_DELIVERY, SOURCED, writeDelivery } from '../testing/flat-files/delivery.ts'

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

const PRICES = ['prices-daily', 'corporate-actions']

it.each<[string, () => Promise<Rest | undefined>, readonly string[]]>([
  [
    'a byte of a file',
    async () => {
      await appendFile(join(root, 'prices_daily/prices.csv'), 'x:third,2020-01-31,,,,1.50,\n')
      return undefined
    },
    PRICES,
  ],
  [
    'a file that was added',
    async () => {
      await writeFile(join(root, 'prices_daily/more.csv'), 'source_id,date,close\nx:third,2020-01-31,1.50\n')
      return undefined
    },
    PRICES,
  ],
  [
    'the mapping',
    async () => {
      await writeFile(join(root, 'mapping.json'), '{"folders": {}}')
      return undefined
    },
    SOURCED,
  ],
  [
    'the universe',
    async () => {
      const file = join(root, 'universe.csv')
      await writeFile(file, (await readFile(file, 'utf8')).replace('x:third,GONE\n', ''))
      return undefined
    },
    SOURCED,
  ],
  ['the window', async () => ({ window: { start_date: '1990-01-01', end_date: '2029-12-30' } }), SOURCED],
  [
    'a threshold',
    async () => ({ thresholds: { reject_max_ratio: 0.5, failed_max_ratio: 1, not_found_max_ratio: {} } }),
    SOURCED,
  ],
  [
    'a row that was edited by hand',
    async () => {
      await scratch.db.execute('update stocks_research.prices_daily set volume = 7')
      return undefined
    },
    ['prices-daily'],
  ],
  [
    'a row that was edited around the triggers',
    async () => {
      await scratch.db.transaction((tx) =>
        tx.execute(
          `set local session_replication_role = replica;
           delete from stocks_research.fundamentals_raw where tag = 'Assets'`,
        ),
      )
      return undefined
    },
    ['fundamentals-raw'],
  ],
  [
    'the migrations',
    async () => {
      await scratch.db.execute(
        `insert into ingestion.migrations (name, sha256, duration_ms)
           values ('999-new.sql', repeat('0', 64), 1)`,
      )
      return undefined
    },
    SOURCED,
  ],
])('is read again when this changed: %s', async (_, change, expected) => {
  await settle()
  const rest = await change()
  expect(readIn(await run(rest))).toEqual([...expected])
})
