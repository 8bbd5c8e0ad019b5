/** The mistakes that phase 9 makes on purpose. Drills that need no ingestion runner are in helpers/drills. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import type { Backup } from '../helpers/backup/dump.ts'
import { ownEnvironment } from '../helpers/config/children.ts'
import { ROOT_DIRECTORY } from '../helpers/config/config.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { fingerprintOf } from '../helpers/database/fingerprint.ts'
import { migrate } from '../helpers/database/migrate.ts'
import { createEmptyDatabase } from '../helpers/database/scratch.ts'
import { type Drill, withScratch } from '../helpers/drills/drill.ts'
import type { Harm } from '../helpers/drills/rows.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import { query } from './query.ts'

export const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')

export type Mistake = 'dropped_table' | 'unqualified_update' | 'unqualified_delete' | 'edit_around_triggers'

/**
 * Each changes a copy of the restored database by one statement. The recorded hashes must name the change
 * (`detected_by` is part of the message), and the backup repairs it.
 */
export const MISTAKES: Readonly<Record<Mistake, { harm: Harm; detected_by: readonly string[] }>> = {
  dropped_table: {
    harm: { sql: 'drop table stocks_research.prices_daily cascade' },
    detected_by: ['stocks_research.prices_daily: is missing'],
  },
  unqualified_update: {
    harm: {
      sql: "update stocks_research.securities set name = 'oops'",
      repairs: 'stocks_research.securities',
    },
    detected_by: ['stocks_research.securities', 'by hand, outside any recorded run'],
  },
  unqualified_delete: {
    harm: {
      sql: 'delete from stocks_research.adjustment_factors',
      repairs: 'stocks_research.adjustment_factors',
    },
    detected_by: [
      'stocks_research.adjustment_factors: 0 rows instead of',
      'by hand, outside any recorded run',
    ],
  },
  edit_around_triggers: {
    harm: {
      sql: query('edit_around_triggers'),
      owner_sql: query('edit_around_triggers_as_owner'),
      repairs: 'stocks_research.prices_daily',
    },
    detected_by: [
      'stocks_research.prices_daily',
      'the first difference is after key',
      'No trigger saw a change',
    ],
  },
}

/** The jobs of the interrupted run: they take long enough to be killed, and fill the largest table. */
const INTERRUPTED_JOBS = ['securities', 'ticker-history', 'prices-daily'] as const
const INTERRUPTED_TABLES = ['securities', 'ticker_history', 'prices_daily'].map(
  (table) => `stocks_research.${table}`,
)

/**
 * Kills the runner while it loads a new database, resumes it, and compares the result with the backup, table
 * by table.
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
    const killed_after_items = await killOnceWorking(() => runner('run', ...INTERRUPTED_JOBS), scratch)
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
      detected_by:
        `the killed run is recorded as "${run?.state}"; resume ended with exit code ${resumed.exitCode}; ` +
        `tables that differ from the backup: ${differing.join(', ') || 'none'}`,
      recovered: resumed.exitCode === 0 && differing.length === 0,
      recovery_ms: Math.round(performance.now() - started),
      killed_after_items,
    }
  })
}

interface Victim extends PromiseLike<{ all?: unknown }> {
  kill(signal: 'SIGKILL'): boolean
}

/**
 * SIGKILL as soon as some work items are done. Returns how many. Others are not done then, however late this
 * process sees it: until the kill, a lock lets the runner read the table of its last job and not write there.
 */
const killOnceWorking = (start: () => Victim, scratch: Connection): Promise<number> =>
  withDatabase(scratch, (db) =>
    db.transaction(async (tx) => {
      await tx.execute('lock table stocks_research.prices_daily in share mode')
      const victim = start()
      const ended = victim.then(() => true)
      for (;;) {
        const { items } = await tx.one<{ items: number }>(
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
    }),
  )
