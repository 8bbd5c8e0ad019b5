-- Tables, views and functions of schema $1 with their comments, each followed by its columns.
with relations as (
  select
    c.oid,
    case c.relkind when 'v' then 'view' else 'table' end as kind,
    c.relname::text as name
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1
    and c.relkind in ('r', 'p', 'v', 'm')
), described as (
  select r.kind, r.name, 0 as position, null as column_name, null as type,
    obj_description(r.oid, 'pg_class') as comment
  from relations r
  union all
  select r.kind, r.name, a.attnum::integer, a.attname::text, format_type(a.atttypid, a.atttypmod),
    col_description(r.oid, a.attnum)
  from relations r
  join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  union all
  select 'function', format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), 0, null, null,
    obj_description(p.oid, 'pg_proc')
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = $1
    -- Those of an extension are described by its own manual.
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
)
select kind, name, column_name, type, comment
from described
order by array_position(array['table', 'view', 'function'], kind), name collate "C", position
