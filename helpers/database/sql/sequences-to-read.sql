-- The sequences of a scope, by name. in_scope and not_of_extension are conditions on c.
select format('%I.%I', n.nspname, c.relname) as name
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S'
  and :in_scope
  and :not_of_extension
order by 1
