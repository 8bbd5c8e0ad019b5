-- The most frequent reason why work items of a job ended without rows, and how many have it.
select coalesce(reason, 'no reason is recorded') as reason, count(*)::int as items
from ingestion.items
where run_id = $1
  and job = $2
  and status in ('empty', 'not_found')
group by reason
order by items desc, reason
limit 1
