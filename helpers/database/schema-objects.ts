import { createHash } from 'node:crypto'
import type { Database } from '../postgres/database.ts'
import { inScope, notOfExtension, type Scope } from './scope.ts'

/**
 * Every object of the schema by name, with the first 16 hexadecimal digits of the SHA-256 of its definition.
 * It is read from the catalog: `pg_dump --schema-only` differs from version to version, and since 15.14 from
 * call to call (\restrict).
 */
export async function readSchemaObjects(tx: Database, scope: Scope): Promise<Record<string, string>> {
  const objects: Record<string, string> = {}
  for (const { name, definition } of await tx.rows<{ name: string; definition: string | null }>(
    objectsQuery(scope),
  )) {
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

function objectsQuery(scope: Scope): string {
  const relation = `format('%I.%I', n.nspname, c.relname)`
  const relations = `pg_class c join pg_namespace n on n.oid = c.relnamespace and ${inScope('n.oid', scope)} and ${notOfExtension('c.oid', 'pg_class')}`
  return `
    select * from (
      select 'schema ' || quote_ident(n.nspname) as name, '' as definition from pg_namespace n where ${inScope('n.oid', scope)} and n.nspname <> 'public'
      union all
      select 'relation ' || ${relation}, concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.reloptions::text,
          pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), (select string_agg(inhparent::regclass::text, ',' order by inhseqno) from pg_inherits where inhrelid = c.oid))
        from ${relations} where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      union all
      select 'column ' || ${relation} || '.' || quote_ident(a.attname), concat_ws(' ',
          row_number() over (partition by a.attrelid order by a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
          (select quote_ident(collname) from pg_collation where oid = a.attcollation), pg_get_expr(d.adbin, d.adrelid))
        from ${relations} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relkind in ('r', 'p', 'v', 'm', 'f')
      union all
      select 'constraint ' || coalesce(${relation} || '.', '') || quote_ident(x.conname), concat_ws(' ', x.convalidated, pg_get_constraintdef(x.oid))
        from pg_constraint x join ${relations} on c.oid = x.conrelid
      union all
      select 'index ' || ${relation}, concat_ws(' ', i.indisvalid, i.indisclustered, pg_get_indexdef(c.oid)) from ${relations} join pg_index i on i.indexrelid = c.oid
      union all
      select 'view ' || ${relation}, pg_get_viewdef(c.oid) from ${relations} where c.relkind in ('v', 'm')
      union all
      select 'sequence ' || ${relation}, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle,
          (select refobjid::regclass || '.' || refobjsubid from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')))
        from ${relations} join pg_sequence s on s.seqrelid = c.oid
      union all
      select 'trigger ' || ${relation} || '.' || quote_ident(t.tgname), concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
        from ${relations} join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
      union all
      select 'rule ' || ${relation} || '.' || quote_ident(r.rulename), pg_get_ruledef(r.oid) from ${relations} join pg_rewrite r on r.ev_class = c.oid and r.rulename <> '_RETURN'
      union all
      select 'policy ' || ${relation} || '.' || quote_ident(p.polname),
          concat_ws(' ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid))
        from ${relations} join pg_policy p on p.polrelid = c.oid
      union all
      select 'comment ' || ${relation} || '.' || d.objsubid, d.description from ${relations} join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid
        where c.relkind in ('r', 'v', 'm', 'p') and d.objsubid = 0
      union all
      select 'comment ' || ${relation} || '.' || quote_ident(a.attname), d.description from ${relations}
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = c.oid and d.objsubid = a.attnum
      union all
      select 'function ' || p.oid::regprocedure, case when p.prokind in ('f', 'p') then pg_get_functiondef(p.oid) else p.prokind::text end
        from pg_proc p where ${inScope('p.pronamespace', scope)} and ${notOfExtension('p.oid', 'pg_proc')}
      union all
      select 'type ' || format_type(t.oid, null), concat_ws(' ', t.typtype, t.typnotnull, t.typdefault, nullif(format_type(t.typbasetype, t.typtypmod), '-'),
          (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
          (select string_agg(pg_get_constraintdef(x.oid), ',' order by x.conname) from pg_constraint x where x.contypid = t.oid))
        from pg_type t where ${inScope('t.typnamespace', scope)} and ${notOfExtension('t.oid', 'pg_type')} and t.typtype in ('e', 'd', 'r')
      union all
      select 'extension ' || quote_ident(e.extname), n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' and ${scope === 'full'}
    ) o order by name collate "C"`
}
