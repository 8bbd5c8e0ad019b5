/** What phase 9 does by mistake, on purpose. Drills that need no ingestion runner are in helpers/drills. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Backup } from '../helpers/backup/dump.ts'
import { ownEnvironment, ROOT_DIRECTORY } from '../helpers/config/config.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { fingerprintOf } from '../helpers/database/fingerprint.ts'
import { migrate } from '../helpers/database/migrate.ts'
import { createEmptyDatabase } from '../helpers/database/scratch.ts'
import { type Drill, withScratch } from '../helpers/drills/drill.ts'
import type { Harm } from '../helpers/drills/rows.ts'
import { withDatabase } from '../helpers/postgres/database.ts'

export const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')

/**
 * Each harms a copy of the restored database by one statement, which the recorded hashes must name; the
 * backup repairs it.
 */
export const HARMS: readonly (readonly [claim: string, harm: Harm, seen: readonly string[]])[] = [
  [
    'drill: a dropped table is detected and recovered',
    { sql: 'drop table stocks_research.prices_daily cascade' },
    ['stocks_research.prices_daily: is missing'],
  ],
  [
    'drill: an unqualified update is detected and recovered',
    { sql: "update stocks_research.securities set name = 'oops'", repairs: 'stocks_research.securities' },
    ['stocks_research.securities', 'by hand, outside any recorded run'],
  ],
  [
    'drill: an unqualified delete is detected and recovered',
    { sql: 'delete from stocks_research.adjustment_factors', repairs: 'stocks_research.adjustment_factors' },
    ['stocks_research.adjustment_factors: 0 rows instead of', 'by hand, outside any recorded run'],
  ],
  [
    'drill: a row edited by hand, around the triggers, is detected with its table and key range, and recovered',
    {
      sql: `set session_replication_role = replica;
     update stocks_research.prices_daily set volume = volume + 1
      where (security_id, trade_date) = (select security_id, max(trade_date) from stocks_research.prices_daily group by 1 order by 1 limit 1)`,
      repairs: 'stocks_research.prices_daily',
    },
    ['stocks_research.prices_daily', 'the first difference lies after key', 'No trigger saw a change'],
  ],
]

/** The jobs of the interrupted run: enough to be killed in the midst of, and the largest table among them. */
const INTERRUPTED_JOBS = ['securities', 'ticker-history', 'prices-daily'] as const
const INTERRUPTED_TABLES = ['securities', 'ticker_history', 'prices_daily'].map(
  (table) => `stocks_research.${table}`,
)

/**
 * Kills the runner in the middle of a load of a new database, resumes it, and compares with what the backup
 * holds, table by table.
 */
export async function killAndResume(
  server: Connection,
  manifest: Backup['manifest'],
): Promise<Drill & { killed_after_items: number }> {
  return withScratch(server, async (scratch) => {
    await createEmptyDatabase(server, scratch.database, manifest)
    await migrate(scratch, MIGRATIONS)
    const runner = (...args: string[]) =>
      execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
        env: ownEnvironment({ PGDATABASE: scratch.database }),
        extendEnv: false,
        reject: false,
        all: true,
      })
    const killed_after_items = await killOnceWorking(runner('run', ...INTERRUPTED_JOBS), scratch)
    const [run] = await withDatabase(scratch, (db) =>
      db.rows<{ state: string }>('select state from ingestion.runs'),
    )
    const started = performance.now()
    const resumed = await runner('resume')
    const found = await fingerprintOf(scratch, { scope: 'content', views: 'none' })
    const differing = INTERRUPTED_TABLES.filter(
      (table) => found.tables[table]?.sha256 !== manifest.fingerprint.tables[table]?.sha256,
    )
    return {
      detected_by: `the killed run stood as "${run?.state}"; resuming ended with exit code ${resumed.exitCode}; tables that differ: ${differing.join(', ') || 'none'}`,
      recovered: resumed.exitCode === 0 && differing.length === 0,
      recovery_ms: Math.round(performance.now() - started),
      killed_after_items,
    }
  })
}

interface Victim extends PromiseLike<{ all?: unknown }> {
  kill(signal: 'SIGKILL'): boolean
}

/** SIGKILL as soon as some items are in and others are not. Returns how many were in. */
const killOnceWorking = (victim: Victim, scratch: Connection): Promise<number> =>
  withDatabase(scratch, async (db) => {
    const ended = victim.then(() => true)
    for (;;) {
      const { items } = await db.one<{ items: number }>(
        "select count(*)::int as items from ingestion.items where status = 'ok'",
      )
      if (items > 0) {
        victim.kill('SIGKILL')
        await victim
        return items
      }
      if (await Promise.race([ended, sleep(5, false)]))
        throw new TypeError(`The runner ended before it could be killed: ${String((await victim).all)}`)
    }
  })
