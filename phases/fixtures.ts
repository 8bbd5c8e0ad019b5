/**
 * What the phases share beyond the engine: the server and its tools, the source and its universe, the place
 * for backups.
 */
import { inject } from 'vitest'
import { type Backup, dump } from '../helpers/backup/dump.ts'
import { uploadBackup } from '../helpers/backup/upload.ts'
import { test as base } from '../helpers/checklist/phase.ts'
import { readConfig } from '../helpers/config/config.ts'
import { registerSecret } from '../helpers/core/redact.ts'
import { assertLockHeld } from '../helpers/database/lock.ts'
import { openDatabase } from '../helpers/postgres/database.ts'
import { describeServer, type Server } from '../helpers/postgres/server.ts'
import { openRemote } from '../helpers/remote/open.ts'
import type { UploadedFile } from '../helpers/remote/store.ts'
import { archivedSource } from '../ingest/archive/source.ts'
import { readUniverse, type Universe } from '../ingest/universe/read.ts'

import './prepare.ts'
import { type IngestAsk, type LoggedRun, runJobs } from './run-jobs.ts'

export { Left, needs, stopsAtFirstFailure } from '../helpers/checklist/phase.ts'

export const test = base
  .extend('config', { scope: 'file' }, () => readConfig())
  .extend('target', { scope: 'file' }, () => inject('target'))
  .extend('db', { scope: 'file' }, async ({ target }, { onCleanup }) => {
    const db = openDatabase(target.connection, { application: `stocks-research ${target.run_id}` })
    onCleanup(() => db.close())
    return db
  })
  .extend('server', { scope: 'file' }, ({ target }): Server => {
    registerSecret('PGPASSWORD', target.connection.password)
    return {
      kind: target.server.kind,
      connection: target.connection,
      maintenance: target.maintenance,
      describe: () => describeServer(target.maintenance),
      stop: async () => {}, // The main process started the server, and stops it.
    }
  })
  .extend('tools', { scope: 'file' }, ({ target }) => target.tools)
  /** The place for backups: Dropbox, a synced folder, or the local Dropbox server. */
  .extend('remote', { scope: 'file' }, async ({ config }, { onCleanup }) => {
    const remote = await openRemote(config)
    onCleanup(() => remote.close())
    return remote
  })
  /** Dumps the target into `backups/` with the flags of the checklist. */
  .extend('makeBackup', ({ config, target, progress, signal }) => async (): Promise<Backup> => {
    const { directories } = config
    const counted = (n: number): string => n.toLocaleString('en')
    return dump(target.connection, {
      directory: directories.backups,
      mode: target.mode,
      run_id: target.run_id,
      signal,
      onProgress: ({ bytes, tables, rows }) =>
        progress(
          `pg_dump · ${tables} tables and ${counted(rows)} rows hashed, ${counted(bytes)} bytes written`,
        ),
    })
  })
  /** Copies a backup and its manifest to the remote place. */
  .extend('upload', ({ remote, progress, signal }) => async (backup: Backup): Promise<UploadedFile> => {
    const onProgress = ({ bytes_done, bytes_total }: { bytes_done: number; bytes_total: number }): void =>
      progress(`upload · ${bytes_done.toLocaleString('en')} of ${bytes_total.toLocaleString('en')} bytes`)
    return uploadBackup(backup, remote, { signal, onProgress })
  })
  /** Throws unless this run still holds the lock of the target. Called before each destructive step. */
  .extend(
    'assertHeld',
    { scope: 'file' },
    ({ target }) =>
      () =>
        assertLockHeld(target.maintenance, target.lock),
  )
  .extend('universe', { scope: 'file' }, ({ config }) =>
    readUniverse(config.universe_file, config.source.mode),
  )
  /**
   * The written sample of the dry runs: the first securities of the universe, in the order of their source
   * ids.
   */
  .extend(
    'sample',
    { scope: 'file' },
    ({ config, universe }): Universe => ({
      ...universe,
      members: universe.members.slice(0, config.bootstrap.sample.securities),
    }),
  )
  /**
   * What the source delivered to this run, archived by its hashes: the files of a delivery, or the responses.
   */
  .extend('archived', { scope: 'file' }, ({ config }) =>
    archivedSource(config.source, config.directories.archive),
  )
  /** Runs jobs in this process, as `node ingest/run.ts` does, with a log of their own beside the evidence. */
  .extend(
    'runJobs',
    ({ config, target, progress, signal, task }) =>
      (ask: IngestAsk): Promise<LoggedRun> =>
        runJobs({ ...ask, config, target, signal, log_name: task.name, onProgress: progress }),
  )
