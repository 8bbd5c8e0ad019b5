-- Constraints of a scope that were never validated. in_scope is a condition on c.
select c.conrelid::regclass::text || ' ' || c.conname as name
from pg_constraint c
where not c.convalidated
  and :in_scope
order by 1
