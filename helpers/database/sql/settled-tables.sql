-- Core tables whose content is recorded and that no run changed since.
with newest as (
  :newest_recordings
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
