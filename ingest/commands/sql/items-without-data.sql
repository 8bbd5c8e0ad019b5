-- The work items of the run $1 that have no data.
select job, item, status, error_class, coalesce(reason, '') as reason, attempts_count
from ingestion.items
where run_id = $1 and status in ('failed', 'deferred', 'not_found')
order by status, item_id
