import { join } from 'node:path'
import { ROOT_DIRECTORY } from '../config/config.ts'
import type { Connection } from '../config/connection.ts'
import { PreconditionError } from '../core/errors.ts'
import { withDatabase } from '../postgres/database.ts'
import { type Applied, faultsOf } from './migrate.ts'
import { type Migration, readMigrations } from './migration-files.ts'

/** The migrations of this version. */
export const MIGRATIONS_DIRECTORY = join(ROOT_DIRECTORY, 'migrations')

/** The schema of a database compared with the migrations of a version. */
export type SchemaState =
  | { readonly state: 'current' }
  | { readonly state: 'behind'; readonly pending: readonly Migration[] }
  /** A newer version upgraded it: these migrations are unknown here. */
  | { readonly state: 'ahead'; readonly unknown: readonly string[] }
  /** Other migrations created it: each fault in a sentence. */
  | { readonly state: 'changed'; readonly faults: readonly string[] }

/** Compares names and hashes of what was applied with the files of `directory`. Writes nothing. */
export async function schemaStateOf(
  connection: Connection,
  directory = MIGRATIONS_DIRECTORY,
): Promise<SchemaState> {
  const migrations = await readMigrations(directory)
  const applied = await withDatabase(connection, (db) =>
    db.rows<Applied & Record<string, unknown>>(
      'select name, sha256 from ingestion.migrations order by name collate "C"',
    ),
  )
  return stateOf(applied, migrations)
}

export function stateOf(applied: readonly Applied[], migrations: readonly Migration[]): SchemaState {
  const last = migrations.at(-1)?.name ?? ''
  const unknown = applied.map(({ name }) => name).filter((name) => name > last)
  const faults = faultsOf(
    applied.filter(({ name }) => name <= last),
    migrations,
  )
  if (faults.length > 0) return { state: 'changed', faults }
  if (unknown.length > 0) return { state: 'ahead', unknown }
  const pending = migrations.slice(applied.length)
  return pending.length === 0 ? { state: 'current' } : { state: 'behind', pending }
}

/**
 * For every command that writes: the schema must be the one of this version.
 *
 * @throws PreconditionError that says how it differs, and the command that repairs it.
 */
export async function requireCurrentSchema(
  connection: Connection,
  directory = MIGRATIONS_DIRECTORY,
): Promise<void> {
  const state = await schemaStateOf(connection, directory)
  if (state.state !== 'current') throw new PreconditionError(schemaFault(connection.database, state))
}

/** What is wrong with a schema that is not current, and what to do. */
export function schemaFault(database: string, state: Exclude<SchemaState, { state: 'current' }>): string {
  switch (state.state) {
    case 'behind': {
      const names = state.pending.map(({ name }) => name).join(', ')
      return (
        `The schema of ${database} is behind this version; pending: ${names}. Nothing was written. ` +
        'Upgrade it: npm run db:migrate (-- --plan shows the SQL).'
      )
    }
    case 'ahead':
      return (
        `The schema of ${database} is ahead of this version, which does not have ` +
        `${state.unknown.join(', ')}. Nothing was written. Use the version that upgraded it, or restore a ` +
        'backup from before that upgrade: npm run restore -- list.'
      )
    case 'changed':
      return [
        `The schema of ${database} was created by other migrations than this version has. ` +
          'Nothing was written.',
        ...state.faults.map((fault) => `  - ${fault}`),
        'Before the first release migrations are edited in place: rebuild such a database with ' +
          'npx vitest run phases. After it, restore the released files; a change is a new migration.',
      ].join('\n')
  }
}
