-- Records what became of a request: $1 request_id, $2 class, $3 reason, $4 http_status, $5 body_bytes,
-- $6 archive_sha256, $7 milliseconds since it was sent, $8 milliseconds until its answer began. Returns
-- nothing.
update ingestion.requests
set answered_at = clock_timestamp(),
  class = $2,
  reason = $3,
  http_status = $4,
  body_bytes = $5,
  archive_sha256 = $6,
  sent_at = clock_timestamp() - $7::double precision * interval '1 ms',
  latency_ms = $8
where request_id = $1
