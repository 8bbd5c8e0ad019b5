import { expect, onTestFinished, test } from 'vitest'
import { scratchDatabase } from '../../helpers/testing/scratch.ts'
import type { JobName } from '../contract/job.ts'
import { ingestDelivery, SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'

const JOBS = ['securities', 'ticker-history', 'prices-daily'] as const

async function setUp() {
  const scratch = await scratchDatabase({ migrated: true })
  onTestFinished(scratch.drop)
  return { ...scratch, root: await writeDelivery(SMALL_DELIVERY) }
}

test('each job of a run waits for beforeJob, and the run is one', async () => {
  const { connection, db, root } = await setUp()
  const steps: string[] = []
  const { state, run_id } = await ingestDelivery(connection, root, {
    jobs: JOBS,
    beforeJob: async (job) => {
      const [{ rows } = { rows: 0 }] = await db.rows<{ rows: number }>(
        'select count(*)::int as rows from ingestion.items where job = $1',
        [job],
      )
      steps.push(`before ${job}: ${rows} work items`)
    },
    onJob: ({ job }) => void steps.push(`after ${job}`),
  })
  expect(state).toBe('complete')
  expect(steps).toEqual(JOBS.flatMap((job) => [`before ${job}: 0 work items`, `after ${job}`]))
  expect(await db.rows('select run_id, jobs from ingestion.runs')).toEqual([{ run_id, jobs: [...JOBS] }])
})

test('a run that is stopped before a job is interrupted, and one resume does the rest', async () => {
  const { connection, root } = await setUp()
  const stop = new AbortController()
  const stopAt = async (job: JobName): Promise<void> => {
    if (job === 'ticker-history') stop.abort()
  }
  const first = await ingestDelivery(connection, root, {
    jobs: JOBS,
    signal: stop.signal,
    beforeJob: stopAt,
  })
  expect(first).toMatchObject({ state: 'interrupted', jobs: [{ job: 'securities' }] })
  const resumed = await ingestDelivery(connection, root, { jobs: JOBS, resume_run_id: first.run_id })
  expect(resumed).toMatchObject({ run_id: first.run_id, state: 'complete' })
  expect(resumed.jobs.map(({ job, items }) => `${job}: ${items.ok} ok`)).toEqual([
    'securities: 3 ok',
    'ticker-history: 3 ok',
    'prices-daily: 3 ok',
  ])
})
