import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { archiveDelivery } from '../archive/delivery.ts'
import { deliveryEnvironment } from '../testing/commands/delivery-environment.ts'
import { inProcess } from '../testing/commands/in-process.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

let scratch: Scratch
let root: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  root = await writeDelivery(SMALL_DELIVERY)
})
afterEach(() => scratch.drop())

const environment = (): Record<string, string> => deliveryEnvironment(scratch.connection, root)
async function load(...args: string[]): Promise<void> {
  const { exitCode, stderr } = await inProcess(['run', 'all', ...args], environment())
  expect(exitCode, stderr).toBe(0)
}
const rebuild = () =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'commands', 'rebuild.ts')], {
    env: environment(),
    extendEnv: false,
    reject: false,
  })
const left = (name: string) =>
  withDatabase(inject('testServer'), (db) => db.rows('select from pg_database where datname = $1', [name]))

it('says table by table that the rebuilt database is equal, and leaves none behind', async () => {
  await load()
  const { exitCode, stdout, stderr } = await rebuild()
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toMatch(/equal +stocks_research\.prices_daily +\d+ rows +SHA-256 [0-9a-f]{64}/)
  expect(stdout).toMatch(/has the same content \([0-9a-f]{64}\)/)
  expect(await left(/as (restore_drill_\w+):/.exec(stdout)?.[1] ?? '')).toEqual([])
})

it('takes the archived delivery, though the folder that was loaded has changed since', async () => {
  const archived = await archiveDelivery(root, join(root, 'archive'))
  await load()
  await writeFile(join(root, 'prices_daily', 'prices.csv'), 'source_id,date,close\nx:first,2020-01-31,99\n')
  const { exitCode, stdout, stderr } = await rebuild()
  expect(exitCode, stdout + stderr).toBe(0)
  expect(stdout).toContain(`from flat-files:${archived.directory}`)
})

it('names the table and the keys of what the source does not give again', async () => {
  await load()
  await scratch.db.execute(
    'set session_replication_role = replica; update stocks_research.prices_daily set volume = volume + 1',
  )
  const { exitCode, stdout } = await rebuild()
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/different +stocks_research\.prices_daily/)
  expect(stdout).toMatch(
    /differs: table stocks_research\.prices_daily: \d+ rows, but not the same ones; the first difference is after key/,
  )
})

it('repeats an earlier run whose window a later one does not cover, and no other', async () => {
  await load('--start', '2020-01-31')
  await load()
  await load('--start', '2020-03-02')
  const { exitCode, stdout, stderr } = await rebuild()
  expect(exitCode, stdout + stderr).toBe(0)
  expect(stdout.match(/2015-01-02 to|2020-0\d-\d\d to/g)).toEqual(['2015-01-02 to', '2020-03-02 to'])
  expect(stdout).toMatch(/equal +stocks_research\.prices_daily +4 rows/)
})

it('repeats a run whose universe has changed since, from the copy in the archive', async () => {
  await load()
  await writeFile(join(root, 'universe.csv'), 'source_id,ticker\nx:first,NEW\n')
  await load()
  const { exitCode, stdout, stderr } = await rebuild()
  expect(exitCode, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/equal +stocks_research\.securities +3 rows/)
})

it('is refused without a finished run, and with another universe than that of the run', async () => {
  const empty = await rebuild()
  expect([empty.exitCode, empty.stderr]).toEqual([1, expect.stringContaining('has no run of all seven jobs')])
  await load()
  await appendFile(join(root, 'universe.csv'), 'x:late,LATE\n')
  await rm(join(root, 'archive', 'universes'), { recursive: true })
  const other = await rebuild()
  expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('is not the one of run')])
})
