-- Statements that give the schemas, tables, views and functions of the product to role $1. Sequences and
-- indexes follow their tables. What is in schema research stays with those who made it.
with of_extensions as (
  select d.classid, d.objid
  from pg_depend d
  where d.deptype = 'e'
), objects as (
  select 'schema' as kind, quote_ident(n.nspname) as name
  from pg_namespace n
  where n.nspname in ('stocks_research', 'ingestion', 'research')
  union all
  select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
    c.oid::regclass::text
  from pg_class c
  where c.relnamespace::regnamespace::text in ('stocks_research', 'ingestion')
    and c.relkind in ('r', 'p', 'v', 'm')
    and not exists (
      select from of_extensions e where e.classid = 'pg_class'::regclass and e.objid = c.oid
    )
  union all
  select 'routine', p.oid::regprocedure::text
  from pg_proc p
  where p.pronamespace::regnamespace::text in ('stocks_research', 'ingestion')
    and not exists (
      select from of_extensions e where e.classid = 'pg_proc'::regclass and e.objid = p.oid
    )
)
select coalesce(string_agg(format('alter %s %s owner to %I;', o.kind, o.name, $1::text), ' '), '') as sql
from objects o
