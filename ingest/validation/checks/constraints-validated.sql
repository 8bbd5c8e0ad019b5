-- claim: every foreign key and every other constraint is validated
-- severity: hard
-- why: PostgreSQL does not check the rows that were there before a constraint was added as "not valid".
select conrelid::regclass::text as subject, conname as constraint_name, contype::text as kind
from pg_constraint c
join pg_namespace n on n.oid = c.connamespace
where n.nspname in ('ingestion', 'stocks_research')
  and not c.convalidated
