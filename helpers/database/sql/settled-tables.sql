-- Core tables whose content is recorded and that no run changed since.
select distinct h.table_name as name
from ingestion.content_hashes h
where not exists (
  select
  from ingestion.table_changes c
  join ingestion.runs r using (run_id)
  where c.table_name = h.table_name
    and c.change_id > (
      select max(n.last_change_id)
      from ingestion.content_hashes n
      where n.table_name = h.table_name
    )
)
