-- Changes of core tables outside any recorded run or upgrade, counted by table and operation.
select
  c.table_name as "table",
  c.operation,
  count(*)::int as statements_count
from ingestion.table_changes c
where not exists (select from ingestion.runs r where r.run_id = c.run_id)
  and not exists (select from ingestion.migrations m where m.run_id = c.run_id::text)
group by 1, 2
order by 1, 2
