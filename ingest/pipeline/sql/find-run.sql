-- The newest run that fulfils a condition.
select run_id, command, source, jobs, state, state_reason,
  universe_file, universe_sha256, start_date, end_date,
  to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at
from ingestion.runs
where :condition
order by started_at desc
limit 1
