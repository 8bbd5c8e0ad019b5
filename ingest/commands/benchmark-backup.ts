import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dump } from '../../helpers/backup/dump.ts'
import { uploadBackup } from '../../helpers/backup/upload.ts'
import { verifyArchive, verifyFile, verifyRemote, verifyRestore } from '../../helpers/backup/verify.ts'
import { ROOT_DIRECTORY, readServerConfig } from '../../helpers/config/config.ts'
import type { Connection } from '../../helpers/config/connection.ts'
import { sizeText } from '../../helpers/core/text.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { createEmptyDatabase, dropDatabase, localeOf, scratchName } from '../../helpers/database/scratch.ts'
import { withDatabase } from '../../helpers/postgres/database.ts'
import { startServer } from '../../helpers/postgres/server.ts'
import { DropboxStore } from '../../helpers/remote/dropbox-store.ts'
import { startDropboxServer } from '../../helpers/simulator/dropbox/server.ts'
import { programOf, runProgram, say, wholeNumber } from './entry.ts'

const ROWS_DEFAULT = 1_000_000
const SESSIONS = 1_260

/** Bars that compress about as real ones do: a walk with its own last digits, and volumes that jump. */
const fill = (connection: Connection, rows: number): Promise<void> =>
  withDatabase(connection, (db) =>
    db.execute(`
      begin;
      set local session_replication_role = replica;
      select setseed(0.5);
      insert into stocks_research.securities (security_id, source_id, ticker)
        select i, 'bench:' || i, 'B' || i from generate_series(1, ${Math.ceil(rows / SESSIONS)}) i;
      insert into stocks_research.prices_daily (security_id, trade_date, open, high, low, close, volume)
        select s, day, o,
          greatest(o, c) + round((random() * 2)::numeric, 2),
          least(o, c) - round((random() * 2)::numeric, 2),
          c, (random() * 1e7)::bigint
        from (
          select s, date '2016-01-01' + n as day,
            round((50 + s % 400 + 10 * sin(n / 20.0 + s) + random() * 3)::numeric, 2) as o,
            round((50 + s % 400 + 10 * sin(n / 20.0 + s) + random() * 3)::numeric, 2) as c
          from generate_series(1, ${Math.ceil(rows / SESSIONS)}) s, generate_series(1, ${SESSIONS}) n
        ) walk;
      commit`),
  )

async function timed<T>(what: string, work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const started = performance.now()
  const result = await work()
  const ms = Math.round(performance.now() - started)
  say(`  ${what.padEnd(58)} ${(ms / 1000).toFixed(2).padStart(8)} s`)
  return { result, ms }
}

/**
 * One dump of a scratch database and all four levels of its verification, on the configured server and a
 * Dropbox server on loopback.
 */
async function benchmark(rows: number): Promise<void> {
  const server = await startServer(readServerConfig())
  const { maintenance } = server
  const directory = await mkdtemp(join(tmpdir(), 'benchmark-'))
  const dropbox = await startDropboxServer({ directory: join(directory, 'dropbox') })
  const scratch = { ...maintenance, database: scratchName() }
  try {
    await createEmptyDatabase(maintenance, scratch.database, await localeOf(maintenance))
    await migrate(scratch, join(ROOT_DIRECTORY, 'migrations'))
    await fill(scratch, rows)
    const { credentials, origin } = dropbox
    const remote = new DropboxStore({
      credentials,
      origin,
      folder: '/benchmark',
      state_directory: join(directory, 'uploads'),
    })
    say(`One dump and its verification, ${rows.toLocaleString('en')} daily bars:`)
    const { result: backup, ms: whole_ms } = await timed('dump, with hashes of every table, published', () =>
      dump(scratch, { directory, mode: 'benchmark' }),
    )
    const { dump_duration_ms, bytes } = backup.manifest
    say(
      `    ${'of which pg_dump --compress=9 itself'.padEnd(56)} ` +
        `${(dump_duration_ms / 1000).toFixed(2).padStart(8)} s`,
    )
    const levels = [
      await timed('level 1, hash of the file', () => verifyFile(backup)),
      await timed('level 2, archive read to its end', () => verifyArchive(backup)),
      await timed('level 3, restored and compared', () => verifyRestore(backup, maintenance)),
    ] as const
    const { restore_ms, compare_ms } = levels[2].result
    say(`    ${'of which restoring'.padEnd(56)} ${(restore_ms / 1000).toFixed(2).padStart(8)} s`)
    say(`    ${'and comparing table by table'.padEnd(56)} ${(compare_ms / 1000).toFixed(2).padStart(8)} s`)
    await timed('upload', () => uploadBackup(backup, remote))
    const fourth = await timed('level 4, downloaded and compared', () => verifyRemote(backup, remote))
    const local_ms = levels.reduce((sum, { ms }) => sum + ms, 0)
    const ratio = (ms: number): string => `${((100 * ms) / dump_duration_ms).toFixed(1)} %`
    say(
      `  archive ${sizeText(bytes)}; hashing beside pg_dump added ` +
        `${((whole_ms - dump_duration_ms) / 1000).toFixed(2)} s`,
    )
    say(
      `Verification of pg_dump's own time: levels 1 to 3 ${ratio(local_ms)}, levels 1 to 4 ` +
        `${ratio(local_ms + fourth.ms)}. Bound: 50 %.`,
    )
  } finally {
    await dropDatabase(maintenance, scratch.database)
    await dropbox.stop()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

const program = programOf(
  'benchmark',
  'Measures what the verification of a backup costs, in one run, as a part of the time of its dump.',
)
  .option('--rows <count>', 'daily bars to dump', wholeNumber, ROWS_DEFAULT)
  .action(({ rows }: { readonly rows: number }) => benchmark(rows))

await runProgram(program)
