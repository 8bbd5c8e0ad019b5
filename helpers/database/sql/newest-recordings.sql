-- The newest recording of each core table; a part of other statements.
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
)
select h.*
from tables t
cross join lateral (
  select *
  from ingestion.content_hashes h
  where h.table_name = t.table_name
  order by h.recording_id desc
  limit 1
) h
