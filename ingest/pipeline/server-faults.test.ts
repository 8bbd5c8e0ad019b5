/**
 * What a database server in trouble does to a run: on a server of this file's own, which is really crashed
 * and really full.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { type Database, openDatabase, withDatabase } from '../../helpers/postgres/database.ts'
import { handOver, serverUser } from '../../helpers/postgres/os-user.ts'
import { type OwnCluster, ownCluster } from '../../helpers/testing/own-cluster.ts'
import { sessions } from '../calendar/xnys.ts'
import { flatFiles } from '../providers/flat-files/index.ts'
import { contentOf, ingestDelivery, writeDelivery } from '../testing/flat-files/delivery.ts'

const IDS = Array.from({ length: 20 }, (_, at) => `f:${String(at).padStart(2, '0')}`)
const DAYS = sessions('2010-01-04', '2017-12-29').map(({ session_date }) => session_date)

let own: OwnCluster
let root: string
let connection: Connection
let db: Database
beforeAll(async () => {
  own = await ownCluster()
  root = await writeDelivery({
    'universe.csv': ['source_id,ticker', ...IDS.map((id) => `${id},T${id.slice(2)}`)].join('\n'),
    'securities/s.csv': [
      'source_id,ticker,list_date',
      ...IDS.map((id) => `${id},T${id.slice(2)},2009-01-02`),
    ].join('\n'),
    'prices_daily/p.csv': [
      'source_id,date,close',
      ...IDS.flatMap((id) => DAYS.map((day, at) => `${id},${day},${at + 1}.25`)),
    ].join('\n'),
  })
})
afterAll(async () => {
  await own.stop()
  await rm(root, { recursive: true, force: true })
})
beforeEach(async () => {
  connection = { ...own.connection, database: 'target' }
  await withDatabase(own.connection, (maintenance) =>
    maintenance.execute('create database target template template0'),
  )
  await migrate(connection, join(ROOT_DIRECTORY, 'migrations'))
  db = openDatabase(connection)
})
afterEach(async () => {
  await db.close()
  await withDatabase(own.connection, (maintenance) =>
    maintenance.execute('drop database target with (force)'),
  )
})

const JOBS = ['securities', 'ticker-history', 'prices-daily'] as const
const load = (rest: Parameters<typeof ingestDelivery>[2] = {}) =>
  ingestDelivery(connection, root, { jobs: JOBS, group_rows_max: 5_000, ...rest })

/** Securities of which some bars are in and others are not. */
const halves = () =>
  db.rows(
    `select security_id, count(*)::int as bars
     from stocks_research.prices_daily
     group by 1
     having count(*) <> ${DAYS.length}
     order by 1`,
  )

it('a server crash during a COPY fails the run; the next run has the content of a clean one', async () => {
  const provider = flatFiles(root)
  let pages = 0
  const crashing = {
    ...provider,
    async *read(...args: Parameters<typeof provider.read>) {
      for await (const page of provider.read(...args)) {
        yield page
        if (args[0].dataset !== 'prices_daily') continue
        pages += 1
        if (pages === 2) await own.restart()
      }
    },
  }
  await expect(load({ providers: [crashing] })).rejects.toThrow(/PostgreSQL refused|terminat|connection/i)
  expect(pages, 'it crashed while rows were on their way').toBeGreaterThan(1)
  expect(await halves()).toEqual([])
  expect((await load()).state).toBe('complete')
  const crashed = await contentOf(db)
  const { state } = await load()
  expect(state).toBe('complete')
  expect(await contentOf(db), 'and a further one changes nothing').toEqual(crashed)
  expect(crashed['prices_daily']).toHaveLength(IDS.length * DAYS.length)
  const states = await db.rows('select state from ingestion.runs order by started_at')
  expect(states.map((row) => row['state'])).toEqual(['interrupted', 'complete', 'complete'])
})

/**
 * A small file system of ours, which PostgreSQL may write to; undefined where none can be mounted, which only
 * root on Linux can.
 */
async function smallDisk(): Promise<{ directory: string; remove: () => Promise<void> } | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'small-disk-'))
  const mounted =
    process.platform === 'linux' &&
    (await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { reject: false }))
      .exitCode === 0
  if (mounted) await handOver(await serverUser(), directory)
  const remove = async (): Promise<void> => {
    if (mounted) await execa('umount', [directory])
    await rm(directory, { recursive: true, force: true })
  }
  if (mounted) return { directory, remove }
  await remove()
  return undefined
}

const disk = await smallDisk()
afterAll(() => disk?.remove())

if (disk !== undefined) {
  it('a full server disk fails the run, leaves no partial security, and is recovered later', async () => {
    await db.execute(`create tablespace small location '${disk.directory}'`)
    await db.execute('alter table stocks_research.prices_daily set tablespace small')
    try {
      await expect(load()).rejects.toMatchObject({
        name: 'DatabaseError',
        sqlstate: '53100',
        message: expect.stringMatching(/No space left/),
      })
      const [run] = await db.rows('select state, state_reason from ingestion.runs')
      expect(run).toEqual({ state: 'failed', state_reason: expect.stringMatching(/No space left/) })
      expect(await halves()).toEqual([])
    } finally {
      await db.execute('alter table stocks_research.prices_daily set tablespace pg_default')
      await db.execute('drop tablespace small')
    }
    expect((await load()).state).toBe('complete')
    expect((await contentOf(db))['prices_daily']).toHaveLength(IDS.length * DAYS.length)
  })
}
