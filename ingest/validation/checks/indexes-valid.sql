-- claim: every index is valid and every core table has a unique key
-- severity: hard
-- why: An index whose build failed is not used and guarantees nothing; a table without a key accepts the same
--      row twice.
select i.indexrelid::regclass::text as subject, 'the index is not valid' as fault
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('ingestion', 'stocks_research')
  and not (i.indisvalid and i.indisready)
union all
select c.oid::regclass::text, 'no primary or unique key'
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'stocks_research'
  and c.relkind = 'r'
  and not exists (
    select
    from pg_constraint k
    where k.conrelid = c.oid
      and k.contype in ('p', 'u'))
