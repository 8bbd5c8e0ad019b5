-- Ends work items that are not requested, as the run ended them that last requested them.
--   $1 run   $2 job   $3 provider   $4 items   $5 the run that last requested each of them
update ingestion.items i
set status = e.status,
  reason = concat_ws(' ', e.reason, format('Not requested: nothing was filed since run %s.', e.run_id)),
  http_status = e.http_status,
  rows_count = e.rows_count,
  archive_sha256 = e.archive_sha256,
  unchanged_since_run_id = e.run_id,
  updated_at = now()
from unnest($4::text[], $5::uuid[]) last (item, run_id)
join ingestion.items e
  on e.run_id = last.run_id
  and e.job = $2
  and e.provider = $3
  and e.item = last.item
where i.run_id = $1::uuid
  and i.job = $2
  and i.provider = $3
  and i.item = last.item
