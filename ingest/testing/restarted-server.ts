/** A load by the real runner, on a server of its own that can be restarted under it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { ownEnvironment } from '../../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { type OwnCluster, ownCluster } from '../../helpers/testing/own-cluster.ts'
import { sessions } from '../calendar/xnys.ts'
import { contentOf, writeDelivery } from './flat-files/delivery.ts'

const POLL_MS = 20
const CONTINUES = /The server answers again, and the run continues/g
const IDS = Array.from({ length: 40 }, (_, at) => `f:${String(at).padStart(2, '0')}`)
const DAYS = sessions('2010-01-04', '2017-12-29').map(({ session_date }) => session_date)

/** What a command ended with, and how often the server was restarted meanwhile. */
export interface Restarted {
  readonly exitCode: number | undefined
  readonly all: string
  readonly restarts: number
}

export class RestartedServer {
  readonly #own: OwnCluster
  readonly #root: string

  private constructor(own: OwnCluster, root: string) {
    this.#own = own
    this.#root = root
  }
  static async start(): Promise<RestartedServer> {
    const universe = ['source_id,ticker', ...IDS.map((id) => `${id},T${id.slice(2)}`)]
    const securities = IDS.map((id) => `${id},T${id.slice(2)},2009-01-02`)
    const prices = IDS.flatMap((id) => DAYS.map((day, at) => `${id},${day},${at + 1}.25`))
    const root = await writeDelivery({
      'universe.csv': universe.join('\n'),
      'securities/s.csv': ['source_id,ticker,list_date', ...securities].join('\n'),
      'prices_daily/p.csv': ['source_id,date,close', ...prices].join('\n'),
    })
    return new RestartedServer(await ownCluster(), root)
  }
  async stop(): Promise<void> {
    await this.#own.stop()
    await rm(this.#root, { recursive: true, force: true })
  }

  async databaseNamed(name: string): Promise<Connection> {
    const create = `create database ${name} template template0`
    await withDatabase(this.#own.connection, (db) => db.execute(create))
    const connection = { ...this.#own.connection, database: name }
    await migrate(connection, join(ROOT_DIRECTORY, 'migrations'))
    await withDatabase(connection, (db) =>
      db.execute(
        `insert into ingestion.environment (mode, made_by_run_id, product_version)
         values ('flat-files', 'r', '0')`,
      ),
    )
    return connection
  }

  /**
   * Runs a command, and restarts the server so often, with that pause between: `run` once it has stored
   * prices, `daily` once it has recorded its run.
   */
  async run(
    { host, port, user, password = '', database }: Connection,
    args: readonly string[],
    restarts_max = 0,
    pause_ms = 300,
    end_date = '2017-12-29',
  ): Promise<Restarted> {
    const root = this.#root
    const running = execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
      env: ownEnvironment({
        ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database },
        PGSSLMODE: 'disable',
        BOOTSTRAP_SOURCE: `flat-files:${root}`,
        BOOTSTRAP_UNIVERSE: join(root, 'universe.csv'),
        BOOTSTRAP_START: '2010-01-04',
        BOOTSTRAP_END: end_date,
        BOOTSTRAP_STATE: join(root, `state-${database}`),
      }),
      extendEnv: false,
      reject: false,
      all: true,
    })
    let answers = 0
    running.all.on('data', (text: Buffer) => {
      answers += text.toString().match(CONTINUES)?.length ?? 0
    })
    let hasEnded = false
    void running.finally(() => {
      hasEnded = true
    })
    let restarts = 0
    while (restarts < restarts_max && !hasEnded) {
      await sleep(POLL_MS)
      // Each restart meets a run that has gone on after the restart before.
      if (answers < restarts) continue
      if (restarts === 0 && !(await this.#hasBegun(database, args[0] === 'daily'))) continue
      if (restarts > 0) await sleep(pause_ms)
      if (hasEnded) break
      await this.#own.restart()
      restarts += 1
    }
    const { exitCode, all } = await running
    return { exitCode, all, restarts }
  }
  #hasBegun(database: string, isDaily: boolean): Promise<boolean> {
    const sql = isDaily
      ? "select from ingestion.runs where state = 'running'"
      : "select from ingestion.items where job = 'prices-daily' and status = 'ok'"
    return withDatabase({ ...this.#own.connection, database }, async (db) => (await db.rows(sql)).length > 0)
  }
}

export const hashesOf = (connection: Connection): Promise<Record<string, string[]>> =>
  withDatabase(connection, contentOf)
