import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deliveryEnvironment } from '../testing/commands/delivery-environment.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

let scratch: Scratch
let root: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  root = await writeDelivery(SMALL_DELIVERY)
})
afterEach(() => scratch.drop())

const runAll = () =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), 'run', 'all'], {
    env: deliveryEnvironment(scratch.connection, root),
    extendEnv: false,
    reject: false,
  })
const unseen = () =>
  scratch.db.rows(
    `select table_name, detail -> 'key_ranges' as ranges
     from ingestion.table_changes
     where operation = 'UNSEEN'`,
  )

test('a run that changes a table first records an edit that bypassed its triggers', async () => {
  await runAll()
  expect(await unseen()).toEqual([])
  await scratch.db.transaction((tx) =>
    tx.execute(
      `set local session_replication_role = replica;
       update stocks_research.prices_daily set volume = volume + 1`,
    ),
  )
  // The source still says what it said: this run puts the rows right again, and changes the table.
  const { all, exitCode } = await runAll()
  expect(exitCode, all).toBe(0)
  expect(await unseen()).toEqual([
    {
      table_name: 'stocks_research.prices_daily',
      ranges: [expect.objectContaining({ up_to: expect.any(String) })],
    },
  ])
  const logs = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.jsonl'))
  const lines = (await Promise.all(logs.map((name) => readFile(join(root, name), 'utf8')))).join('\n')
  expect(lines).toContain('a table was edited around its triggers')
  await runAll()
  expect(await unseen(), 'and it stands there once').toHaveLength(1)
})
