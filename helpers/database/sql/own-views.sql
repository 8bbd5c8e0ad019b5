-- The views of the product's two schemas, quoted where needed.
select format('%I.%I', n.nspname, c.relname) as name
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v'
  and n.nspname in ('ingestion', 'stocks_research')
order by 1
