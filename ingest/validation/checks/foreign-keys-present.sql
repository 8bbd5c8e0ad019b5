-- claim: every table with a security_id has an active foreign key to securities
-- severity: hard
-- why: A dropped constraint and a disabled trigger let rows in that belong to no security. Both are found
--      here, on every table, so that no other check has to trust a constraint.
select c.oid::regclass::text as subject, 'no foreign key to securities' as fault
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'security_id' and not a.attisdropped
where n.nspname = 'stocks_research'
  and c.relkind in ('r', 'p')
  and c.relname <> 'securities'
  and not exists (
    select
    from pg_constraint f
    where f.conrelid = c.oid
      and f.contype = 'f'
      and f.confrelid = 'stocks_research.securities'::regclass)
union all
select t.tgrelid::regclass::text, 'trigger ' || t.tgname || ' is disabled'
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('ingestion', 'stocks_research')
  and t.tgenabled = 'D'
