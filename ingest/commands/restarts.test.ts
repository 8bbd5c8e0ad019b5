/** A server that restarts while a command loads data: it is waited for, and the content is complete. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type OwnCluster, ownCluster } from '../../helpers/testing/own-cluster.ts'
import { sessions } from '../calendar/xnys.ts'
import { contentOf, writeDelivery } from '../testing/flat-files/delivery.ts'

const RESTARTS = 3
const POLL_MS = 20
const PAUSE_MS = 1_500
const IDS = Array.from({ length: 40 }, (_, at) => `f:${String(at).padStart(2, '0')}`)
const DAYS = sessions('2010-01-04', '2017-12-29').map(({ session_date }) => session_date)
const JOBS = ['securities', 'ticker-history', 'prices-daily']

let own: OwnCluster
let root: string
beforeAll(async () => {
  own = await ownCluster()
  const universe = ['source_id,ticker', ...IDS.map((id) => `${id},T${id.slice(2)}`)].join('\n')
  root = await writeDelivery({
    'universe.csv': universe,
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

const databaseNamed = async (name: string): Promise<Connection> => {
  await withDatabase(own.connection, (db) => db.execute(`create database ${name} template template0`))
  const connection = { ...own.connection, database: name }
  await migrate(connection, join(ROOT_DIRECTORY, 'migrations'))
  return connection
}
const command = ({ host, port, user, password = '', database }: Connection, ...args: string[]) =>
  execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
    env: ownEnvironment({
      ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database },
      PGSSLMODE: 'disable',
      BOOTSTRAP_SOURCE: `flat-files:${root}`,
      BOOTSTRAP_UNIVERSE: join(root, 'universe.csv'),
      BOOTSTRAP_START: '2010-01-04',
      BOOTSTRAP_END: '2017-12-29',
      BOOTSTRAP_STATE: join(root, 'state'),
    }),
    extendEnv: false,
    reject: false,
    all: true,
  })
const hasBegun = (connection: Connection): Promise<boolean> =>
  withDatabase(connection, async (db) => {
    const done = await db.rows("select from ingestion.items where job = 'prices-daily' and status = 'ok'")
    return done.length > 0
  })
const hashesOf = (connection: Connection) => withDatabase(connection, contentOf)

test('run waits for a server that restarts, resumes, and loads the same content', async () => {
  const clean = await databaseNamed('clean')
  expect((await command(clean, 'run', ...JOBS)).exitCode).toBe(0)

  const target = await databaseNamed('target')
  const running = command(target, 'run', ...JOBS, '--group-rows', '2000')
  let hasEnded = false
  void running.finally(() => {
    hasEnded = true
  })
  let restarts = 0
  while (restarts < RESTARTS && !hasEnded) {
    await sleep(restarts === 0 ? POLL_MS : PAUSE_MS)
    if (hasEnded) break
    if (restarts === 0 && !(await hasBegun(target))) continue
    await own.restart()
    restarts += 1
  }
  const { exitCode, all } = await running
  expect(restarts).toBeGreaterThan(0)
  expect(all).toContain('The server answers again, and the run continues.')
  expect(all).toMatch(/^PostgreSQL ended the connection: .+/m)
  expect(exitCode, all).toBe(0)
  expect(await hashesOf(target)).toEqual(await hashesOf(clean))
}, 300_000)
