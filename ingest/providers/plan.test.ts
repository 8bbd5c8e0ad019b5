import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLog } from '../../helpers/core/log.ts'
import type { JobName } from '../contract/job.ts'
import type { Universe } from '../universe/read.ts'
import { openHttpProviders } from './live.ts'
import { describePlan } from './plan.ts'

const window = { start_date: '2020-01-02', end_date: '2024-12-31' }
/** Two securities of one filer, one of another, and one whose filer is not known yet: three requests. */
const universe: Universe = {
  file: 'universe.csv',
  sha256: '0'.repeat(64),
  members: [
    { source_id: 'a', ticker: 'MOG.A', cik: '0000067887' },
    { source_id: 'b', ticker: 'MOG.B', cik: '0000067887' },
    { source_id: 'c', ticker: 'PLYM', cik: '0001515816' },
    { source_id: 'd', ticker: 'LAZR' },
  ],
}
const planFor = async (jobs: readonly JobName[]) => {
  const bootstrap = JSON.parse(await readFile(join(import.meta.dirname, '../../bootstrap.json'), 'utf8'))
  const folder = tmpdir()
  const http = openHttpProviders(
    {
      source: { mode: 'rehearsal' },
      directories: { data: folder, archive: folder, backups: folder, reports: folder },
      providers: { variables: new Map(), set: bootstrap.provider_sets['free-keys'], stand_ins: {} },
    },
    { log: silentLog() },
  )
  return http.plan(jobs, universe, window).finally(http.close)
}

test('a plan has one line for a job, with what is loaded beside its own dataset', async () => {
  const plan = await planFor(['fundamentals-raw'])
  expect(describePlan(plan).filter((line) => line.includes('fundamentals-raw'))).toEqual([
    '  fundamentals-raw: 6 requests (fundamentals 3, filings 3), batches: 2, 0.001 GB',
  ])
  expect([plan.requests, plan.lines[0]?.requests]).toEqual([6, 6])
})

test('filings are not counted again beside the corporate actions of the same answers', async () => {
  const plan = await planFor(['corporate-actions', 'fundamentals-raw'])
  const of_sec = plan.lines.find(({ provider }) => provider === 'sec-edgar')
  expect(of_sec?.jobs.map(({ job, requests, datasets }) => [job, requests, datasets.length])).toEqual([
    ['corporate-actions', 3, 1],
    ['fundamentals-raw', 3, 1],
  ])
  expect(describePlan(plan).filter((line) => line.startsWith('  fundamentals-raw'))).toHaveLength(1)
})

test('a job that several providers serve has one line at each of them', async () => {
  const lines = describePlan(await planFor(['securities', 'ticker-history', 'prices-daily']))
  const of_jobs = lines.filter((line) => /^ {2}(securities|ticker-history|prices-daily): /.test(line))
  expect(of_jobs.map((line) => line.split(':')[0]?.trim()).toSorted()).toEqual([
    'prices-daily',
    'securities',
    'securities',
    'securities',
    'ticker-history',
  ])
  expect(of_jobs.filter((line) => line.includes('('))).toEqual([])
})
