/**
 * What the phases share beyond the engine: the server and its tools, the source and its universe, the place
 * for backups.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Backup, dump } from '../helpers/backup/dump.ts'
import { uploadBackup } from '../helpers/backup/upload.ts'
import { test as base } from '../helpers/checklist/phase.ts'
import { readConfig, type SourceConfig, sourceText } from '../helpers/config/config.ts'
import { openLog } from '../helpers/core/log.ts'
import { assertLockHeld } from '../helpers/database/lock.ts'
import { connectionOf } from '../helpers/database/roles.ts'
import { openDatabase } from '../helpers/postgres/database.ts'
import { openRemote } from '../helpers/remote/open.ts'
import type { UploadedFile } from '../helpers/remote/store.ts'
import './prepare.ts'
import { registerSecret } from '../helpers/core/redact.ts'
import { describeServer, type Server } from '../helpers/postgres/server.ts'
import { archivedSource } from '../ingest/archive/source.ts'
import type { JobName } from '../ingest/contract/job.ts'
import { jobsInOrder } from '../ingest/jobs.ts'
import type { RunReport } from '../ingest/pipeline/report.ts'
import { ingest } from '../ingest/pipeline/run.ts'
import type { Progress } from '../ingest/pipeline/surroundings.ts'
import { openRunProviders } from '../ingest/providers/index.ts'
import { readUniverse, type Universe } from '../ingest/universe/read.ts'
import type { ValidationReport } from '../ingest/validation/validate.ts'

export { needs, stopsAtFirstFailure } from '../helpers/checklist/phase.ts'

export interface IngestAsk {
  readonly jobs: readonly JobName[]
  readonly universe: Universe
  /** Another database than the target, e.g. a rebuild. */
  readonly database?: string
  /** Asks this source instead, e.g. what the archive holds. */
  readonly source?: SourceConfig
}
/** A run, and the log that it left. */
export interface LoggedRun {
  readonly report: RunReport
  readonly log_file: string
  /** Requests sent to providers. */
  readonly requests: number
}

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
      stop: async () => {}, // The main process started it, and stops it.
    }
  })
  .extend('tools', { scope: 'file' }, ({ target }) => target.tools)
  /** The place for backups: Dropbox, a synced folder, or the local Dropbox server. */
  .extend('remote', { scope: 'file' }, async ({ config }, { onCleanup }) => {
    const remote = await openRemote(config)
    onCleanup(() => remote.close())
    return remote
  })
  /** Dumps the target into `backups/` with the flags of the checklist, and gives what the evidence needs. */
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
  /** Throws unless this run still holds the lock of the target. Asked before each destructive step. */
  .extend(
    'assertHeld',
    { scope: 'file' },
    ({ target }) =>
      () =>
        assertLockHeld(target.maintenance, target.lock),
  )
  .extend('universe', { scope: 'file' }, ({ config }) => readUniverse(config.universe_file))
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
   * What the source gave to this run, kept in the archive by its hashes: the files of a drop, or the
   * responses.
   */
  .extend('archived', { scope: 'file' }, ({ config }) =>
    archivedSource(config.source, config.directories.archive),
  )
  /** Runs jobs in this process, as `node ingest/run.ts` does, with a log of their own beside the evidence. */
  .extend(
    'runJobs',
    ({ config, target, progress, signal, task }) =>
      async ({ jobs, universe, database, source = config.source }: IngestAsk): Promise<LoggedRun> => {
        const log_file = join(target.run_directory, 'logs', `${slugOf(task.name)}.jsonl`)
        const log = openLog(log_file, { checklist_run_id: target.run_id })
        // Rows come in as the role for that, where it is given; a rebuild in a database of its own has no
        // such role.
        const connection =
          database === undefined
            ? await connectionOf(target.connection, 'ingest', config.role_passwords)
            : { ...target.connection, database }
        const opened = await openRunProviders({ ...config, source }, log, { connection })
        const report = await ingest({
          connection,
          jobs: jobsInOrder(jobs),
          universe,
          window: config.window,
          providers: opened.providers,
          source: sourceText(source),
          thresholds: config.bootstrap.thresholds,
          log,
          signal,
          // A box that says "run again, it changes nothing" must derive again, not trust what was remembered.
          is_full: true,
          command: `checklist ${target.run_id}: ${jobs.join(' ')}`,
          onProgress: (at) => progress(progressLine(at)),
        }).finally(opened.close)
        return { report, log_file, requests: opened.requests() }
      },
  )

/** Lines of a log that do not parse, and those at warn or above that are not marked as expected. */
export function faultsOfLog(file: string): { lines: number; faults: string[] } {
  const lines = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []
  const faults = lines.filter((line) => {
    try {
      const { level, expected } = JSON.parse(line) as { level?: string; expected?: boolean }
      return level === undefined || (['warn', 'error', 'fatal'].includes(level) && expected !== true)
    } catch {
      return true
    }
  })
  return { lines: lines.length, faults }
}

/** Each violation that a check kept, as a line: the check, the subject, the offending row. */
export const violationsOf = (checks: ValidationReport['checks']): string[] =>
  checks.flatMap(({ name, examples }) =>
    examples.map(({ subject, fingerprint: _, ...row }) => `${name}: ${subject} ${JSON.stringify(row)}`),
  )

/**
 * Each check as claimed, observed and bounded. A soft one has no bound: what it finds is for a person to
 * judge.
 */
export const checksEvidence = ({ checks }: ValidationReport) =>
  checks.map(({ severity, claim, violations_count, accepted_count }) => ({
    severity,
    claim,
    violations_count,
    violations_max: severity === 'hard' ? 0 : null,
    accepted_count,
  }))

/** What a backup is, for the evidence. */
export const backupEvidence = ({ manifest }: Backup) => {
  const { fingerprint, ...facts } = manifest
  const rows = Object.values(fingerprint.tables).reduce((sum, table) => sum + table.rows, 0)
  return {
    ...facts,
    tables: Object.keys(fingerprint.tables).length,
    rows,
    content_sha256: fingerprint.content_sha256,
    schema_sha256: fingerprint.schema_sha256,
  }
}

const progressLine = ({ job, label, step, items_done, items_total, rows_read }: Progress): string =>
  `${job} · ${step} ${label} · ${items_done} of ${items_total} items, ${rows_read.toLocaleString('en')} rows`

const slugOf = (claim: string): string =>
  claim
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80)
