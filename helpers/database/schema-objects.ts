import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Database } from '../postgres/database.ts'
import { queryFile } from '../postgres/query-file.ts'
import { inScope, type Scope } from './scope.ts'

/**
 * Every object of the schema by name, with the first 16 hexadecimal digits of the SHA-256 of its definition.
 * It is read from the catalog: `pg_dump --schema-only` differs from version to version, and since 15.14 from
 * call to call (\restrict).
 */
export async function readSchemaObjects(tx: Database, scope: Scope): Promise<Record<string, string>> {
  const objects: Record<string, string> = {}
  const query = queryFile(SQL, 'schema-objects', {
    in_scope: inScope('n.oid', scope),
    with_extensions: String(scope === 'full'),
  })
  for (const { name, definition } of await tx.rows<{ name: string; definition: string | null }>(query)) {
    objects[name] = createHash('sha256')
      .update(settle(definition ?? ''))
      .digest('hex')
      .slice(0, 16)
  }
  return objects
}

/**
 * PostgreSQL writes `x in ('a', 'b')` over a varchar in two ways, before and after a dump: casts of the array
 * or of its members. Both mean the same, so both become the same text; nothing else is touched.
 */
const settle = (definition: string): string =>
  definition.includes('character varying')
    ? definition.replace(/::(?:text|character varying)(?:\[\])?|[()]/g, '')
    : definition

const SQL = join(import.meta.dirname, 'sql')
