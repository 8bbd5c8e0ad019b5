-- Core tables of which a trigger saw a change since their content was last recorded.
select distinct c.table_name as name
from ingestion.table_changes c
where c.operation <> 'UNSEEN'
  and c.change_id > (
    select max(n.last_change_id)
    from ingestion.content_hashes n
    where n.table_name = c.table_name
  )
