-- The newest running run of a process: $1 host, $2 process_id. Returns at most one row.
select run_id
from ingestion.runs
where state = 'running'
  and host = $1
  and process_id = $2
order by started_at desc
limit 1
