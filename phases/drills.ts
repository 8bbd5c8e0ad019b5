/** The drills of phase 9: what an operator does by mistake, done on purpose to scratch copies. Each says how it was seen and mended. */
import { copyFile, cp, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { compareFingerprints, describeDifferences } from '../helpers/backup/compare.ts'
import type { Backup } from '../helpers/backup/dump.ts'
import { type Fingerprint, fingerprintOf } from '../helpers/backup/fingerprint.ts'
import { createEmptyDatabase, dropDatabase, scratchName } from '../helpers/backup/scratch.ts'
import { restoreInto, verifyFile } from '../helpers/backup/verify.ts'
import { ownEnvironment, ROOT_DIRECTORY } from '../helpers/config.ts'
import { type Connection, quoteIdentifier, withDatabase } from '../helpers/database.ts'
import { messageOf } from '../helpers/errors.ts'
import { migrate } from '../helpers/migrate.ts'
import type { Server } from '../helpers/postgres/server.ts'
import { dropPolicy, inspectTarget } from '../helpers/target.ts'

export const MIGRATIONS = join(ROOT_DIRECTORY, 'migrations')

/** What a drill saw. `detected_by` is the message that an operator would read; `recovered` that the data is as it was. */
export interface Drill {
  readonly detected_by: string
  readonly recovered: boolean
  readonly recovery_ms: number
}

/** Runs `work` on a database of its own name, which is dropped afterwards whatever happens. */
export async function withScratch<T>(server: Connection, work: (scratch: Connection) => Promise<T>): Promise<T> {
  const scratch = { ...server, database: scratchName() }
  try {
    return await work(scratch)
  } finally {
    await dropDatabase(server, scratch.database)
  }
}

/** Harms a copy of the restored database with `sql`, sees the harm by hash, and restores the backup. */
export async function harmAndRestore(
  backup: Backup,
  restored: string,
  server: Connection,
  sql: string,
  signal: AbortSignal,
): Promise<Drill> {
  const detected_by = await withScratch(server, async (scratch) => {
    await withDatabase(server, (db) =>
      db.execute(`create database ${quoteIdentifier(scratch.database)} template ${quoteIdentifier(restored)}`),
    )
    const before = await fingerprintOf(scratch, { scope: 'content', views: 'none' })
    await withDatabase(scratch, (db) => db.execute(sql))
    return describeDifferences(compareFingerprints(before, await fingerprintOf(scratch, { scope: 'content', views: 'none' })))
  })
  const started = performance.now()
  // Throws unless every hash is equal.
  const recovered = await withScratch(server, (scratch) => restoreInto(backup, server, scratch.database, signal).then(() => true))
  return { detected_by, recovered, recovery_ms: Math.round(performance.now() - started) }
}

/** The jobs of the interrupted run: enough to be killed in the midst of, and the largest table among them. */
const INTERRUPTED_JOBS = ['securities', 'ticker-history', 'prices-daily'] as const
const INTERRUPTED_TABLES = ['securities', 'ticker_history', 'prices_daily'].map((table) => `stocks_research.${table}`)

/** Kills the runner in the middle of a load of a new database, resumes it, and compares with the target's content, table by table. */
export async function killAndResume(
  server: Connection,
  expected: Fingerprint,
  locale: Backup['manifest'],
): Promise<Drill & { killed_after_items: number }> {
  return withScratch(server, async (scratch) => {
    await createEmptyDatabase(server, scratch.database, locale)
    await migrate(scratch, MIGRATIONS)
    const runner = (...args: string[]) =>
      execa(process.execPath, [join(ROOT_DIRECTORY, 'ingest', 'run.ts'), ...args], {
        env: ownEnvironment({ PGDATABASE: scratch.database }),
        extendEnv: false,
        reject: false,
        all: true,
      })
    const killed_after_items = await killOnceWorking(runner('run', ...INTERRUPTED_JOBS), scratch)
    const [run] = await withDatabase(scratch, (db) => db.rows<{ state: string }>('select state from ingestion.runs'))
    const started = performance.now()
    const resumed = await runner('resume')
    const found = await fingerprintOf(scratch, { scope: 'content', views: 'none' })
    const differing = INTERRUPTED_TABLES.filter((table) => found.tables[table]?.sha256 !== expected.tables[table]?.sha256)
    return {
      detected_by: `the killed run stood as «${run?.state}»; resuming ended with exit code ${resumed.exitCode}; tables that differ: ${differing.join(', ') || 'none'}`,
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
      const { items } = await db.one<{ items: number }>("select count(*)::int as items from ingestion.items where status = 'ok'")
      if (items > 0) {
        victim.kill('SIGKILL')
        await victim
        return items
      }
      if (await Promise.race([ended, sleep(5, false)]))
        throw new TypeError(`The runner ended before it could be killed: ${String((await victim).all)}`)
    }
  })

/** Flips one bit in the middle of a copy of the backup. */
export async function damage(backup: Backup): Promise<Drill> {
  const folder = await mkdtemp(join(tmpdir(), 'damaged-'))
  try {
    const archive = join(folder, basename(backup.archive))
    await copyFile(backup.archive, archive)
    const file = await open(archive, 'r+')
    const at = Math.floor(backup.manifest.bytes / 2)
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at)
    await file.close()
    const detected_by = await verifyFile({ ...backup, archive }).then(() => '', messageOf)
    const started = performance.now()
    const recovered = await verifyFile(backup).then(() => true)
    return { detected_by, recovered, recovery_ms: Math.round(performance.now() - started) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Edits an applied migration in a copy of the folder, and asks the runner to apply it. */
export async function editMigration(target: Connection): Promise<Drill> {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  try {
    await cp(MIGRATIONS, folder, { recursive: true })
    const last = (await readdir(folder)).toSorted().at(-1) ?? ''
    await writeFile(join(folder, last), `${await readFile(join(folder, last), 'utf8')}\n-- a late thought\n`)
    const detected_by = await migrate(target, folder).then(() => '', messageOf)
    const started = performance.now()
    const { applied } = await migrate(target, MIGRATIONS)
    return { detected_by, recovered: applied.length === 0, recovery_ms: Math.round(performance.now() - started) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Points a run at a populated database that the product did not make. */
export async function aimWrong(server: Server, locale: Backup['manifest'], confirm_drop: string | undefined): Promise<Drill> {
  return withScratch(server.maintenance, async (scratch) => {
    await createEmptyDatabase(server.maintenance, scratch.database, locale)
    const contents = (db: { rows: (sql: string) => Promise<unknown[]> }) => db.rows('select xmin::text, note from public.precious')
    await withDatabase(scratch, (db) =>
      db.execute("create table public.precious (note text); insert into public.precious values ('not yours')"),
    )
    const before = JSON.stringify(await withDatabase(scratch, contents))
    const started = performance.now()
    const found = await inspectTarget({ ...server, connection: scratch })
    let detected_by = ''
    try {
      dropPolicy(found, confirm_drop)
    } catch (error) {
      detected_by = messageOf(error)
    }
    const recovered = JSON.stringify(await withDatabase(scratch, contents)) === before
    return { detected_by, recovered, recovery_ms: Math.round(performance.now() - started) }
  })
}
