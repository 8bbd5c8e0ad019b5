-- The newest $1 runs. A killed run is recorded as running until the next one marks it: it is dead when no
-- session holds the ingestion lock.   $2 the reason of a dead run
select r.run_id,
  case when d.is_dead then 'interrupted' else r.state end as state,
  to_char(r.started_at, 'YYYY-MM-DD HH24:MI:SS') as started_at,
  r.start_date, r.end_date, r.source,
  case when d.is_dead then $2 else coalesce(r.state_reason, '') end as reason
from ingestion.runs r
cross join lateral (
  select r.state = 'running' and not exists (select from pg_locks l where :is_ingestion_lock) as is_dead
) d
order by r.started_at desc
limit $1
