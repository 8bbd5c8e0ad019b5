-- How many objects of the database a person could have created. Objects of extensions and of the system are
-- not counted.
with own as (
  select n.oid
  from pg_namespace n
  where n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
), objects as (
  select 'pg_class'::regclass as kind, c.oid
  from pg_class c
  where c.relnamespace in (select oid from own)
  union all
  select 'pg_proc'::regclass, p.oid
  from pg_proc p
  where p.pronamespace in (select oid from own)
  union all
  select 'pg_type'::regclass, t.oid
  from pg_type t
  where t.typnamespace in (select oid from own)
  union all
  select 'pg_namespace'::regclass, n.oid
  from pg_namespace n
  where n.oid in (select oid from own)
    and n.nspname <> 'public'
  union all
  select 'pg_largeobject'::regclass, l.oid
  from pg_largeobject_metadata l
)
select count(*)::int as objects_count
from objects o
where not exists (
  select
  from pg_depend d
  where d.classid = o.kind
    and d.objid = o.oid
    and d.deptype = 'e'
)
