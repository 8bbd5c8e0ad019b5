import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { universeCsv } from '../../helpers/simulator/market/flat-files.ts'
import { createWorld } from '../../helpers/simulator/market/world.ts'
import { type Market, startMarketServers } from '../../helpers/simulator/servers/servers.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { contentOf } from '../testing/flat-files/delivery.ts'

const KILLS = runs(20)
/**
 * Requests that all clients together may have under way: what was answered to none of them may be asked
 * again.
 */
const IN_FLIGHT_MAX = 6
const JOBS = ['securities', 'ticker-history', 'prices-daily', 'corporate-actions', 'fundamentals-raw']

// A year of the market, and the securities that traded in it: as many jobs and pages, and fewer bars.
const START_DATE = '2024-01-02'
const everything = createWorld({ seed: 'killed twenty times', securities: 60 })
const world = {
  ...everything,
  securities: everything.securities.filter(({ bars }) => (bars.at(-1)?.date ?? '') >= START_DATE),
}
let directory: string
let market: Market
const scratches: Scratch[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'killed-'))
  await writeFile(join(directory, 'universe.csv'), universeCsv(world))
  market = await startMarketServers(world, { limits: { sec: null, alpaca: null } })
})
afterAll(async () => {
  await market?.stop()
  for (const { drop } of scratches) await drop()
  await rm(directory, { recursive: true, force: true })
})

/** The real runner, in a process of its own. */
function runner({ connection }: Scratch, state: string, ...args: string[]) {
  const { host, port, user, password, database } = connection
  return execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
    env: {
      ...childEnvironment(),
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      ...(password === undefined ? {} : { PGPASSWORD: password }),
      BOOTSTRAP_STATE: join(directory, state),
      BOOTSTRAP_SOURCE: 'rehearsal',
      BOOTSTRAP_STAND_INS: Object.entries(market.stand_ins)
        .map((pair) => pair.join('='))
        .join(),
      BOOTSTRAP_UNIVERSE: join(directory, 'universe.csv'),
      BOOTSTRAP_START: START_DATE,
      BOOTSTRAP_END: world.end_date,
    },
    extendEnv: false,
    reject: false,
    all: true,
  })
}

async function scratchOf(): Promise<Scratch> {
  const scratch = await scratchDatabase({ migrated: true })
  scratches.push(scratch)
  return scratch
}

test('a load that is killed at random moments and resumed equals a clean one without repeats', async () => {
  const clean = await scratchOf()
  expect((await runner(clean, 'clean', 'run', ...JOBS)).exitCode).toBe(0)
  const asked_by_clean = market.log.length

  // Kill after a random number of further requests, so that the kills spread over the load whatever the speed
  // of the machine.
  const killed = await scratchOf()
  let kills = 0
  let child = runner(killed, 'killed', 'run', ...JOBS)
  while (kills < KILLS) {
    const until = market.log.length + 1 + Math.floor((Math.random() * 2 * asked_by_clean) / KILLS)
    const ended = child.then(() => true)
    while (market.log.length < until && !(await Promise.race([ended, sleep(1, false)])));
    child.kill('SIGKILL')
    if ((await child).signal !== 'SIGKILL') break
    kills += 1
    const runs = await killed.db.rows('select from ingestion.runs')
    child = runs.length === 0 ? runner(killed, 'killed', 'run', ...JOBS) : runner(killed, 'killed', 'resume')
  }
  const { exitCode, all } = await child
  expect(exitCode, String(all)).toBe(0)
  expect(kills).toBeGreaterThan(KILLS / 4)
  expect(await contentOf(killed.db)).toEqual(await contentOf(clean.db))
  const asked_by_killed = market.log.length - asked_by_clean
  expect(asked_by_killed - asked_by_clean).toBeLessThanOrEqual(kills * IN_FLIGHT_MAX)
}, 600_000)

test('no key is in what the load has left behind', async () => {
  const { REHEARSAL_CREDENTIALS } = await import('./credentials.ts')
  const { globSync } = await import('node:fs')
  const files = globSync(`${directory}/**/*.{json,jsonl,log}`)
  expect(files.length).toBeGreaterThan(50)
  const secret = REHEARSAL_CREDENTIALS['APCA_API_SECRET_KEY'] ?? ''
  for (const file of files) expect(await readFile(file, 'utf8'), file).not.toContain(secret)
})
