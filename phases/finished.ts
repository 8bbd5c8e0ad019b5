/** The fixtures of phase 9: the final backup, a copy restored from it, and every check on both. */
import type { Backup } from '../helpers/backup/dump.ts'
import { listBackups } from '../helpers/backup/manifest.ts'
import type { Connection } from '../helpers/config/connection.ts'
import { withDatabase } from '../helpers/postgres/database.ts'
import { checksOf } from '../ingest/validation/checks.ts'
import { VALIDATING, type ValidationReport, validate } from '../ingest/validation/validate.ts'
import { type Beside, startBeside } from './beside.ts'
import { test as base } from './fixtures.ts'

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
  /** Every check on both databases, side by side: they share nothing but the server. */
  .extend('validations', { scope: 'file' }, async ({ config, restored, target }) => {
    const checks = checksOf(config)
    const check = (connection: Connection): Promise<ValidationReport> =>
      withDatabase(connection, (db) => validate(db, { checks }), VALIDATING)
    const [ofTarget, ofRestored] = await Promise.all([check(target.connection), check(restored.connection)])
    return { target: ofTarget, restored: ofRestored }
  })
