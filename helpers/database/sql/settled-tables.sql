-- Core tables whose content is recorded and that no run changed since.
with recursive tables as (
  -- One look-up for each table, however many recordings there are.
  select min(h.table_name) as table_name
  from ingestion.content_hashes h
  union all
  select (
    select min(h.table_name)
    from ingestion.content_hashes h
    where h.table_name > t.table_name
  )
  from tables t
  where t.table_name is not null
),
newest as (
  select h.*
  from tables t
  cross join lateral (
    select *
    from ingestion.content_hashes h
    where h.table_name = t.table_name
    order by h.recording_id desc
    limit 1
  ) h
)
select n.table_name as name
from newest n
where not exists (
  select
  from ingestion.table_changes c
  join ingestion.runs r using (run_id)
  where c.table_name = n.table_name
    and c.change_id > n.last_change_id
)
