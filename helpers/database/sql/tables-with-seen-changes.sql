-- Core tables of which a trigger saw a change since their content was last recorded.
with newest as (
  :newest_recordings
)
select n.table_name as name
from newest n
where exists (
  select
  from ingestion.table_changes c
  where c.table_name = n.table_name
    and c.operation <> 'UNSEEN'
    and c.change_id > n.last_change_id
)
