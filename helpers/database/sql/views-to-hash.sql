-- The views of a scope, with their definitions. in_scope and not_of_extension are conditions on c.
select
  format('%I.%I', n.nspname, c.relname) as name,
  pg_get_viewdef(c.oid) as definition
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v'
  and :in_scope
  and :not_of_extension
