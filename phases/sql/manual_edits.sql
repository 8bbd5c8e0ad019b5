-- Changes of core tables that belong to no recorded run, oldest first.
select c.table_name, c.operation, c.rows_count, c.database_user, c.application, c.changed_at::text
from ingestion.table_changes c
where not exists (select from ingestion.runs r where r.run_id = c.run_id)
order by c.change_id
limit 50
