/** What a rebuild takes, repeats and refuses. That it gives equal content: rebuild.test.ts. */
import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { archiveDelivery } from '../archive/delivery.ts'
import { rebuiltDelivery } from '../testing/commands/rebuilt-delivery.ts'

const subject = rebuiltDelivery()

it('takes the archived delivery, though the folder that was loaded has changed since', async () => {
  const archived = await archiveDelivery(subject.root, join(subject.root, 'archive'))
  await subject.load()
  await writeFile(
    join(subject.root, 'prices_daily', 'prices.csv'),
    'source_id,date,close\nx:first,2020-01-31,99\n',
  )
  const { exitCode, stdout, stderr } = await subject.rebuild()
  expect(exitCode, stdout + stderr).toBe(0)
  expect(stdout).toContain(`from flat-files:${archived.directory}`)
})

it('names the table and the keys of what the source does not give again', async () => {
  await subject.load()
  await subject.scratch.db.execute(
    'set session_replication_role = replica; update stocks_research.prices_daily set volume = volume + 1',
  )
  const { exitCode, stdout } = await subject.rebuild()
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/different +stocks_research\.prices_daily/)
  expect(stdout).toMatch(
    /differs: table stocks_research\.prices_daily: \d+ rows, but not the same ones; the first difference is after key/,
  )
})

it('repeats an earlier run whose window a later one does not cover, and no other', async () => {
  await subject.load('--start', '2020-01-31')
  await subject.load()
  await subject.load('--start', '2020-03-02')
  const { exitCode, stdout, stderr } = await subject.rebuild()
  expect(exitCode, stdout + stderr).toBe(0)
  expect(stdout.match(/2015-01-02 to|2020-0\d-\d\d to/g)).toEqual(['2015-01-02 to', '2020-03-02 to'])
  expect(stdout).toMatch(/equal +stocks_research\.prices_daily +4 rows/)
})

it('repeats a run whose universe has changed since, from the copy in the archive', async () => {
  await subject.load()
  await writeFile(join(subject.root, 'universe.csv'), 'source_id,ticker\nx:first,NEW\n')
  await subject.load()
  const { exitCode, stdout, stderr } = await subject.rebuild()
  expect(exitCode, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/equal +stocks_research\.securities +3 rows/)
})

it('is refused without a finished run, and with another universe than that of the run', async () => {
  const empty = await subject.rebuild()
  expect([empty.exitCode, empty.stderr]).toEqual([1, expect.stringContaining('has no run of all seven jobs')])
  await subject.load()
  await appendFile(join(subject.root, 'universe.csv'), 'x:late,LATE\n')
  await rm(join(subject.root, 'archive', 'universes'), { recursive: true })
  const other = await subject.rebuild()
  expect([other.exitCode, other.stderr]).toEqual([1, expect.stringContaining('is not the one of run')])
})
