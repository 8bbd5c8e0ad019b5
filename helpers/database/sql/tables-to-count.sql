-- Tables, materialized views and foreign tables of the database, with the planner's estimate of their rows.
select
  n.nspname as schema,
  c.relname as name,
  c.relkind::text as kind,
  greatest(c.reltuples, 0)::float8 as estimate
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'f')
  and not c.relispartition
  and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
order by 1, 2
