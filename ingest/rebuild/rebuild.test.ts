import { expect, it } from 'vitest'
import { rebuiltDelivery } from '../testing/commands/rebuilt-delivery.ts'

const subject = rebuiltDelivery()

it('says table by table that the rebuilt database is equal, and leaves none behind', async () => {
  await subject.load()
  const { exitCode, stdout, stderr } = await subject.rebuild()
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toMatch(/equal +stocks_research\.prices_daily +\d+ rows +SHA-256 [0-9a-f]{64}/)
  expect(stdout).toMatch(/has the same content \([0-9a-f]{64}\)/)
  expect(await subject.databasesNamed(/as (restore_drill_\w+):/.exec(stdout)?.[1] ?? '')).toEqual([])
})
