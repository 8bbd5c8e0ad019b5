-- Marks work items as running, leases them, and counts the attempt.
--   $1 run   $2 job   $3 provider   $4 items   $5 owner of the lease   $6 its seconds
update ingestion.items
set status = 'running',
  attempts_count = attempts_count + 1,
  lease_owner = $5,
  leased_until_at = now() + make_interval(secs => $6),
  error_class = null,
  reason = null,
  next_try_at = null,
  updated_at = now()
where run_id = $1 and job = $2 and provider = $3 and item = any ($4)
