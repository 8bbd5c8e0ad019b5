import type { Database } from '../postgres/database.ts'

interface Described extends Record<string, unknown> {
  readonly kind: string
  readonly name: string
  readonly column_name: string | null
  readonly type: string | null
  readonly comment: string | null
}

/**
 * The data dictionary as Markdown, from the comments in the database: tables, views and functions with all
 * their columns, by name.
 */
export async function dictionaryOf(db: Database, schema = 'stocks_research'): Promise<string> {
  const rows = await db.rows<Described>(DESCRIBED, [schema])
  const lines = [`# Data dictionary: ${schema}`, '', 'Written from the comments in the database.']
  for (const { kind, name, column_name, type, comment } of rows) {
    if (column_name !== null) lines.push(`| \`${column_name}\` | ${type} | ${cell(comment)} |`)
    else {
      lines.push('', `## ${name}`, `${kind[0]?.toUpperCase()}${kind.slice(1)}. ${comment ?? ''}`)
      if (kind !== 'function') lines.push('', '| column | type | meaning |', '|---|---|---|')
    }
  }
  return `${lines.join('\n')}\n`
}

const cell = (comment: string | null): string => (comment ?? '').replaceAll('|', '\\|')

const DESCRIBED = `
  with described as (
    select case c.relkind when 'v' then 'view' else 'table' end as kind, c.relname::text as name, a.attnum::integer as position,
      a.attname::text as column_name, format_type(a.atttypid, a.atttypmod) as type, col_description(c.oid, a.attnum) as comment
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm')
    union all
    select case c.relkind when 'v' then 'view' else 'table' end, c.relname::text, 0, null, null, obj_description(c.oid, 'pg_class')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm')
    union all
    select 'function', format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), 0, null, null, obj_description(p.oid, 'pg_proc')
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1
  )
  select kind, name, column_name, type, comment from described
  order by array_position(array['table', 'view', 'function'], kind), name collate "C", position`
