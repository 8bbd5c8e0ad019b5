-- Writes beside each finding of a check the acceptance in force, or none.
-- $1 name of the check, $2 acceptances as JSON.
update ingestion.findings f
set
  accepted_by = a.accepted_by,
  accepted_reason = a.reason,
  accepted_until_date = a.expires_on
from ingestion.findings g
left join jsonb_to_recordset($2::jsonb)
  as a (fingerprint text, accepted_by text, reason text, expires_on date) using (fingerprint)
where f.finding_id = g.finding_id
  and f.check_name = $1
  and (f.accepted_by, f.accepted_reason, f.accepted_until_date)
    is distinct from (a.accepted_by, a.reason, a.expires_on)
