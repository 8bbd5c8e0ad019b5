-- Ends work items as an earlier run ended them, whose inputs were equal.
--   $1 run   $2 job   $3 provider   $4 items   $5 the earlier run
update ingestion.items i
set status = e.status,
  reason = concat_ws(' ', e.reason, format('Unchanged since run %s.', $5::text)),
  http_status = e.http_status,
  rows_count = e.rows_count,
  archive_sha256 = e.archive_sha256,
  unchanged_since_run_id = e.run_id,
  updated_at = now()
from ingestion.items e
where e.run_id = $5::uuid
  and e.job = $2
  and e.provider = $3
  and e.item = i.item
  and e.start_date = i.start_date
  and e.end_date = i.end_date
  and i.run_id = $1::uuid
  and i.job = $2
  and i.provider = $3
  and i.item = any ($4::text[])
