-- The work items of a job $2 in the run $1 that have no data, with the reason of each.
select item, status, error_class, coalesce(reason, '') as reason, attempts_count,
  to_char(next_try_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as next_try_at
from ingestion.items
where run_id = $1 and job = $2 and status in ('not_found', 'failed', 'deferred')
order by status, item
