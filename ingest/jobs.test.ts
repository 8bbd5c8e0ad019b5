import { expect, it } from 'vitest'
import { JOB_NAMES } from './contract/job.ts'
import { JOBS, jobsInOrder } from './jobs.ts'

it('there are the seven jobs, each once, and none needs what comes after it', () => {
  expect(JOBS.map(({ name }) => name)).toEqual(JOB_NAMES)
  const ordered = jobsInOrder(JOB_NAMES)
  expect(ordered.length).toBe(7)
  for (const [at, job] of ordered.entries()) {
    const before = ordered.slice(0, at).map(({ name }) => name)
    expect(before).toEqual(expect.arrayContaining([...job.needs]))
  }
})

it('jobs come after what they need, however they are asked for and listed', () => {
  expect(jobsInOrder(['fundamentals-raw', 'prices-daily', 'securities']).map(({ name }) => name)).toEqual([
    'securities',
    'prices-daily',
    'fundamentals-raw',
  ])
  for (const job of jobsInOrder(JOB_NAMES, JOBS.toReversed()).entries()) {
    const before = jobsInOrder(JOB_NAMES, JOBS.toReversed())
      .slice(0, job[0])
      .map(({ name }) => name)
    expect(before).toEqual(expect.arrayContaining([...job[1].needs]))
  }
})

it('jobs that need each other in a circle are refused by name', () => {
  const circle = JOBS.map((job) =>
    job.name === 'securities' ? { ...job, needs: ['prices-daily' as const] } : job,
  )
  expect(() => jobsInOrder(JOB_NAMES, circle)).toThrow('securities → prices-daily → securities')
})

it('no job writes to a table or a column of another one', () => {
  expect(new Set(JOBS.map(({ table }) => table)).size).toBe(JOBS.length)
  for (const { key, values } of JOBS)
    expect(new Set([...key, ...values]).size).toBe(key.length + values.length)
})
