/**
 * What users of the database made in schema research is theirs. The checklist drops the database: before, it
 * dumps the schema into a file of its own; when the new database is loaded, it restores it. The file stays,
 * whatever happens, and the file beside it says what was restored.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection } from '../config/connection.ts'
import { fillAtomically, writeAtomically } from '../core/atomic-file.ts'
import { messageOf, VerificationError } from '../core/errors.ts'
import { hashFile } from '../core/file-hash.ts'
import { compareFingerprints, type Difference } from '../database/compare.ts'
import { type Fingerprint, fingerprintOf } from '../database/fingerprint.ts'
import { OWN_SCHEMA } from '../database/scope.ts'
import { runClient } from '../postgres/client.ts'
import { describeServer } from '../postgres/server.ts'
import { ToolError } from '../postgres/tools.ts'
import { readArchive } from './archive.ts'
import { type OwnRestorer, ownRestorerOf } from './own-restorer.ts'

/** A dump of schema research, as the file beside it describes it. */
export interface OwnDump {
  readonly format: 'stocks-research-own-tables'
  /** Name of the archive, in the same folder. */
  readonly file: string
  readonly sha256: string
  readonly database: string
  /** Of the cluster; null where we were not allowed to ask. */
  readonly system_identifier: string | null
  readonly dumped_at: string
  readonly fingerprint: Fingerprint
  /** Null while it has not been restored. */
  readonly restored_at: string | null
  /** What the restored schema has not, or not with the same rows, in sentences. */
  readonly not_kept: readonly string[]
}

export interface OwnRestore {
  readonly archive: string
  readonly restored_as: string
  readonly tables: number
  readonly rows: number
  readonly objects: number
  readonly not_kept: readonly string[]
}

const PREFIX = 'research_'
const OWN = { scope: 'own', views: 'none' } as const

const rowsOf = ({ tables }: Fingerprint): number =>
  Object.values(tables).reduce((sum, { rows }) => sum + rows, 0)
/** The schema itself is an object too, and made by the migrations. */
const objectsOf = ({ objects }: Fingerprint): string[] =>
  Object.keys(objects).filter((name) => name !== `schema ${OWN_SCHEMA}`)

/**
 * Dumps schema research into `directory`; null when there is nothing in it. The archive is read to its end
 * before it gets its name.
 *
 * @throws ToolError, VerificationError: then nothing may be dropped.
 */
export async function dumpOwnTables(
  connection: Connection,
  directory: string,
  { now = new Date(), signal }: { readonly now?: Date; readonly signal?: AbortSignal } = {},
): Promise<(OwnDump & { readonly archive: string; readonly tables: number; readonly rows: number }) | null> {
  const fingerprint = await fingerprintOf(connection, OWN)
  if (objectsOf(fingerprint).length === 0) return null
  const { version, system_identifier } = await describeServer(connection)
  const stamp = now.toISOString().slice(0, 23).replaceAll(/[-:.]/g, '').replace('T', '_')
  const file = `${PREFIX}${connection.database}_${stamp}.dump`
  const archive = join(directory, file)
  await mkdir(directory, { recursive: true })
  await fillAtomically(archive, async (partial) => {
    const args = ['--format=custom', `--schema=${OWN_SCHEMA}`, '--no-owner', '--no-privileges', '-f', partial]
    await runClient('pg_dump', version, args, connection, { signal })
    await readArchive(partial, version, signal)
  })
  const { sha256 } = await hashFile(archive)
  const dump: OwnDump = {
    format: 'stocks-research-own-tables',
    file,
    sha256,
    database: connection.database,
    system_identifier,
    dumped_at: now.toISOString(),
    fingerprint,
    restored_at: null,
    not_kept: [],
  }
  await writeAtomically(descriptionOf(archive), `${JSON.stringify(dump, null, 2)}\n`)
  return { ...dump, archive, tables: Object.keys(fingerprint.tables).length, rows: rowsOf(fingerprint) }
}

/** The dumps of this database, on this server, that have not been restored yet, the oldest first. */
export async function pendingOwnDumps(connection: Connection, directory: string): Promise<OwnDump[]> {
  const { system_identifier } = await describeServer(connection)
  const names = await readdir(directory).catch(() => [])
  const pending: OwnDump[] = []
  for (const name of names.toSorted()) {
    if (!name.startsWith(PREFIX) || !name.endsWith('.dump.json')) continue
    const dump = JSON.parse(await readFile(join(directory, name), 'utf8')) as OwnDump
    const isHere =
      dump.database === connection.database &&
      (dump.system_identifier === null ||
        system_identifier === null ||
        dump.system_identifier === system_identifier)
    if (isHere && dump.restored_at === null) pending.push(dump)
  }
  return pending
}

/**
 * Restores every pending dump into schema research of the loaded database. All of a dump at once where that
 * is possible; else object by object, and what cannot be restored is named. A role without rights of its own
 * restores, where one can be made: an object may call functions of the user who made it.
 *
 * @throws an error that names the archive, which is unchanged.
 */
export async function restoreOwnTables(
  connection: Connection,
  directory: string,
  { now = new Date(), signal }: { readonly now?: Date; readonly signal?: AbortSignal } = {},
): Promise<OwnRestore[]> {
  const restored: OwnRestore[] = []
  for (const dump of await pendingOwnDumps(connection, directory)) {
    const archive = join(directory, dump.file)
    try {
      const restore = await restoreOne(connection, archive, dump, signal)
      const done: OwnDump = { ...dump, restored_at: now.toISOString(), not_kept: restore.not_kept }
      await writeAtomically(descriptionOf(archive), `${JSON.stringify(done, null, 2)}\n`)
      restored.push(restore)
    } catch (error) {
      throw new VerificationError(
        `Schema ${OWN_SCHEMA} was not restored from ${archive}: ${messageOf(error)}. Nothing is lost: ` +
          `the file is kept. Run again, or run pg_restore --schema=${OWN_SCHEMA} on it.`,
        { cause: error },
      )
    }
  }
  return restored
}

const descriptionOf = (archive: string): string => `${archive}.json`

async function restoreOne(
  connection: Connection,
  archive: string,
  { sha256, fingerprint }: OwnDump,
  signal: AbortSignal | undefined,
): Promise<OwnRestore> {
  const found = await hashFile(archive)
  if (found.sha256 !== sha256)
    throw new VerificationError(`the file has changed: SHA-256 was ${sha256}, is ${found.sha256}`)
  const { version } = await describeServer(connection)
  const restorer = await ownRestorerOf(connection)
  const failures = await restoreWith(restorer, archive, version, signal).finally(restorer.handOver)
  const now = await fingerprintOf(connection, OWN)
  const differences = compareFingerprints(fingerprint, now).filter((each) => isLoss(each, fingerprint))
  const not_kept = differences.map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`)
  return {
    archive,
    restored_as: restorer.restored_as,
    tables: Object.keys(fingerprint.tables).length,
    rows: rowsOf(fingerprint),
    objects: objectsOf(fingerprint).length,
    not_kept: not_kept.length === 0 ? [] : [...not_kept, ...failures],
  }
}

/** Objects that were made since the dump are no loss. */
const isLoss = ({ name }: Difference, { tables, views, sequences, objects }: Fingerprint): boolean =>
  name in tables || name in views || name in sequences || name in objects

/** The errors of pg_restore, a line each; none when everything was restored in one transaction. */
async function restoreWith(
  { connection }: OwnRestorer,
  archive: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const common = [
    `--schema=${OWN_SCHEMA}`,
    '--no-owner',
    '--no-privileges',
    `--dbname=${connection.database}`,
    archive,
  ]
  const attempt = (args: readonly string[]): Promise<unknown> =>
    runClient('pg_restore', version, [...args, ...common], connection, { signal })
  try {
    await attempt(['--exit-on-error', '--single-transaction'])
    return []
  } catch (error) {
    if (!(error instanceof ToolError) || signal?.aborted === true) throw error
  }
  try {
    await attempt(['--no-data-for-failed-tables'])
    return []
  } catch (error) {
    if (!(error instanceof ToolError) || error.result.exit_code !== 1) throw error
    return error.result.stderr.split('\n').filter((line) => line.includes('ERROR:'))
  }
}
