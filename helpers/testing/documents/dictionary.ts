import { join } from 'node:path'
import type { Database } from '../../postgres/database.ts'
import { queryFile } from '../../postgres/query-file.ts'
import { wrapped } from './wrapped.ts'

interface Described extends Record<string, unknown> {
  readonly kind: string
  readonly name: string
  readonly column_name: string | null
  readonly type: string | null
  readonly comment: string | null
}

/** The arguments of a longer name are below its heading, where they can be broken into lines. */
const HEADING_CHARACTERS_MAX = 100

const SQL = join(import.meta.dirname, 'sql')

/**
 * The data dictionary of a schema as Markdown: its tables, views and functions by name, from their comments.
 */
export async function dictionaryOf(db: Database, schema: string): Promise<string> {
  const rows = await db.rows<Described>(queryFile(SQL, 'dictionary'), [schema])
  const lines = [`# Data dictionary: ${schema}`, '', 'Written from the comments in the database.']
  for (const { kind, name, column_name, type, comment } of rows) {
    if (column_name !== null) lines.push(`| \`${column_name}\` | ${type} | ${cell(comment)} |`)
    else {
      const is_long = name.length > HEADING_CHARACTERS_MAX
      const heading = is_long ? name.slice(0, name.indexOf('(')) : name
      const description = `${kind[0]?.toUpperCase()}${kind.slice(1)}. ${comment ?? ''}`
      lines.push('', `## ${heading}`, wrapped(is_long ? `${description} Arguments: ${name}.` : description))
      if (kind !== 'function') lines.push('', '| column | type | meaning |', '|---|---|---|')
    }
  }
  return `${lines.join('\n')}\n`
}

const cell = (comment: string | null): string => (comment ?? '').replaceAll('|', '\\|')
