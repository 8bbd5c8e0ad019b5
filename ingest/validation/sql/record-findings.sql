-- Stores the violations of one check as findings: new ones are added, known ones seen again.
-- $1 violations as JSON, $2 name of the check, $3 its severity, $4 the run, or null.
insert into ingestion.findings (
  fingerprint,
  check_name,
  severity,
  subject,
  evidence,
  first_run_id,
  last_run_id)
select distinct on (f.fingerprint) f.fingerprint, $2, $3, f.subject, f.evidence, $4::uuid, $4::uuid
from jsonb_to_recordset($1::jsonb) as f (fingerprint text, subject text, evidence jsonb)
on conflict (fingerprint) do update
set
  severity = excluded.severity,
  last_run_id = coalesce(excluded.last_run_id, ingestion.findings.last_run_id),
  last_seen_at = now(),
  resolved_at = null
