import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Connection, databaseNameFault } from '../config/connection.ts'
import { flushFile } from '../core/atomic-file.ts'
import { messageOf, PreconditionError, VerificationError } from '../core/errors.ts'
import { hashFile } from '../core/file-hash.ts'
import { type Fingerprint, fingerprint, readSequences, readSnapshot } from '../database/fingerprint.ts'
import { LOCALE_COLUMNS } from '../database/scratch.ts'
import { runClient, toolsFor } from '../postgres/client.ts'
import { type Database, openDatabase, withDatabase } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { readArchive } from './archive.ts'
import { backupName, type Manifest, manifestFileOf } from './manifest.ts'
import { claimPartial, publish, sweepPartials } from './partial.ts'

export interface DumpOptions {
  /** Folder of the backups; created when missing. */
  readonly directory: string
  readonly mode: string
  readonly run_id?: string
  readonly signal?: AbortSignal
  /** About every half second while pg_dump runs. */
  readonly onProgress?: (progress: DumpProgress) => void
  /** Further arguments of pg_dump, for drills. */
  readonly extra_arguments?: readonly string[]
  /** The connection of pg_dump, if its role is another one than that of the hashing. */
  readonly dump_as?: Connection
  readonly onStart?: (pid: number) => void
  readonly now?: () => Date
}
export interface DumpProgress {
  readonly bytes: number
  /** Tables hashed so far. */
  readonly tables: number
  readonly rows: number
}
export interface Backup {
  readonly archive: string
  readonly manifest: Manifest
}

/** The flags of the checklist, in its order. */
const FLAGS = ['--format=custom', '--compress=9', '--no-owner', '--no-privileges'] as const
/** A table with an exclusive lock of another session fails the dump after this time. */
const LOCK_WAIT_MS = 60_000
const PROGRESS_MS = 500

/**
 * Dumps a complete database, of any origin, into `directory`. Every table is hashed in the same snapshot
 * that is dumped. The archive gets its final name only after it was read to its end; a failed dump leaves no
 * file.
 *
 * @throws ToolError when pg_dump fails, VerificationError when the archive does not read, DatabaseError when
 *   the hashing does.
 */
export async function dump(connection: Connection, options: DumpOptions): Promise<Backup> {
  const { directory, now = () => new Date() } = options
  const snapshot_at = now()
  const partial = await claimIn(directory, backupName(snapshot_at))
  const db = openDatabase(connection, { connections_max: 1, application: 'stocks-research backup' })
  try {
    const made = await db.transaction((tx) => dumpSnapshot(tx, partial.file, connection, options))
    // Flushing reports a disk error of a page that was written late.
    await flushFile(partial.file)
    const { entries } = await readArchive(partial.file, made.server_version, options.signal)
    const missing = Object.entries(made.fingerprint.tables).find(
      ([name, { kind }]) => kind === 'table' && !entries.hasDataOf(name),
    )
    if (missing !== undefined)
      throw new VerificationError(
        `The dump of ${connection.database} contains no data of ${missing[0]}. ` +
          'Look for an excluded table, then dump again.',
      )
    const hashes = await hashFile(partial.file)
    return await publish(partial.file, directory, backupName(snapshot_at), (file) => ({
      format: 'stocks-research-backup',
      version: 1,
      file,
      ...hashes,
      database: connection.database,
      mode: options.mode,
      run_id: options.run_id ?? null,
      ...made,
      snapshot_at: snapshot_at.toISOString(),
      ended_at: now().toISOString(),
    }))
  } finally {
    await partial.release()
    await db.close()
  }
}

async function claimIn(directory: string, name: string): ReturnType<typeof claimPartial> {
  try {
    await mkdir(directory, { recursive: true })
    await sweepPartials(directory)
    return await claimPartial(directory, name)
  } catch (error) {
    throw new PreconditionError(
      `No backup can be written to ${directory}: ${messageOf(error)}. Allow this account to write ` +
        'there and make room, or set BOOTSTRAP_STATE to another folder.',
      { cause: error },
    )
  }
}

/**
 * pg_dump and the hashing run in parallel, in one snapshot. The first failure ends the other one, and is
 * reported.
 */
async function dumpSnapshot(tx: Database, file: string, connection: Connection, options: DumpOptions) {
  const snapshot = await readSnapshot(tx, LOCK_WAIT_MS)
  const identity = await readIdentity(tx)
  const { pid } = await tx.one<{ pid: number }>('select pg_backend_pid() as pid')
  // Sequences are not part of the snapshot: pg_dump reads them between these two reads.
  const before = await readSequences(tx, 'full')
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  // The hashing may wait for a lock, or need hours.
  const cancel = (): void =>
    void withDatabase(connection, (db) => db.rows('select pg_cancel_backend($1)', [pid])).catch(() => {})
  signal.throwIfAborted() // A signal that has fired already calls no listener.
  signal.addEventListener('abort', cancel, { once: true })
  const progress = { tables: 0, rows: 0 }
  const watch = setInterval(() => {
    void stat(file).then(
      ({ size }) => options.onProgress?.({ bytes: size, ...progress }),
      () => {},
    )
  }, PROGRESS_MS)
  // A plain name is part of the command line, for the evidence. Any other name is passed by the environment,
  // where it cannot be read as an option.
  const target = databaseNameFault(connection.database) === undefined ? [connection.database] : []
  const extra = options.extra_arguments ?? []
  const args = [
    ...FLAGS,
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${LOCK_WAIT_MS}`,
    ...extra,
    '-f',
    file,
    ...target,
  ]
  const failures: unknown[] = []
  const fail = (error: unknown): never => {
    failures.push(error)
    stop.abort()
    throw error
  }
  try {
    const client = options.dump_as ?? connection
    const dumping = runClient('pg_dump', identity.server_version, args, client, {
      signal,
      onStart: options.onStart,
    }).catch(fail)
    const [dumped, hashed] = await Promise.allSettled([dumping, hashSnapshot(tx, progress).catch(fail)])
    if (dumped.status === 'rejected' || hashed.status === 'rejected') throw failures[0]
    return {
      ...identity,
      tool_version: (await toolsFor(identity.server_version)).pg_dump.version,
      command: dumped.value.command,
      dump_duration_ms: dumped.value.duration_ms,
      fingerprint: { ...hashed.value, sequences: sequencesBetween(before, await readSequences(tx, 'full')) },
    }
  } finally {
    clearInterval(watch)
    signal.removeEventListener('abort', cancel)
  }
}

const hashSnapshot = (tx: Database, progress: { tables: number; rows: number }): Promise<Fingerprint> =>
  fingerprint(tx, {
    scope: 'full',
    onTable: (_name, rows) => {
      progress.tables += 1
      progress.rows += rows
    },
  })

/** The values of sequences before the dump, and after it if another session used them meanwhile. */
function sequencesBetween(
  before: Fingerprint['sequences'],
  after: Fingerprint['sequences'],
): Fingerprint['sequences'] {
  const sequences = Object.entries(before).map(([name, first]) => {
    const last = after[name] ?? first
    const hasMoved = last.last_value !== first.last_value || last.is_called !== first.is_called
    return [name, hasMoved ? { ...first, last_value_after: last.last_value } : first] as const
  })
  return Object.fromEntries(sequences)
}

type Identity = Pick<
  Manifest,
  | 'migration_head'
  | 'encoding'
  | 'collate'
  | 'ctype'
  | 'locale_provider'
  | 'icu_locale'
  | 'server_version'
  | 'system_identifier'
  | 'database_oid'
>

async function readIdentity(tx: Database): Promise<Identity> {
  const identity = await tx.one<Omit<Identity, 'migration_head'>>(
    queryFile(join(import.meta.dirname, 'sql'), 'database-identity', { locale_columns: LOCALE_COLUMNS }),
  )
  const [{ is_migrated } = { is_migrated: false }] = await tx.rows<{ is_migrated: boolean }>(
    `select to_regclass('ingestion.migrations') is not null as is_migrated`,
  )
  const [head] = is_migrated
    ? await tx.rows<{ name: string }>(
        `select coalesce(j ->> 'name', j ->> 'file', j::text) as name
           from ingestion.migrations m, to_jsonb(m) j order by 1 desc limit 1`,
      )
    : []
  return { ...identity, migration_head: head?.name ?? null }
}

/** Removes an archive and its manifest, the manifest first: what is left in between is not a backup. */
export async function removeBackup(archive: string): Promise<void> {
  await rm(manifestFileOf(archive), { force: true })
  await rm(archive, { force: true })
}
