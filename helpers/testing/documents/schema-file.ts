import { join } from 'node:path'
import { readMigrations } from '../../database/migration-files.ts'
import type { Database } from '../../postgres/database.ts'
import { queryFile } from '../../postgres/query-file.ts'

interface Relation extends Record<string, unknown> {
  readonly name: string
  readonly comment: string
  readonly columns: readonly { readonly comment: string; readonly definition: string }[]
  readonly constraints: readonly string[]
  readonly indexes: readonly string[]
  readonly triggers: readonly string[]
}

interface Routine extends Record<string, unknown> {
  readonly kind: 'view' | 'function' | 'aggregate'
  readonly name: string
  readonly comment: string
  readonly definition: string
  readonly arguments: string
}

const SQL = join(import.meta.dirname, 'sql')
const WIDTH = 110

/**
 * The schema of a migrated database as SQL to read, from the catalog: by schema, then by noun (the migration
 * that creates the object), then in the order of creation. Words and layout do not depend on the version of
 * PostgreSQL, as far as its functions for definitions (pg_get_constraintdef and the like) do not.
 */
export async function schemaFileOf(db: Database, migrations: string): Promise<string> {
  const texts = new Map<string, string>()
  for (const relation of await db.rows<Relation>(queryFile(SQL, 'schema-relations')))
    texts.set(relation.name, tableText(relation))
  for (const routine of await db.rows<Routine>(queryFile(SQL, 'schema-routines')))
    texts.set(routine.name, routineText(routine))

  const lines = ['-- The schema of the database, written from its catalog: to read, not to run.']
  for (const schema of ['ingestion', 'stocks_research']) {
    lines.push('', `-- ${'='.repeat(WIDTH - 3)}`, `-- Schema ${schema}`, `-- ${'='.repeat(WIDTH - 3)}`)
    for (const { noun, names } of await nounsOf(migrations)) {
      const wanted = names.filter((name) => name.startsWith(`${schema}.`))
      if (wanted.length > 0) lines.push('', `-- ${noun} ${'-'.repeat(WIDTH - 4 - noun.length)}`)
      for (const name of wanted) lines.push('', texts.get(name) ?? `-- ${name} is not in the database.`)
      for (const name of wanted) texts.delete(name)
    }
  }
  if (texts.size > 0) lines.push('', '-- other', ...texts.values())
  return `${lines.join('\n')}\n`
}

const CREATED = /^create (?:table|view|function|aggregate) ([\w.]+)/gm

/** The nouns of the migrations, in order, with the objects that each creates. */
async function nounsOf(directory: string): Promise<{ noun: string; names: string[] }[]> {
  const files = await readMigrations(directory)
  const created = files.map(({ name, sql }) => ({
    noun: name.replace(/^\d+-|\.sql$/g, '').replaceAll('-', ' '),
    names: [...sql.matchAll(CREATED)].map(([, object = '']) => object),
  }))
  // The runner creates this table.
  return [{ noun: 'migrations', names: ['ingestion.migrations'] }, ...created]
}

function tableText({ name, comment, columns, constraints, indexes, triggers }: Relation): string {
  const parts = [
    ...columns.map((column) => [
      ...commented(column.comment, '  '),
      ...wrapped(lowered(column.definition), '  '),
    ]),
    ...constraints.map((constraint) => wrapped(lowered(constraint), '  ')),
  ]
  const last = parts.length - 1
  const body = parts.map((lines, index) => (index === last ? lines.join('\n') : `${lines.join('\n')},`))
  const statements = [...indexes, ...triggers].flatMap((statement) => wrapped(`${lowered(statement)};`, ''))
  return [...commented(comment, ''), `create table ${name} (`, ...body, ');', ...statements].join('\n')
}

function routineText({ kind, name, comment, definition, arguments: list }: Routine): string {
  const head = commented(comment, '')
  if (kind === 'view') return [...head, `create view ${name} as`, ...viewLines(definition)].join('\n')
  if (kind === 'aggregate')
    return [...head, `create aggregate ${name}(${list}) (`, `  ${definition}`, ');'].join('\n')
  const [signature = '', ...body] = definition.trimEnd().split(/^AS \$(?:function|procedure)\$/m)
  const lines = signature.trimEnd().split('\n')
  const lowerLines = lines.flatMap((line) => wrapped(lowered(line.trimEnd()).replace('or replace ', ''), ''))
  if (body.length === 0) return [...head, `${lowerLines.join('\n')};`].join('\n')
  const text = body.join('').replace(/\$(?:function|procedure)\$$/, '')
  return [...head, ...lowerLines, `as $$${text}$$;`].join('\n')
}

/**
 * A view; a query of one relation without the alias before its columns, which PostgreSQL 15 writes and 16
 * does not.
 */
function viewLines(definition: string): string[] {
  const [, alias] = /^ +FROM [\w.]+(?:\([^)]*\))? (\w+)(?:\([^)]*\))?;$/m.exec(definition) ?? []
  const plain = alias === undefined ? definition : definition.replaceAll(`${alias}.`, '')
  return plain
    .split('\n')
    .flatMap((line) => wrapped(lowered(line.trim()), ' '.repeat(line.length - line.trimStart().length)))
}

const commented = (comment: string, indent: string): string[] =>
  wrapped(comment, `${indent}-- `, `${indent}-- `)

/**
 * Keywords in lower case, `in (…)` for PostgreSQL's `= ANY (ARRAY[…])`, no cast of a string to text. Strings
 * do not change.
 */
const lowered = (text: string): string =>
  text
    .replace(/('(?:[^']|'')*')::text\b(?!\[)/g, '$1')
    .replace(/= ANY \(ARRAY\[([^\]]*)\]\)/g, 'in ($1)')
    .replace(/'(?:[^']|'')*'|\b[A-Z]+\b/g, (token) => (token.startsWith("'") ? token : token.toLowerCase()))

/** Lines of at most WIDTH characters where the text has spaces. */
function wrapped(text: string, indent: string, further = `${indent}  `): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    const longer = line.trim() === indent.trim() ? `${line}${word}` : `${line} ${word}`
    // A comma or a semicolon may follow.
    if (longer.length >= WIDTH && line.trim() !== '') {
      lines.push(line)
      line = `${further}${word}`
    } else line = longer
  }
  return [...lines, line]
}
