-- The newest run that is recorded as running, as text: run.
select format(
  'run %s, host %s, process %s, started %s UTC',
  run_id, host, process_id, to_char(started_at, 'YYYY-MM-DD HH24:MI:SS')
) as run
from ingestion.runs
where state = 'running'
order by started_at desc
limit 1
