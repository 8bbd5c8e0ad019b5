/** The fixtures of phase 9: the final backup, a copy restored from it, and the validation of both. */
import { join } from 'node:path'
import type { Backup } from '../helpers/backup/dump.ts'
import { listBackups } from '../helpers/backup/manifest.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { type Fingerprint, fingerprintOf } from '../helpers/database/fingerprint.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import { checksOf } from '../ingest/validation/checks.ts'
import { VALIDATING, validate } from '../ingest/validation/validate.ts'
import { type Beside, startBeside } from './beside.ts'
import { test as base } from './fixtures.ts'
import { validateUnlessRecorded } from './validated.ts'

export const test = base
  /** The final backup of this run. */
  .extend('backup', { scope: 'file' }, async ({ config, target }): Promise<Backup> => {
    const made = (await listBackups(config.directories.backups)).filter(
      ({ manifest }) => manifest.run_id === target.run_id,
    )
    const last = made.at(-1)
    if (last === undefined)
      throw new TypeError(`There is no backup of run ${target.run_id} in ${config.directories.backups}.`)
    return last
  })
  /** The restored copy and the drills on copies of it, started by the first box that needs them. */
  .extend('beside', { scope: 'file' }, ({ backup, target }, { onCleanup }): Beside => {
    const beside = startBeside(backup, target)
    onCleanup(beside.end)
    return beside
  })
  /** One restored copy, for the boxes that only read it. */
  .extend('restored', { scope: 'file' }, ({ beside }) => beside.restored)
  /** The content of the target and of the restored copy, as each is now. */
  .extend('contents', { scope: 'file' }, async ({ restored, target }) => {
    const read = (connection: Connection): Promise<Fingerprint> =>
      fingerprintOf(connection, { scope: 'content', views: 'none' })
    const [ofTarget, ofRestored] = await Promise.all([read(target.connection), read(restored.connection)])
    return { target: ofTarget, restored: ofRestored }
  })
  /**
   * Every check on the restored copy. The target is validated again unless phase 7 validated equal content:
   * then the recorded result is used, and its hashes are evidence.
   */
  .extend('validations', { scope: 'file' }, async ({ config, contents, restored, target }) => {
    const checks = checksOf(config)
    const journal_file = join(target.run_directory, 'journal.jsonl')
    const [ofTarget, ofRestored] = await Promise.all([
      validateUnlessRecorded(target.connection, contents.target, checks, journal_file),
      withDatabase(restored.connection, (db) => validate(db, { checks }), VALIDATING),
    ])
    return { target: ofTarget, restored: ofRestored }
  })
