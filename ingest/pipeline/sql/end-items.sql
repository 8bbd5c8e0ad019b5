-- Records how work items ended.   $1 run   $2 job   $3 provider   $4 the ends, as JSON
update ingestion.items i
set status = e.status,
  error_class = e.error_class,
  reason = e.reason,
  http_status = e.http_status,
  rows_count = e.rows_count,
  next_try_at = e.next_try_at,
  leased_until_at = null,
  lease_owner = null,
  updated_at = now(),
  archive_sha256 = array(select jsonb_array_elements_text(e.archive_sha256))
from jsonb_to_recordset($4::jsonb) as e (
  item text, status text, error_class text, reason text, http_status integer,
  rows_count bigint, next_try_at timestamptz, archive_sha256 jsonb
)
where i.run_id = $1 and i.job = $2 and i.provider = $3 and i.item = e.item
