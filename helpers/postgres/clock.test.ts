import { join } from 'node:path'
import { execa } from 'execa'
import { expect, inject, test } from 'vitest'
import { childEnvironment } from '../config/children.ts'
import { ROOT_DIRECTORY } from '../config/config.ts'
import { CLOCK_OFFSET_MAX_MS, clockOffset } from './clock.ts'
import { withDatabase } from './database.ts'

const offsetOf = (now?: () => number): Promise<number> =>
  withDatabase(inject('testServer'), (db) => clockOffset(db, now))

test('a clock that is wrong is beyond the bound in either direction, and a right one within it', async () => {
  const HOUR_MS = 3_600_000
  expect(Math.abs(await offsetOf())).toBeLessThanOrEqual(CLOCK_OFFSET_MAX_MS)
  expect(await offsetOf(() => Date.now() - HOUR_MS)).toBeGreaterThan(HOUR_MS - CLOCK_OFFSET_MAX_MS)
  expect(await offsetOf(() => Date.now() + HOUR_MS)).toBeLessThan(CLOCK_OFFSET_MAX_MS - HOUR_MS)
})

test('an hour that the time zone repeats gives two backup names, in UTC and in order', async () => {
  const { href } = new URL(`file://${join(ROOT_DIRECTORY, 'helpers/backup/manifest.ts')}`)
  const script = `import { backupName } from ${JSON.stringify(href)}
    const at = ['2024-11-03T05:30:00Z', '2024-11-03T06:30:00Z'].map((time) => new Date(time))
    console.log(JSON.stringify([at.map((each) => each.getHours()), at.map(backupName)]))`
  const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...childEnvironment(), TZ: 'America/New_York' },
    extendEnv: false,
  })
  expect(JSON.parse(stdout)).toEqual([
    [1, 1],
    ['full_20241103_0530', 'full_20241103_0630'],
  ])
})
