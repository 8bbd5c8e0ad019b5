/** The bench measures each stage, and an export, on a market of three securities. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { measureExport } from './export.ts'
import { measureLoads } from './loads.ts'
import { writeReport } from './report.ts'
import { measureResearch } from './research.ts'

const SIZE = { securities: 3, sessions: 80, filers: 2, facts: 700 }
const folder = (): Promise<string> => mkdtemp(join(inject('testDirectory'), 'bench-'))

it('every stage of a market is measured once a round, and no database is left', async () => {
  const maintenance = inject('testServer')
  // Those of this process: other files work on the server at the same time.
  const databases = () =>
    withDatabase(maintenance, (db) =>
      db.rows("select from pg_database where datname like 'restore_drill_%' || $1", [`_${process.pid}`]),
    )
  const directory = await folder()
  const bench = { maintenance, directory, size: SIZE, seed: 1, rounds: 1, say: () => {} }
  const measured = await measureLoads(bench)
  measured.push(...(await measureResearch(bench, join(directory, 'delivery'))))
  expect(measured.map(({ stage }) => stage)).toEqual(
    expect.arrayContaining([
      'prices_daily: first load',
      'prices_daily: again, same bytes',
      'prices_daily: again, --full',
      'prices_daily: 1 % of rows changed, --full',
      'fundamentals_raw: first load',
      'factors for the whole market',
      'quarters and standard items',
      'scan of the adjusted view',
    ]),
  )
  for (const { ours_ms, baseline_ms } of measured)
    expect([ours_ms.length, baseline_ms.length]).toEqual([1, 1])
  expect(await databases()).toEqual([])
  const files = await writeReport(directory, {
    measured,
    memory: [{ securities: 3, bytes: 1 }],
    not_tried: [],
    options: {},
    server_version: '',
  })
  const [json = '', page = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  expect(JSON.parse(json).measured).toHaveLength(measured.length)
  expect(page).toContain('<svg')
})

it('an export is killed and resumed, equal by DuckDB, and a changed byte is noticed', async () => {
  const maintenance = inject('testServer')
  const bench = { maintenance, directory: await folder(), size: SIZE, seed: 1, rounds: 1, say: () => {} }
  const measured = await measureExport(bench)
  expect(measured.map(({ stage }) => stage)).toEqual([
    'export, resumed after a kill',
    'export compared by DuckDB',
    'export verified, with a changed byte',
  ])
  expect(measured[0]?.rows).toBeGreaterThan(2 * SIZE.securities * SIZE.sessions)
})
