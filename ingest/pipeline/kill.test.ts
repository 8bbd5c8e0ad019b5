import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { childEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import { runs } from '../../helpers/testing/runs.ts'
import { type Scratch, scratchDatabase } from '../../helpers/testing/scratch.ts'
import { sessions } from '../calendar/xnys.ts'
import { contentOf, ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'

/** Loads, each killed up to three times. */
const ROUNDS = runs(4, 1)
const RUN = join(ROOT_DIRECTORY, 'ingest', 'run.ts')
const SECURITIES = Array.from({ length: 40 }, (_, at) => `k:${String(at).padStart(2, '0')}`)
const days = sessions('2019-01-02', '2020-07-31').map(({ session_date }) => session_date)

let root: string
let clean: Record<string, string[]>
beforeAll(async () => {
  const table = (header: string, row: (id: string) => string): string =>
    [header, ...SECURITIES.map(row), ''].join('\n')
  root = await writeDelivery({
    'universe.csv': table('source_id,ticker', (id) => `${id},T${id.slice(2)}`),
    'securities/s.csv': table(
      'source_id,ticker,cik,list_date',
      (id) => `${id},T${id.slice(2)},9${id.slice(2)},2010-01-04`,
    ),
    'ticker_history/t.csv': table('source_id,ticker,valid_from', (id) => `${id},T${id.slice(2)},2010-01-04`),
    'prices_daily/p.csv': [
      'source_id,date,close',
      ...days.flatMap((day, at) => SECURITIES.map((id, no) => `${id},${day},${at + 1}.${no}1`)),
      'k:00,2009-01-05,1',
    ].join('\n'),
    'dividends/d.csv': table('source_id,ex_date,amount', (id) => `${id},2019-06-03,0.5`),
    'fundamentals/f.csv': table(
      'cik,taxonomy,tag,unit,end,value,accession,filed',
      (id) => `9${id.slice(2)},us-gaap,Assets,USD,2019-12-31,7,a,2020-02-03`,
    ),
  })
  const scratch = await scratchDatabase({ migrated: true })
  await ingestDelivery(scratch.connection, root)
  clean = await contentOf(scratch.db)
  await scratch.drop()
})

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase({ migrated: true })
})
afterAll(() => scratch.drop())

/**
 * The real runner, in a process of its own; its groups are as small as an item, so that a kill has many
 * places to hit.
 */
function start(...args: string[]) {
  const { host, port, user, password, database } = scratch.connection
  return execa(process.execPath, [RUN, ...args, '--group-rows', '1'], {
    env: {
      ...childEnvironment(),
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      ...(password === undefined ? {} : { PGPASSWORD: password }),
      BOOTSTRAP_STATE: root,
      BOOTSTRAP_SOURCE: `flat-files:${root}`,
      BOOTSTRAP_UNIVERSE: join(root, 'universe.csv'),
      BOOTSTRAP_START: '2000-01-01',
      BOOTSTRAP_END: '2020-12-31',
    },
    extendEnv: false,
    reject: false,
  })
}

it('a run that is killed at any moment and resumed has the content of a clean run', async () => {
  let kills = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    await scratch.db.execute(
      `truncate stocks_research.securities, ingestion.runs, ingestion.items, ingestion.rejects,
         ingestion.findings, stocks_research.fundamentals_raw, stocks_research.fundamentals_derived,
         stocks_research.fundamentals_standard cascade`,
    )
    let child = start('run', 'all')
    // Kill when the ledger has come to a random place, so that the kills spread over all jobs whatever the
    // speed of the machine.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      // The first place is one that every run reaches: a round without a kill proves nothing.
      const jobs = attempt === 0 ? 5 : 8
      const place = Math.floor(Math.random() * jobs * SECURITIES.length)
      const ended = child.then(() => true)
      while (!(await Promise.race([ended, sleep(2, false)]))) {
        const { place: reached } = await scratch.db.one<{ place: number }>(
          `select
             coalesce(sum(case status when 'pending' then 0 when 'running' then 0.5 else 1 end), 0)::float8
               as place
           from ingestion.items`,
        )
        if (reached > place) child.kill('SIGKILL')
      }
      if ((await child).signal !== 'SIGKILL') break
      kills += 1
      const runs = await scratch.db.rows('select from ingestion.runs')
      child = runs.length === 0 ? start('run', 'all') : start('resume')
    }
    const { exitCode, stdout, stderr } = await child
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 })
    expect(await contentOf(scratch.db)).toEqual(clean)
    const ledger = await scratch.db.rows(
      `select status, count(*)::integer as items
       from ingestion.items
       where job = 'prices-daily'
       group by status`,
    )
    expect(ledger).toEqual([{ status: 'ok', items: SECURITIES.length }])
    const rejects = await scratch.db.rows('select item, kind from ingestion.rejects')
    expect(rejects).toEqual([{ item: 'k:00', kind: 'foreign' }])
    const unmarked = await scratch.db.rows(
      `select from ingestion.table_changes where run_id is null and operation <> 'TRUNCATE'`,
    )
    expect(unmarked).toEqual([])
  }
  expect(kills).toBeGreaterThan(0)
}, 600_000)

it('a run that is interrupted finishes its group, says so, and is resumed', async () => {
  const child = start('run', 'prices-daily', '--start', '2000-01-01')
  while ((await scratch.db.rows(`select from ingestion.runs where state = 'running'`)).length === 0)
    await sleep(2)
  child.kill('SIGINT')
  const { exitCode, stdout } = await child
  if (exitCode !== 0) {
    expect(exitCode).toBe(130)
    expect(stdout).toMatch(
      /interrupted\. It was stopped by a signal\. Resume it\.[\s\S]*run\.ts resume [0-9a-f-]{36}/,
    )
  }
  expect((await start('resume')).exitCode).toBe(0)
  expect(await contentOf(scratch.db)).toEqual(clean)
})
