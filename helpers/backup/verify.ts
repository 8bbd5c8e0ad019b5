import { mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Connection } from '../config/connection.ts'
import { VerificationError } from '../core/errors.ts'
import { hashFile } from '../core/file-hash.ts'
import { compareFingerprints, type Difference, describeDifferences } from '../database/compare.ts'
import { type Fingerprint, fingerprintOf } from '../database/fingerprint.ts'
import { createEmptyDatabase, dropDatabase, scratchName, sweepScratchDatabases } from '../database/scratch.ts'
import { toolsFor } from '../postgres/client.ts'
import { describeServer } from '../postgres/server.ts'
import type { RemoteStore } from '../remote/store.ts'
import { readArchive } from './archive.ts'
import type { Backup } from './dump.ts'
import { manifestFileOf, readManifest } from './manifest.ts'
import { REMOTE_COPY_PREFIX } from './partial.ts'
import { pgRestore } from './pg-restore.ts'
import { type RestorerOptions, restorerOf } from './throwaway-role.ts'

export interface FileEvidence {
  readonly level: 1
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly content_hash: string
}
export interface ArchiveEvidence {
  readonly level: 2
  readonly list_command: string
  readonly list_exit_code: number
  readonly entries: number
  readonly read_command: string
  readonly read_exit_code: number
  readonly duration_ms: number
}
export interface RestoreEvidence {
  readonly level: 3
  readonly command: string
  readonly database: string
  /** The role with whose rights the SQL of the archive ran. */
  readonly restored_as: string
  readonly tables: number
  readonly rows: number
  readonly views: number
  /** Views whose rows were compared; of the others only the definition was compared. */
  readonly views_with_rows: number
  readonly sequences: number
  readonly objects: number
  readonly content_sha256: string
  readonly schema_sha256: string
  readonly restore_ms: number
  readonly compare_ms: number
}
export interface RemoteEvidence {
  readonly level: 4
  readonly remote: string
  readonly rev: string
  readonly bytes: number
  readonly sha256: string
  readonly content_hash: string
}

/**
 * Level 1: the archive is byte by byte what its manifest says.
 *
 * @throws VerificationError with both hashes.
 */
export async function verifyFile({ archive, manifest }: Backup): Promise<FileEvidence> {
  const found = await hashFile(archive)
  for (const what of ['bytes', 'sha256', 'content_hash'] as const) {
    if (found[what] !== manifest[what])
      throw new VerificationError(
        `${archive} is damaged: ${what} is ${found[what]}, its manifest says ${manifest[what]}. Do not use ` +
          `it; npm run restore -- ${manifest.file} --from remote takes the remote copy, and ` +
          'npm run restore -- list names the others.',
      )
  }
  return { level: 1, file: basename(archive), ...found }
}

/**
 * Level 2: the archive can be listed and read to its end, and contains data of every table of its manifest.
 */
export async function verifyArchive(
  { archive, manifest }: Backup,
  signal?: AbortSignal,
): Promise<ArchiveEvidence> {
  const { entries, list, read } = await readArchive(archive, manifest.server_version, signal)
  for (const [name, { kind }] of Object.entries(manifest.fingerprint.tables)) {
    if (kind === 'table' && !entries.hasDataOf(name))
      throw new VerificationError(`${archive} contains no data of ${name}. Do not use it.`)
  }
  return {
    level: 2,
    list_command: list.command,
    list_exit_code: list.exit_code ?? -1,
    entries: entries.count,
    read_command: read.command,
    read_exit_code: read.exit_code ?? -1,
    duration_ms: Math.round(list.duration_ms + read.duration_ms),
  }
}

/**
 * Level 3: a restore into a scratch database gives the same rows, views, sequences and objects, table by
 * table. The scratch database is dropped, whatever happens. `server` is a connection to a database that is
 * always there, not to the dumped one.
 */
export async function verifyRestore(
  backup: Backup,
  server: Connection,
  signal?: AbortSignal,
): Promise<RestoreEvidence> {
  await sweepScratchDatabases(server)
  const database = scratchName()
  try {
    return await restoreInto(backup, server, database, { signal, is_own: true })
  } finally {
    await dropDatabase(server, database)
  }
}

/**
 * Restores into a database that does not exist yet, in one transaction, and compares it with the manifest.
 * All of that is done by a role without rights where one can be made; afterwards everything belongs to the
 * role of `server`.
 *
 * @throws ToolError when pg_restore fails, VerificationError when the content differs. The database is then
 *   left for its caller to drop.
 */
export async function restoreInto(
  { archive, manifest }: Backup,
  server: Connection,
  database: string,
  { signal, ...options }: RestorerOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<RestoreEvidence> {
  const { version, version_number } = await describeServer(server)
  const server_major = Math.floor(version_number / 10_000)
  await createEmptyDatabase(server, database, manifest)
  const restorer = await restorerOf(server, database, manifest, options)
  try {
    const run = await pgRestore(await toolsFor(version), archive, restorer.connection, {
      server_major,
      signal,
    })
    const started = performance.now()
    const found = await fingerprintOf(restorer.connection, {
      scope: 'full',
      views: viewsWithRows(manifest.fingerprint),
    })
    const differences = compareFingerprints(manifest.fingerprint, found)
    if (differences.length > 0) throw new RestoreDiffersError(archive, differences)
    const evidence = evidenceOf(found, manifest)
    const compare_ms = Math.round(performance.now() - started)
    await restorer.handOver()
    const { restored_as } = restorer
    return {
      level: 3,
      command: run.command,
      database,
      restored_as,
      ...evidence,
      restore_ms: Math.round(run.duration_ms),
      compare_ms,
    }
  } catch (error) {
    // The caller drops the database, and reports the first error.
    await restorer.handOver().catch(() => {})
    throw error
  }
}

type Compared = Omit<
  RestoreEvidence,
  'level' | 'command' | 'database' | 'restored_as' | 'restore_ms' | 'compare_ms'
>

function evidenceOf(found: Fingerprint, manifest: Backup['manifest']): Compared {
  return {
    tables: Object.keys(found.tables).length,
    rows: Object.values(found.tables).reduce((sum, { rows }) => sum + rows, 0),
    views: Object.keys(found.views).length,
    views_with_rows: viewsWithRows(manifest.fingerprint).length,
    sequences: Object.keys(found.sequences).length,
    objects: Object.keys(found.objects).length,
    content_sha256: found.content_sha256,
    schema_sha256: found.schema_sha256,
  }
}

/**
 * Level 4: the remote copy, downloaded again, is byte by byte the archive, and its manifest, without which
 * nothing of it could be proven elsewhere, says the same as the one here. Needs as much room again beside the
 * archive: a temporary folder may lie in memory.
 */
export async function verifyRemote(
  { archive, manifest }: Backup,
  remote: RemoteStore,
): Promise<RemoteEvidence> {
  const directory = await mkdtemp(join(dirname(archive), REMOTE_COPY_PREFIX))
  const copy = join(directory, basename(archive))
  try {
    const { path, rev } = await remote.download(manifest.file, copy)
    const found = await hashFile(copy)
    if (found.sha256 !== manifest.sha256 || found.content_hash !== manifest.content_hash)
      throw new VerificationError(
        `The remote copy ${path} is damaged: SHA-256 is ${found.sha256}, the manifest says ` +
          `${manifest.sha256}. Remove it there, then upload ${archive} again.`,
      )
    await remote.download(manifestFileOf(manifest.file), manifestFileOf(copy))
    const there: unknown = await readManifest(copy).catch((error: unknown) => error)
    if (!isDeepStrictEqual(there, manifest)) {
      const why = there instanceof Error ? ` (${there.message})` : ''
      throw new VerificationError(
        `The remote manifest of ${path} is not the one beside ${archive}${why}: one was changed. ` +
          'Compare them, remove the wrong one, then upload again.',
      )
    }
    return { level: 4, remote: `${remote.describe()} ${path}`, rev, ...found }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A restored database is not equal to what was dumped. `differences` names every object. */
class RestoreDiffersError extends VerificationError {
  readonly differences: readonly Difference[]
  constructor(archive: string, differences: readonly Difference[]) {
    super(
      `${archive} restores, but not to what was dumped: ${describeDifferences(differences)}. Do not use it.`,
    )
    this.differences = differences
  }
}

const viewsWithRows = (print: Fingerprint): string[] =>
  Object.entries(print.views).flatMap(([name, { rows }]) => (rows === null ? [] : [name]))
