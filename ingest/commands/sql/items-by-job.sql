-- The work items of the run $1, a line for each job: how many ended in which status.
with counts as (
  select job, status, count(*) as number, min(item_id) as first_id
  from ingestion.items
  where run_id = $1
  group by job, status
)
select
  format('  %s  %s', rpad(job, 20), string_agg(format('%s %s', number, status), ', ' order by status))
    as line
from counts
group by job
order by min(first_id)
