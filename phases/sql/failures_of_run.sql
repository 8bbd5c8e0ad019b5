-- Work items of a run that failed or wait for a quota, by job and class of error.
select job, error_class, count(*)::int as items
from ingestion.items
where run_id = $1
  and status in ('failed', 'deferred')
group by 1, 2
order by 1, 2
