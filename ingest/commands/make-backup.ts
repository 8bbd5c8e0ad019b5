import { applyRetention } from '../../helpers/backup/retention.ts'
import { makeVerifiedBackup } from '../../helpers/backup/verified.ts'
import type { Config } from '../../helpers/config/config.ts'
import { PreconditionError } from '../../helpers/core/errors.ts'
import { cutList, sizeText, thousands } from '../../helpers/core/text.ts'
import { inspectTarget } from '../../helpers/database/target.ts'
import type { Server } from '../../helpers/postgres/server.ts'
import { openRemote } from '../../helpers/remote/open.ts'

export interface BackupReport {
  /** Name of the archive, here and in the remote store. */
  readonly file: string
  readonly bytes: number
  readonly rows: number
  readonly remote: string
  /** Older backups that the retention removed, here and there. */
  readonly removed: readonly string[]
  /** Why nothing, or less than the rule allows, was removed. */
  readonly notes: readonly string[]
}

/** The backup of a daily run: made, failed, or why none was made; null when none was asked for. */
export type DailyBackup = BackupReport | { readonly error: string } | { readonly skipped: string } | null

export interface BackupOptions {
  /** The run that the manifest names. */
  readonly run_id?: string
  readonly signal: AbortSignal
  /** Why older backups are all kept; without it, `backups` of bootstrap.json decides. */
  readonly keep_all?: string
  readonly say: (text: string) => void
}

/**
 * Backs the target up as the checklist does: the same dump, all four levels, the remote copy, and then the
 * retention. To be called under the run lock, so that the dump is of a state between two runs.
 *
 * @throws PreconditionError when the target does not exist or was not made by this product.
 */
export async function backUp(
  server: Server,
  { directories, bootstrap, dropbox }: Pick<Config, 'directories' | 'bootstrap' | 'dropbox'>,
  { run_id, signal, keep_all, say }: BackupOptions,
): Promise<BackupReport> {
  const target = await inspectTarget(server)
  if (target.state !== 'ours')
    throw new PreconditionError(
      `${target.database} at ${target.host}:${target.port} is not backed up: ` +
        `${target.state === 'foreign' ? target.reason : `it is ${target.state}`}. ` +
        'Set PGHOST and PGDATABASE to a database of this product.',
    )
  const remote = await openRemote({ directories, bootstrap, dropbox })
  try {
    const { archive, manifest, restored } = await makeVerifiedBackup(
      server.connection,
      server.maintenance,
      remote,
      {
        directory: directories.backups,
        mode: target.mode,
        signal,
        onStep: (step) => say(`Backup: ${step} …`),
        ...(run_id === undefined ? {} : { run_id }),
      },
    )
    const { removed, notes } =
      keep_all === undefined
        ? await applyRetention(directories.backups, remote, bootstrap.backups)
        : { removed: [], notes: [keep_all] }
    say(`Backup: ${archive}`)
    const { file, bytes } = manifest
    return { file, bytes, rows: restored.rows, remote: remote.describe(), removed, notes }
  } finally {
    await remote.close()
  }
}

/** The backup as lines for a person. */
export function backupText({ file, bytes, rows, remote, removed, notes }: BackupReport): string {
  return [
    `Backup ${file}: ${sizeText(bytes)}, ${thousands(rows)} rows; passed all 4 levels, copied to ${remote}.`,
    ...(removed.length === 0 ? [] : [`Removed by the retention: ${cutList(removed)}.`]),
    ...notes,
  ].join('\n')
}
