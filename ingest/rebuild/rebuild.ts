import type { Connection } from '../../helpers/config/connection.ts'
import { compareFingerprints, type Difference } from '../../helpers/database/compare.ts'
import { fingerprintOf } from '../../helpers/database/fingerprint.ts'
import { migrate } from '../../helpers/database/migrate.ts'
import { createEmptyDatabase, localeOf } from '../../helpers/database/scratch.ts'
import type { RunReport } from '../pipeline/report.ts'

/** What came of a rebuild. Equal means: every core table holds the same rows, by hash. */
export interface Rebuild {
  readonly state: RunReport['state']
  readonly state_reason: string | null
  readonly rebuild_ms: number
  readonly content_sha256: string
  readonly rebuilt_content_sha256: string
  readonly tables: readonly {
    readonly table: string
    readonly rows: number
    readonly sha256: string
    readonly is_equal: boolean
  }[]
  readonly differences: readonly Difference[]
}

/**
 * Builds the content of `original` again in `scratch`, a database that does not exist yet, and compares the
 * two. `original` is only read. The scratch database is left to the caller, whatever happens.
 *
 * @param load brings the rows into a migrated, empty database: the seven jobs over what was recorded.
 */
export async function rebuild(
  original: Connection,
  scratch: Connection,
  migrations: string,
  load: (scratch: Connection) => Promise<RunReport>,
): Promise<Rebuild> {
  const started = performance.now()
  await createEmptyDatabase(original, scratch.database, await localeOf(original))
  await migrate(scratch, migrations)
  const { state, state_reason } = await load(scratch)
  const rebuild_ms = Math.round(performance.now() - started)
  const [expected, rebuilt] = await Promise.all([
    fingerprintOf(original, { scope: 'content', views: 'none' }),
    fingerprintOf(scratch, { scope: 'content', views: 'none' }),
  ])
  return {
    state,
    state_reason,
    rebuild_ms,
    content_sha256: expected.content_sha256,
    rebuilt_content_sha256: rebuilt.content_sha256,
    tables: Object.entries(expected.tables).map(([table, { rows, sha256 }]) => ({
      table,
      rows,
      sha256,
      is_equal: rebuilt.tables[table]?.sha256 === sha256,
    })),
    differences: compareFingerprints(expected, rebuilt),
  }
}
