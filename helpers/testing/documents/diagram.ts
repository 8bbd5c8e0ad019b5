import { join } from 'node:path'
import type { Database } from '../../postgres/database.ts'
import { queryFile } from '../../postgres/query-file.ts'

interface Table extends Record<string, unknown> {
  readonly name: string
  readonly keys: readonly {
    readonly column_name: string
    readonly type: string
    readonly is_primary: boolean | null
    readonly is_foreign: boolean
  }[]
  readonly refers: readonly {
    readonly target: string
    readonly column: string
    readonly kind: 'foreign key' | 'filer'
  }[]
}

const SQL = join(import.meta.dirname, 'sql')

/** A Mermaid diagram of a schema: its tables with their key columns, and what they refer to. */
async function diagramOf(db: Database, schema: string): Promise<string> {
  const tables = await db.rows<Table>(queryFile(SQL, 'diagram'), [schema])
  const lines = ['```mermaid', 'erDiagram']
  for (const { name, keys } of tables) {
    lines.push(`  ${name} {`)
    for (const { column_name, type, is_primary, is_foreign } of keys) {
      const marks = [is_primary ? 'PK' : '', is_foreign ? 'FK' : ''].filter(Boolean).join(', ')
      lines.push(`    ${type.replaceAll(' ', '_')} ${column_name} ${marks}`.trimEnd())
    }
    lines.push('  }')
  }
  for (const { name, refers } of tables)
    for (const { target, column, kind } of refers)
      lines.push(`  ${target} ${kind === 'filer' ? '}o..o{' : '||--o{'} ${name} : ${column}`)
  return [...lines, '```'].join('\n')
}

const START = '<!-- tables: written by helpers/database/documents.test.ts -->'
const END = '<!-- end of tables -->'

/** The page with the section between the markers replaced. */
export async function withDiagrams(db: Database, page: string): Promise<string> {
  const start = page.indexOf(START)
  const end = page.indexOf(END)
  if (start < 0 || end < start)
    throw new TypeError(`docs/architecture.md needs the lines "${START}" and "${END}".`)
  const section = [
    START,
    '',
    '### What research reads: schema `stocks_research`',
    '',
    await diagramOf(db, 'stocks_research'),
    '',
    'A dotted line is a key without a constraint: a fact belongs to a filer (`cik`), which may have several',
    'securities.',
    '',
    '### How it was loaded: schema `ingestion`',
    '',
    await diagramOf(db, 'ingestion'),
    '',
  ]
  return `${page.slice(0, start)}${section.join('\n')}\n${page.slice(end)}`
}
