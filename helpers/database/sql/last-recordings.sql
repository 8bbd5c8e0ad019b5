-- What was last recorded of each core table.
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
select
  table_name as name,
  rows_count::int as rows,
  sha256,
  segments,
  columns,
  last_change_id::text,
  to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as recorded_at
from newest
order by table_name
