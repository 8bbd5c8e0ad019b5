-- What was last recorded of each core table.
with newest as (
  :newest_recordings
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
