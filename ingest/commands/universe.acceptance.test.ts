import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { deliveryEnvironment } from '../testing/commands/delivery-environment.ts'
import { inProcess } from '../testing/commands/in-process.ts'
import { SMALL_DELIVERY, writeDelivery } from '../testing/flat-files/delivery.ts'
import { coverageOf } from '../validation/coverage.ts'

/** A delivery of three securities; the universe has the first two, and the third was delisted in 2020. */
let scratch: Scratch
let root: string
let universe: string
beforeEach(async () => {
  scratch = await scratchDatabase({ migrated: true })
  onTestFinished(() => scratch.drop())
  root = await writeDelivery(SMALL_DELIVERY)
  universe = join(root, 'mine.csv')
  await writeFile(universe, 'source_id,ticker\nx:first,NEW\nx:second,OLD\n')
  const bootstrap = JSON.parse(await readFile(join(ROOT_DIRECTORY, 'bootstrap.json'), 'utf8'))
  Object.assign(bootstrap.thresholds, { newest_bar_max_sessions: 1e5, security_bar_max_sessions: 1e5 })
  await writeFile(join(root, 'bootstrap.json'), JSON.stringify(bootstrap))
})

const command = (args: readonly string[], env: Record<string, string> = {}) =>
  inProcess(
    args,
    deliveryEnvironment(scratch.connection, root, {
      BOOTSTRAP_FILE: join(root, 'bootstrap.json'),
      BOOTSTRAP_UNIVERSE: universe,
      ...env,
    }),
  )
async function succeeds(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await command(args, env)
  expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 })
  return stdout
}
const barsOf = async (source_id: string): Promise<unknown[]> =>
  (
    await scratch.db.rows<{ trade_date: string }>(
      `select trade_date from stocks_research.prices_daily join stocks_research.securities using (security_id)
       where source_id = $1 order by 1`,
      [source_id],
    )
  ).map(({ trade_date }) => trade_date)

test('the next daily run loads the whole history of an added security, also when it had ended', async () => {
  await succeeds(['run', 'all'])
  await succeeds(['universe', 'diff'])
  const added = await succeeds(['universe', 'add', 'x:third', 'GONE'])
  expect(added).toMatch(
    /x:third \(GONE\) was added to .*mine\.csv\. The next run or daily loads its whole history/,
  )
  const diff = await command(['universe', 'diff'])
  expect(diff).toMatchObject({
    exitCode: 1,
    stdout: expect.stringMatching(/not loaded yet.* \(1\):\n {2}x:third {2}GONE/),
  })
  expect(await barsOf('x:third')).toEqual([])
  const loaded = await succeeds(['daily'])
  expect(loaded).toMatch('history requested again for: x:third')
  expect(await barsOf('x:third')).toEqual(['2020-01-30'])
  expect(await succeeds(['daily']), 'once').toMatch('history requested again for: none')
})

test('a removed security keeps its rows, is marked, and leaves coverage; it may come back', async () => {
  await succeeds(['run', 'all'])
  const window = { start_date: '2020-03-02', end_date: '2020-03-06' }
  const before = await coverageOf(scratch.db, window)
  expect(before.total).toMatchObject({ expected: 5, present: 1 })
  const removed = await succeeds(['universe', 'remove', 'x:second', '--reason', 'not needed'])
  expect(removed).toMatch(/Its 1 bar and all other rows stay in scratch_\w+, marked/)
  expect(await readFile(universe, 'utf8')).toBe('source_id,ticker\nx:first,NEW\n')
  expect(await barsOf('x:second')).toEqual(['2020-03-02'])
  expect((await coverageOf(scratch.db, window)).total).toMatchObject({ expected: 0, present: 0 })
  expect(await scratch.db.rows('select reason from ingestion.removed_securities')).toEqual([
    { reason: 'not needed' },
  ])
  await succeeds(['universe', 'diff'])
  await succeeds(['daily'])
  expect(await barsOf('x:second'), 'also after the next run').toEqual(['2020-03-02'])

  await writeFile(universe, 'source_id,ticker\nx:first,NEW\nx:second,OLD\n')
  expect((await command(['universe', 'diff'])).stdout).toMatch(/marked as removed.* \(1\):\n {2}x:second/)
  await succeeds(['daily'])
  expect(await scratch.db.rows('select from ingestion.removed_securities')).toEqual([])
})

test('a security that left the file by hand is named by diff, and remove marks it', async () => {
  await succeeds(['run', 'all'])
  await writeFile(universe, 'source_id,ticker\nx:first,NEW\n')
  expect((await command(['universe', 'diff'])).stdout).toMatch(
    /not in the universe, not marked.*:\n {2}x:second/,
  )
  await succeeds(['universe', 'remove', 'x:second'])
  expect(await succeeds(['universe', 'diff'])).toMatch(/has the 1 security of .*, and no other\./)
  const unknown = await command(['universe', 'remove', 'x:nobody'])
  expect(unknown).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/Neither .* nor .* has x:nobody/),
  })
})

test('a window that begins earlier loads only the days before', async () => {
  await succeeds(['run', 'all'], { BOOTSTRAP_START: '2020-02-03' })
  expect(await barsOf('x:first')).toEqual(['2020-02-03'])
  await succeeds(['daily'])
  expect(await barsOf('x:first')).toEqual(['2020-01-31', '2020-02-03'])
  const windows = await scratch.db.rows(
    `select distinct start_date, end_date from ingestion.items
     where job = 'prices-daily' and start_date < '2020-02-03'`,
  )
  expect(windows).toEqual([{ start_date: '2015-01-02', end_date: '2020-02-03' }])
  const { runs } = await scratch.db.one<{ runs: number }>('select count(*)::int as runs from ingestion.runs')
  await succeeds(['daily'])
  const again = await scratch.db.one<{ runs: number }>('select count(*)::int as runs from ingestion.runs')
  expect(again.runs, 'one run more: nothing is missing').toBe(runs + 1)
})

test('wrong use of universe, and the universe of a rehearsal, are refused', async () => {
  expect((await command(['universe', 'add', 'x:third'])).exitCode).toBe(2)
  expect((await command(['universe', 'shrink'])).exitCode).toBe(2)
  const rehearsal = await command(['universe', 'add', 'a', 'A'], { BOOTSTRAP_SOURCE: 'rehearsal' })
  expect(rehearsal).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/is used by a rehearsal/) })
})
